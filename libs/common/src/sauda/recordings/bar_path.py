"""A bar becomes four ticks.

The path inside a bar is not known, so one is assumed: a falling bar (close below open) went open, high, low,
close; any other went open, low, high, close. The open trades at the bar's stamp, the two extremes after one and two thirds of the
bar, the close in its last second: at 0, 20, 40 and 59 s of a minute.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Tick
from sauda.money import Paise
from sauda.stretch import Stretch

DEFAULT_LENGTH_NS: Final = 60 * NS_PER_S


def path(open_: Paise, high: Paise, low: Paise, close: Paise) -> tuple[Paise, Paise, Paise, Paise]:
    """Return the four prices in the order in which they are assumed to have traded."""
    if close < open_:
        return open_, high, low, close
    return open_, low, high, close


def moments(start_ns: UnixNs, length_ns: int) -> tuple[UnixNs, UnixNs, UnixNs, UnixNs]:
    """Return when the four prices of a bar trade that starts at *start_ns* and lasts *length_ns*."""
    third = length_ns // 3
    return start_ns, start_ns + third, start_ns + 2 * third, start_ns + length_ns - NS_PER_S


def is_in_order(length_ns: int) -> bool:
    """Return whether the four prices of a bar of that length trade one after the other: those of a second do not."""
    moment = moments(0, length_ns)
    return moment[0] < moment[1] < moment[2] < moment[3]


class WholeBar(msgspec.Struct, frozen=True, gc=False):
    """A bar that may be played as a whole: its first tick, and the other three in one piece."""

    first: Tick
    rest: Stretch
    second: Paise
    third: Paise
    length_ns: int
    second_ns: UnixNs
    """When the price behind the first trades."""

    @property
    def others(self) -> tuple[Tick, Tick, Tick]:
        """Return the ticks behind the first."""
        first, last = self.first, self.rest.last
        _, second_ns, third_ns, _ = moments(first.recv_ns, self.length_ns)
        name, volume = first.instrument, first.volume
        return (
            Tick(name, second_ns, second_ns, self.second, volume=volume),
            Tick(name, third_ns, third_ns, self.third, volume=volume),
            last,
        )


def as_ticks(bars: Iterable[WholeBar]) -> list[Tick]:
    """Return all ticks of *bars*, those of one bar together."""
    return [tick for bar in bars for tick in (bar.first, *bar.others)]
