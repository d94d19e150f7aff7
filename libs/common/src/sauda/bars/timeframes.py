"""The intervals of a session: counted from its opening, the last one cut short by its close.

An hour of the NSE starts at 09:15, one of the MCX at 09:00, one of the NSE of 2009 at 09:55. A session in parts has one
count from its first opening, so an interval may reach into the break; a day is the whole session.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple, Protocol

from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.errors import ConfigError

_IST_NS: Final = 19_800 * NS_PER_S
DAY_NS: Final = 86_400 * NS_PER_S
OPENING_NS: Final = NS_PER_S
"""Whoever hears of the market within the first second of a session has seen it from its opening: stamps are whole seconds."""
MINUTE: Final = "1m"
DAY: Final = "1d"
TIMEFRAMES: Final = ("1m", "3m", "5m", "10m", "15m", "30m", "1h", "1d")
"""All that there are, the shortest first."""
_MINUTES: Final = dict(zip(TIMEFRAMES, (1, 3, 5, 10, 15, 30, 60, 1440), strict=True))
_LONGEST_HOLE_DAYS: Final = 40
"""No exchange is closed for so long: in a hole that lasts longer something was missed."""


class Hours(Protocol):
    """When an exchange trades on one day; `sauda.calendar.Session` is one."""

    @property
    def open_ns(self) -> UnixNs:
        """Return its first instant."""

    @property
    def close_ns(self) -> UnixNs:
        """Return the first instant after it."""

    @property
    def parts(self) -> Sequence[tuple[UnixNs, UnixNs]]:
        """Return (opens, closes) of each part; usually one."""

    def contains(self, instant_ns: UnixNs) -> bool:
        """Is there trading at that instant?"""


class Interval(NamedTuple):
    """One interval of a session."""

    start_ns: UnixNs
    end_ns: UnixNs
    """The first instant that is not in it."""


def length_ns(timeframe: str) -> int:
    """Return how long a bar lasts, at the most.

    Raises:
        ConfigError: there is no such timeframe.
    """
    minutes = _MINUTES.get(timeframe)
    if minutes is None:
        raise ConfigError(f"timeframe {timeframe!r}: take one of {', '.join(TIMEFRAMES)}")
    return minutes * 60 * NS_PER_S


def midnight_after(instant_ns: UnixNs) -> UnixNs:
    """Return the first instant of the next day in India."""
    return ((instant_ns + _IST_NS) // DAY_NS + 1) * DAY_NS - _IST_NS


class Grid:
    """The intervals of all exchanges."""

    def __init__(self, sessions: Callable[[str, date], Hours | None]) -> None:
        """Take what tells an exchange's hours on a day, None if it is closed; `Calendar.session` does."""
        self._sessions = sessions
        self._known: dict[tuple[str, int], Hours | None] = {}

    def hours(self, exchange: str, instant_ns: UnixNs) -> Hours | None:
        """Return the session of the day of *instant_ns*."""
        key = (exchange, (instant_ns + _IST_NS) // DAY_NS)
        try:
            return self._known[key]
        except KeyError:
            found = self._known[key] = self._sessions(exchange, ist_date(instant_ns))
            return found

    def at(self, exchange: str, length: int, instant_ns: UnixNs) -> Interval | None:
        """Return the interval that *instant_ns* is in, or None outside the session (its break is inside)."""
        hours = self.hours(exchange, instant_ns)
        if hours is None or not hours.open_ns <= instant_ns < hours.close_ns:
            return None
        start_ns = instant_ns - (instant_ns - hours.open_ns) % length
        return Interval(start_ns, min(start_ns + length, hours.close_ns))

    def starting(self, exchange: str, length: int, start_ns: UnixNs) -> Interval | None:
        """Return the interval that starts at *start_ns*, or None; of a day any instant of its date will do."""
        if length == DAY_NS:
            hours = self.hours(exchange, start_ns)
            return Interval(hours.open_ns, hours.close_ns) if hours else None
        found = self.at(exchange, length, start_ns)
        return found if found and found.start_ns == start_ns else None

    def trades_between(self, exchange: str, from_ns: UnixNs, to_ns: UnixNs) -> bool:
        """Is there any session between the two instants?"""
        if to_ns - from_ns > _LONGEST_HOLE_DAYS * DAY_NS:
            return True
        instant_ns = from_ns
        while instant_ns < to_ns:
            hours = self.hours(exchange, instant_ns)
            if hours and hours.open_ns < to_ns and hours.close_ns > from_ns:
                return True
            instant_ns = midnight_after(instant_ns)
        return False
