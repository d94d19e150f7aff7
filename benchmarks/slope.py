"""How fast a measured amount grows, and how sure that is: a straight line through the medians of windows of time. Pure.

Memory is read every second, and one reading says little of the next but its own error: neighbours are alike. So the error of the slope is
widened by what neighbouring windows have in common (an autoregression of the first order), and with few windows left it is wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from statistics import fmean, median
from typing import Final

HOUR_S: Final = 3600.0
_FEWEST: Final = 6
"""Windows; a line through fewer says nothing."""

FLAT, GROWS, UNTOLD = "flat", "GROWS", "cannot tell"


@dataclass(frozen=True, slots=True)
class Slope:
    """A straight line through readings."""

    level: float
    """The middle of all readings, in their unit."""
    per_hour: float
    error: float
    """With 95 % likelihood the truth lies within `per_hour` ± so much; infinite where there is too little to tell."""
    rise: float
    """The median of the last third over that of the first third."""
    peak: float
    """The highest of the last third over the highest of the first: what counts where memory goes up and down, as with files."""

    def verdict(self, allowed: float) -> str:
        """Return `flat` if it surely grows by no more than *allowed* an hour, `GROWS` if it surely grows by more."""
        if self.per_hour + self.error <= allowed:
            return FLAT
        return GROWS if self.per_hour - self.error > allowed else UNTOLD


def slope(readings: Sequence[tuple[float, float]], window_s: float) -> Slope:
    """Fit a line.

    Args:
        readings: (seconds, amount), in the order of time.
        window_s: Readings of so many seconds become one, their median; longer than any cycle in them.

    Raises:
        ValueError: there are no readings.
    """
    if not readings:
        raise ValueError("no readings: nothing was sampled after the warm-up")
    points = _windows(readings, window_s)
    amounts = [amount for _, amount in readings]
    third = max(1, len(amounts) // 3)
    first, last = amounts[:third], amounts[-third:]
    rise, peak = median(last) - median(first), max(last) - max(first)
    per_hour, error = _fitted(points) if len(points) >= _FEWEST else (rise, inf)
    return Slope(median(amounts), per_hour, error, rise, peak)


def _windows(readings: Sequence[tuple[float, float]], window_s: float) -> list[tuple[float, float]]:
    """Return (middle in hours, median) of each full window."""
    began = readings[0][0]
    heard: dict[int, list[float]] = {}
    for at, amount in readings:
        heard.setdefault(int((at - began) / window_s), []).append(amount)
    last = max(heard)
    whole = {at: found for at, found in heard.items() if at < last or len(heard) == 1}
    return [((at + 0.5) * window_s / HOUR_S, median(found)) for at, found in whole.items()]


def _fitted(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return slope and its error by least squares, the error for readings of which each depends on the one before."""
    count = len(points)
    middle, height = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    per_hour = sum((x - middle) * (y - height) for x, y in points) / spread
    off = [y - height - per_hour * (x - middle) for x, y in points]
    scatter = sum(one * one for one in off)
    if not scatter:
        return per_hour, 0.0
    alike = sum(one * after for one, after in pairwise(off)) / scatter
    alike = min(0.95, max(0.0, alike))
    free = max(1.0, count * (1 - alike) / (1 + alike) - 2)
    return per_hour, _student(free) * sqrt(scatter / free / spread)


def _student(free: float) -> float:
    """Return about the 97.5 % point of Student's t: within 3 % from two degrees of freedom on, more than it below.

    Source: Cornish-Fisher's expansion, Abramowitz and Stegun 26.7.5, first three terms beyond the normal's 1.96.
    """
    z = 1.96
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return max(z + first / free + second / free**2 + third / free**3, 12.7 if free < 2 else 0.0)
