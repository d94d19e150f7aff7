"""Which way the price goes, and how surely: Supertrend and ADX."""

from typing import NamedTuple

from sauda.contracts import Bar
from sauda.errors import ConfigError
from sauda.money import Paise
from sauda_strategy.indicators.averages import Wilder
from sauda_strategy.indicators.ranges import ATR, true_range
from sauda_strategy.indicators.study import Study, is_number, length_of


class Trend(NamedTuple):
    """What the Supertrend shows."""

    level: float
    """Where the trend would turn, paise: below the price in a rise, above it in a fall."""
    rising: bool


class Supertrend(Study):
    """A band of *factor* average true ranges around the middle of the bar that only moves towards the price.

    The trend turns when a close goes beyond the band; it begins as a fall, with the first bar that has an ATR.
    """

    def __init__(self, length: int = 10, factor: float = 3.0) -> None:
        if not is_number(factor) or factor <= 0:
            raise ConfigError(f"Supertrend: factor must be above 0, not {factor!r}")
        self.factor = factor
        self._range = ATR(length_of("Supertrend", length))
        self._close: Paise | None = None
        self._lower: float | None = None
        self._upper: float | None = None
        self._rising = False

    def update(self, bar: Bar) -> None:
        """Take the next bar."""
        before = self._close
        self._close = bar.close
        self._range.update(bar)
        if self._range.value is None:
            return
        middle = (bar.high + bar.low) / 2
        swing = self.factor * self._range.value
        lower, upper = middle - swing, middle + swing
        if before is not None and self._lower is not None and self._upper is not None:
            # A band gives way only when the price has left it behind.
            lower = max(lower, self._lower) if before >= self._lower else lower
            upper = min(upper, self._upper) if before <= self._upper else upper
            self._rising = bar.close >= lower if self._rising else bar.close > upper
        self._lower, self._upper = lower, upper

    @property
    def value(self) -> Trend | None:
        """Return the band that counts."""
        if self._lower is None or self._upper is None:
            return None
        return Trend(self._lower if self._rising else self._upper, self._rising)


class Direction(NamedTuple):
    """What the ADX shows, each 0 to 100."""

    adx: float
    """How surely the price goes anywhere."""
    plus: float
    """How much of its range was new highs."""
    minus: float
    """How much was new lows."""


class ADX(Study):
    """Wilder's average directional index over *length* bars.

    The first movement is that from bar 1 to bar 2, so ranges are counted from bar 2 too; the value comes with bar 2 x *length*.
    Where there was no range there was no movement: 0.
    """

    def __init__(self, length: int = 14) -> None:
        length_of("ADX", length)
        self._range = Wilder(length)
        self._ups = Wilder(length)
        self._downs = Wilder(length)
        self._mean = Wilder(length)
        self._before: tuple[Paise, Paise, Paise] | None = None
        """High, low and close of the bar before."""

    def update(self, bar: Bar) -> None:
        """Take the next bar."""
        before, self._before = self._before, (bar.high, bar.low, bar.close)
        if before is None:
            return
        high, low, close = before
        up, down = bar.high - high, low - bar.low
        self._ups.add(up if up > down and up > 0 else 0)
        self._downs.add(down if down > up and down > 0 else 0)
        self._range.add(true_range(bar, close))
        moved = self._moved
        if moved is not None:
            plus, minus = moved
            self._mean.add(100.0 * abs(plus - minus) / (plus + minus) if plus + minus else 0.0)

    @property
    def value(self) -> Direction | None:
        """Return the three indices."""
        moved = self._moved
        return None if moved is None or self._mean.value is None else Direction(self._mean.value, *moved)

    @property
    def _moved(self) -> tuple[float, float] | None:
        ups, downs, swing = self._ups.value, self._downs.value, self._range.value
        if ups is None or downs is None or swing is None:
            return None
        return (100.0 * ups / swing, 100.0 * downs / swing) if swing else (0.0, 0.0)
