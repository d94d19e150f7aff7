"""Means of the newest values: simple, exponential, and Wilder's."""

from collections import deque
from collections.abc import Iterable, Mapping
from math import fsum
from typing import Any, Final

from sauda.errors import ConfigError
from sauda_strategy.indicators.study import Number, Study, is_number, length_of

_EXACT: Final = 2**53
"""Whole numbers below it are floats without loss."""


class SMA(Study):
    """The mean of the newest *length* values."""

    __slots__ = ("_total",)
    """Derived, so it is not kept: the sum of the newest values while all of them are whole; None: they are not."""

    def __init__(self, length: int) -> None:
        self.length = length_of("SMA", length)
        self.value: float | None = None
        self._newest: deque[Number] = deque(maxlen=length)
        self._total: int | None = 0

    def thaw(self, kept: Mapping[str, Any]) -> None:
        """Take back what `freeze` returned."""
        super().thaw(kept)
        self._total = _whole_sum(self._newest)

    def add(self, value: Number | None) -> None:
        """Take the next value."""
        # Written out, without a call: this runs for every bar, and its value is whole paise.
        newest, total = self._newest, self._total
        if total is None or type(value) is not int or not -_EXACT < value < _EXACT:
            self._add_any(value)
            return
        if len(newest) == self.length:
            total -= newest[0]  # whole, as all of them are
        newest.append(value)
        self._total = total = total + value
        if len(newest) == self.length:
            # A running sum of whole numbers is exact. One of floats would drift for ever: they are summed anew and rounded once,
            # to the same mean.
            self.value = float(total) / self.length

    def _add_any(self, value: Number | None) -> None:
        if not is_number(value):
            return
        self._newest.append(value)
        self._total = None
        if len(self._newest) == self.length:
            self.value = fsum(self._newest) / self.length


def _whole_sum(values: Iterable[Number]) -> int | None:
    """Return the exact sum of whole numbers that a float holds exactly; None if one of them is another."""
    numbers = list(values)
    is_exact = all(type(one) is int and -_EXACT < one < _EXACT for one in numbers)
    return int(sum(numbers)) if is_exact else None


class EMA(Study):
    """The exponential mean: the newest value weighs 2 / (length + 1).

    Its first value is the mean of the first *length* values (`seed="mean"`, as TA-Lib and talipp have it) or, with
    `seed="first"`, it follows from the very first one (as pandas' `ewm(adjust=False)`); both show None until *length* were seen.
    """

    def __init__(self, length: int, seed: str = "mean") -> None:
        if seed not in ("mean", "first"):
            raise ConfigError(f'EMA: seed is "mean" or "first", not {seed!r}')
        self.length = length_of("EMA", length)
        self.value: float | None = None
        self._weight = 2.0 / (length + 1.0)
        self._rest = 1.0 - self._weight
        self._by_mean = seed == "mean"
        self._early: list[Number] = []
        """The values seen while there is no mean."""

    def add(self, value: Number | None) -> None:
        """Take the next value."""
        # Written out, without a call: this runs on every tick.
        if value is None or value - value != 0:
            return
        mean = self.value
        if mean is None:
            self._begin(value)
        else:
            self.value = self._weight * value + self._rest * mean

    def _begin(self, value: Number) -> None:
        self._early.append(value)
        if len(self._early) < self.length:
            return
        mean = fsum(self._early) / self.length
        if not self._by_mean:
            mean = float(self._early[0])
            for one in self._early[1:]:
                mean = self._weight * one + self._rest * mean
        self.value = mean
        self._early = []


class Wilder(Study):
    """Wilder's mean: the newest value weighs 1 / length; its first value is the mean of the first *length* values.

    J. Welles Wilder, New Concepts in Technical Trading Systems, 1978.
    """

    def __init__(self, length: int) -> None:
        self.length = length_of("Wilder", length)
        self.value: float | None = None
        self._early: list[Number] = []

    def add(self, value: Number | None) -> None:
        """Take the next value."""
        if not is_number(value):
            return
        if self.value is not None:
            self.value = (self.value * (self.length - 1) + value) / self.length
            return
        self._early.append(value)
        if len(self._early) == self.length:
            self.value = fsum(self._early) / self.length
            self._early = []
