"""What a soak found, as lines for people and as figures. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final

from benchmarks.figures import Figure
from benchmarks.resident import MB, Readings
from benchmarks.slope import GROWS, Slope, slope
from benchmarks.soak_desk import EVERY_S, KEEP_S, ORDER_S, Facts

ALLOWED_MB: Final = 2.0
"""An hour: 13 MB in a trading day."""
SHORTEST_MIN: Final = 15
"""Minutes; a service that has just started still fills its caches, which looks like growth."""
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Soak:
    """What came of it."""

    minutes: float
    rate: int
    facts: Facts
    slopes: Mapping[str, Slope]
    grown: Mapping[str, int]
    """Bytes by which each key of the desk has grown after the warm-up."""
    problems: tuple[str, ...]
    """Why the run does not count."""

    @property
    def growing(self) -> list[str]:
        """Return what surely grows too fast; nothing of a run that is too short to say so."""
        if self.minutes < SHORTEST_MIN:
            return []
        return [name for name, one in self.slopes.items() if one.verdict(ALLOWED_MB * MB) == GROWS]

    @property
    def figures(self) -> list[Figure]:
        """Return level and slope of each."""
        condition = f"{self.minutes:g} minutes, {self.rate:,} ticks/s, an order every {ORDER_S} s, archived every {EVERY_S} s, kept {KEEP_S} s"
        told = []
        for name, one in self.slopes.items():
            told.append(Figure(f"{name}: resident", one.level / MB, "MB", condition, less_is_better=True))
            if isfinite(one.error):
                text = f"± {one.error / MB:.2f} (95 %): {one.verdict(ALLOWED_MB * MB)}; peak {one.peak / MB:+.2f} MB"
                told.append(Figure(f"{name}: slope", one.per_hour / MB, "MB/hour", text, less_is_better=True))
        return told


def slopes_of(readings: Readings, warm_s: float) -> dict[str, Slope]:
    """Return the line through the readings of each after the warm-up."""
    found = {}
    for name in readings.of:
        later = readings.since(name, warm_s)
        if later:
            # Three times the archive's cycle where the run is long enough: its saw teeth must not look like a slope.
            window_s = min(3.0 * EVERY_S, (later[-1][0] - later[0][0]) / 12)
            found[name] = slope(later, max(1.0, window_s))
    return found


def lines(soak: Soak) -> Iterator[str]:
    """Yield the report."""
    facts = soak.facts
    yield (
        f"{facts.ticks:,} ticks in {soak.minutes:g} minutes ({facts.on_redis:,} on Redis at the end), "
        f"{facts.orders:,} orders, {facts.fills:,} reports"
    )
    yield f"{'':<24}{'MB':>8}{'MB/hour':>10}{'±':>8}{'rise':>8}{'peak':>8}"
    for name, one in soak.slopes.items():
        yield (
            f"{name:<24}{one.level / MB:8.1f}{one.per_hour / MB:10.2f}{one.error / MB:8.2f}{one.rise / MB:8.2f}"
            f"{one.peak / MB:8.2f}   {one.verdict(ALLOWED_MB * MB)}"
        )
    yield "rise, peak: middle and highest of the last third over those of the first third, after the warm-up"
    most = sorted(soak.grown.items(), key=lambda one: -one[1])[:_SHOWN]
    yield "keys of Redis that grew most after the warm-up: " + ", ".join(
        f"{key} {size / MB:+.2f} MB" for key, size in most if size > 0
    )
    for problem in soak.problems:
        yield f"DOES NOT COUNT: {problem}"
    if soak.minutes < SHORTEST_MIN:
        yield f"a run to try: below {SHORTEST_MIN} minutes nothing is said to grow"
    if soak.growing:
        yield f"GROWS by more than {ALLOWED_MB:g} MB an hour: {', '.join(soak.growing)}"
