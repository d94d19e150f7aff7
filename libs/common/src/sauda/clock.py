"""Time is UTC nanoseconds in an int; IST appears only at the edges (calendar, screen, log line).

This is the only module that reads the machine's clock. Whoever needs "now" is handed a Clock.
Nanoseconds since 1970 exceed 2**53: a browser must get milliseconds or text.
"""

import time
from datetime import date, datetime, timedelta, timezone
from datetime import time as time_of_day
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

UnixNs: TypeAlias = int
"""An instant: nanoseconds since 1970-01-01 UTC."""

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
IST = timezone(timedelta(hours=5, minutes=30), "IST")
"""India has one time zone and no summer time, so a fixed offset is exact."""

_IST_AHEAD_NS: Final = 19_800 * NS_PER_S
_NS_PER_DAY: Final = 86_400 * NS_PER_S
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now_ns(self) -> UnixNs:
        """Return the present instant."""

    def sleep(self, seconds: float) -> None:
        """Let *seconds* of this clock pass."""


class SystemClock:
    """The machine's own clock."""

    def now_ns(self) -> UnixNs:
        """Return wall time; it can step when the machine's clock is set."""
        return time.time_ns()

    def sleep(self, seconds: float) -> None:
        """Block the thread for *seconds*."""
        time.sleep(seconds)


class ManualClock:
    """A clock that stands still until told: for tests and for the log in memory."""

    def __init__(self, now_ns: UnixNs = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> UnixNs:
        """Return the time it was last set to."""
        return self._now_ns

    def sleep(self, seconds: float) -> None:
        """Jump ahead by *seconds*."""
        self._now_ns += round(seconds * NS_PER_S)

    def advance_to(self, now_ns: UnixNs) -> None:
        """Move to *now_ns*; an earlier instant leaves the clock where it is."""
        self._now_ns = max(self._now_ns, now_ns)


def monotonic_s() -> float:
    """Return seconds on a clock that never steps back: for timeouts and backoff only."""
    return time.monotonic()


def wall_ms() -> int:
    """Return wall time as entry ids count it, in milliseconds: for measuring only, the clocks of two hosts may differ."""
    return time.time_ns() // NS_PER_MS


def to_ist(instant_ns: UnixNs) -> datetime:
    """Return *instant_ns* as IST wall time, cut to microseconds (datetime holds no more)."""
    seconds, rest_ns = divmod(instant_ns, NS_PER_S)
    return datetime.fromtimestamp(seconds, IST) + timedelta(microseconds=rest_ns // 1000)


def ist_date(instant_ns: UnixNs) -> date:
    """Return the date in India at *instant_ns*."""
    return _ist_day((instant_ns + _IST_AHEAD_NS) // _NS_PER_DAY)


@lru_cache(maxsize=1024)
def _ist_day(number: int) -> date:
    """Return the date that is *number* days after 1970-01-01: asked many times for one order, always the same."""
    return date.fromordinal(_FIRST_DAY + number)


def from_ist(day: date, at: time_of_day) -> UnixNs:
    """Return the instant at which clocks in India show *at* on *day*."""
    moment = datetime.combine(day, at, tzinfo=IST)
    # Whole seconds first: the float of a timestamp holds a second exactly, its fraction only nearly.
    return round(moment.replace(microsecond=0).timestamp()) * NS_PER_S + moment.microsecond * 1000


def clock_text(instant_ns: UnixNs) -> str:
    """Print an instant for people: `2026-11-23 09:20:00.250` IST."""
    return to_ist(instant_ns).isoformat(sep=" ", timespec="milliseconds").removesuffix("+05:30")
