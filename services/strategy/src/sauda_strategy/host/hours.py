"""The trading day of one strategy: which it is, whether it trades, and what is due when. All of it follows market time."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, time, timedelta
from typing import Final, TypeAlias

import msgspec

from sauda.calendar import Session
from sauda.clock import UnixNs, from_ist, ist_date
from sauda.errors import ConfigError
from sauda.state import State

Sessions: TypeAlias = Callable[[str, date], Session | None]
"""The hours of an exchange on a day; None: it is closed all day."""

EXIT: Final = "exit"
"""Stands among the times that have come when `exit_time` has."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """How far one day has come."""

    day: str
    """`YYYY-MM-DD`, in India."""
    opened_ns: UnixNs
    """The first market time seen that day."""
    over: bool = False
    """Nothing new is opened any more this day: somebody squared off."""
    come: tuple[str, ...] = ()
    """Times that have come, `09:20:00`, or were let pass."""


class Hours:
    """Answers what is due."""

    def __init__(self, state: State, sessions: Sessions) -> None:
        self._rows = state.table("day", Day)
        """`today` -> how far today has come"""
        self._sessions = sessions
        self._exchanges: list[str] = []
        self.midnight_ns: UnixNs = 0
        self.close_ns: UnixNs = 0
        """When the last of our exchanges closes; 0 on a holiday."""

    @property
    def today(self) -> Day | None:
        """Return how far today has come; None before the first market time."""
        return self._rows.get("today")

    def restored(self, exchanges: Collection[str]) -> None:
        """Work out the hours of the day that we are in, which are those of *exchanges*."""
        self._exchanges = list(exchanges)
        today = self.today
        self.midnight_ns = self.close_ns = 0
        if today is not None:
            day = date.fromisoformat(today.day)
            self.midnight_ns = from_ist(day + timedelta(days=1), time())
            self.close_ns = max((one.close_ns for one in map(self._of(day), exchanges) if one), default=0)

    def begin(self, now_ns: UnixNs) -> date:
        """Begin the day of *now_ns*."""
        day = ist_date(now_ns)
        self._rows.put("today", Day(day=day.isoformat(), opened_ns=now_ns))
        self.restored(self._exchanges)
        return day

    def change(self, **changes: object) -> None:
        """Write down how far today has come."""
        today = self._rows["today"]
        new = msgspec.structs.replace(today, **changes)
        if new != today:
            self._rows.put("today", new)

    def at(self, clock: time) -> UnixNs:
        """Return the instant of *clock* today."""
        return self.midnight_ns - _DAY_NS + _since_midnight_ns(clock)

    def is_open(self, exchange: str, now_ns: UnixNs) -> bool:
        """Return whether *exchange* trades at that instant of today."""
        today = self.today
        session = self._of(date.fromisoformat(today.day))(exchange) if today else None
        return session is not None and session.contains(now_ns)

    def due(self, times: Iterable[time], past_ns: UnixNs) -> list[time]:
        """Return which of *times* have come and call for something; each once a day.

        One that had passed before the day's first message comes at once while the session is still on, and not
        at all after it. On a day without a session none comes.
        """
        today = self._rows["today"]
        new = [one for one in sorted(times) if self.at(one) <= past_ns and str(one) not in today.come]
        self.change(come=(*today.come, *map(str, new)))
        return [one for one in new if self.close_ns and self._in_time(today, one, past_ns)]

    def waiting(self, times: Iterable[time]) -> list[UnixNs]:
        """Return the instants of those of *times* that are still to come today."""
        today = self.today
        return [] if today is None else [self.at(one) for one in times if str(one) not in today.come]

    def trading_days_to(self, exchange: str, last: date) -> int:
        """Return how many trading days follow today up to and with *last*."""
        today = self.today
        if today is None:
            return 0
        first = date.fromisoformat(today.day)
        days = (first + timedelta(days=one) for one in range(1, (last - first).days + 1))
        return sum(self._of(day)(exchange) is not None for day in days)

    def _in_time(self, today: Day, one: time, past_ns: UnixNs) -> bool:
        return today.opened_ns <= self.at(one) or past_ns < self.close_ns

    def _of(self, day: date) -> Callable[[str], Session | None]:
        def hours(exchange: str) -> Session | None:
            try:
                return self._sessions(exchange, day)
            except ConfigError:
                return (
                    None  # An exchange or a year that the calendar does not know: closed, so nothing is done.
                )

        return hours


_DAY_NS: Final = 86_400_000_000_000


def _since_midnight_ns(clock: time) -> int:
    seconds = (clock.hour * 60 + clock.minute) * 60 + clock.second
    return seconds * 1_000_000_000 + clock.microsecond * 1000
