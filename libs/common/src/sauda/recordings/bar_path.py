"""A bar becomes four ticks.

The path inside a bar is not known, so one is assumed: a falling bar (close below open) went open, high, low,
close; any other went open, low, high, close. The open trades at the bar's stamp, the two extremes after one and two thirds of the
bar, the close in its last second: at 0, 20, 40 and 59 s of a minute.
"""

from typing import Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.money import Paise

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
