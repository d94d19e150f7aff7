"""How far the price swings: ATR, Bollinger bands, Supertrend, ADX."""

from collections import deque
from math import fsum, sqrt
from typing import NamedTuple

from sauda.contracts import Bar
from sauda.errors import ConfigError
from sauda.money import Paise
from sauda_strategy.indicators.averages import Wilder
from sauda_strategy.indicators.study import Number, Study, is_number, length_of


def true_range(bar: Bar, close_before: Paise | None) -> Paise:
    """Return how far the price went in *bar*, counted from the close before it (none: the bar alone)."""
    if close_before is None:
        return bar.high - bar.low
    return max(bar.high, close_before) - min(bar.low, close_before)


class ATR(Study):
    """Wilder's average true range, paise; the first bar's range is its high less its low."""

    def __init__(self, length: int = 14) -> None:
        self._mean = Wilder(length_of("ATR", length))
        self._close: Paise | None = None

    def update(self, bar: Bar) -> None:
        """Take the next bar."""
        self._mean.add(true_range(bar, self._close))
        self._close = bar.close

    @property
    def value(self) -> float | None:
        """Return the mean range."""
        return self._mean.value


class Bands(NamedTuple):
    """What Bollinger bands show, in the unit of the price."""

    lower: float
    middle: float
    upper: float


class Bollinger(Study):
    """The mean of the newest *length* values, and *width* standard deviations (of the population) to both sides."""

    def __init__(self, length: int = 20, width: float = 2.0) -> None:
        if not is_number(width) or width <= 0:
            raise ConfigError(f"Bollinger: width must be above 0, not {width!r}")
        self.length = length_of("Bollinger", length)
        self.width = width
        self._newest: deque[Number] = deque(maxlen=length)

    def add(self, value: Number | None) -> None:
        """Take the next value."""
        if is_number(value):
            self._newest.append(value)

    @property
    def value(self) -> Bands | None:
        """Return the bands."""
        if len(self._newest) < self.length:
            return None
        middle = fsum(self._newest) / self.length
        spread = self.width * sqrt(fsum((one - middle) ** 2 for one in self._newest) / self.length)
        return Bands(middle - spread, middle, middle + spread)
