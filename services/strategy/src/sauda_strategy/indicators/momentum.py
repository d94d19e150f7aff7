"""How fast the price moves: RSI, MACD, rate of change."""

from collections import deque
from typing import NamedTuple

from sauda.errors import ConfigError
from sauda_strategy.indicators.averages import EMA, Wilder
from sauda_strategy.indicators.study import Number, Study, is_number, length_of


class RSI(Study):
    """Wilder's relative strength index, 0 to 100: what rose as a share of what moved.

    The first value comes after *length* changes, thus with value *length* + 1. Where nothing fell it is 100, where nothing moved
    at all 50: a market that stands still is neither overbought nor oversold.
    """

    def __init__(self, length: int = 14) -> None:
        self.length = length_of("RSI", length)
        self.value: float | None = None
        self._before: Number | None = None
        self._gains = Wilder(length)
        self._losses = Wilder(length)

    def add(self, value: Number | None) -> None:
        """Take the next value."""
        if not is_number(value):
            return
        if self._before is not None:
            change = value - self._before
            self._gains.add(max(change, 0))
            self._losses.add(max(-change, 0))
        self._before = value
        gain, loss = self._gains.value, self._losses.value
        if gain is not None and loss is not None:
            self.value = 100.0 * gain / (gain + loss) if gain + loss else 50.0


class Macd(NamedTuple):
    """What the MACD shows, in the unit of the price."""

    line: float
    """Fast mean less slow mean."""
    signal: float
    """The mean of the line."""

    @property
    def histogram(self) -> float:
        """Return how far the line stands above its signal."""
        return self.line - self.signal


class MACD(Study):
    """Moving average convergence and divergence: two EMAs, and the EMA of their difference.

    Every EMA begins with the mean of its own first values; the value comes when the signal is known, thus with value
    *slow* + *signal* - 1.
    """

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        if length_of("MACD", fast, name="fast") >= length_of("MACD", slow, name="slow"):
            raise ConfigError(f"MACD: fast {fast} must be shorter than slow {slow}")
        self._fast = EMA(fast)
        self._slow = EMA(slow)
        self._signal = EMA(length_of("MACD", signal, name="signal"))

    def add(self, value: Number | None) -> None:
        """Take the next value."""
        if not is_number(value):
            return
        self._fast.add(value)
        self._slow.add(value)
        self._signal.add(self._line)

    @property
    def value(self) -> Macd | None:
        """Return the newest line and signal."""
        line, signal = self._line, self._signal.value
        return None if line is None or signal is None else Macd(line, signal)

    @property
    def _line(self) -> float | None:
        fast, slow = self._fast.value, self._slow.value
        return None if fast is None or slow is None else fast - slow


class ROC(Study):
    """The rate of change: by how many percent the newest value stands above the one *length* values ago."""

    def __init__(self, length: int) -> None:
        self.length = length_of("ROC", length)
        self.value: float | None = None
        self._newest: deque[Number] = deque(maxlen=length + 1)

    def add(self, value: Number | None) -> None:
        """Take the next value."""
        if not is_number(value):
            return
        self._newest.append(value)
        first = self._newest[0]
        if len(self._newest) > self.length and first:
            self.value = 100.0 * (value - first) / first
