"""Filling the store: which sessions are still missing, piece by piece, and what came of them.

Each piece is kept as soon as it is there, so whoever is interrupted goes on where it stopped.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final, NamedTuple

import msgspec

from sauda.calendar import Calendar
from sauda.clock import UnixNs, ist_date
from sauda.contracts import InstrumentId, PastBar
from sauda.history.knowers import Day, Wanted, certain
from sauda.history.spans import Span, holds
from sauda.history.store import HistoryStore
from sauda.history.timeframes import complete, count_in, end_of

_MOST_BARS: Final = 1_875
"""Bars in a piece: five sessions of minutes."""
_MOST_DAYS: Final = 30


class Task(NamedTuple):
    """What is to be filled."""

    instrument: InstrumentId
    timeframe: str
    first: date
    last: date
    now_ns: UnixNs
    """The market's time: what ends later is no bar yet."""


class Missing(msgspec.Struct, frozen=True):
    """Sessions in a row of which nothing is known, for one reason."""

    first: date
    last: date
    sessions: int
    why: str


class Outcome(msgspec.Struct, frozen=True):
    """What is in the store now of what was asked for."""

    instrument: InstrumentId
    timeframe: str
    market: str
    sessions: int
    bars: int
    """In the store, of these sessions."""
    had: int
    """Those that were there before."""
    missing: list[Missing]


class Backfill:
    """One task, worked off piece by piece."""

    def __init__(self, task: Task, store: HistoryStore, calendar: Calendar) -> None:
        """Look which sessions are whole.

        Raises:
            ConfigError: the exchange is not known.
            ContractError: there are no such bars.
            HistoryStoreError, DamagedHistoryError: the store cannot be read.
        """
        self.task = task
        self._store = store
        self.days = list(_days(task, calendar))
        self._had = self._count()
        looked = store.looked(task.instrument, task.timeframe, self._span)
        self.missing = [day for day in self.days if not holds(looked, day.span)]
        """Sessions still to be asked for."""
        self._whys: dict[UnixNs, str] = {}

    def all_at_once(self) -> Iterator[Wanted]:
        """Yield what is missing as one piece: of a file, which is read whole each time."""
        if self.missing:
            yield self._wanted(self.missing)

    def pieces(self) -> Iterator[Wanted]:
        """Yield what is missing, oldest first, in pieces of some sessions."""
        piece: list[Day] = []
        for day in self.missing:
            bars = sum(count_in(one.span, self.task.timeframe) for one in (*piece, day))
            if piece and (bars > _MOST_BARS or len(piece) >= _MOST_DAYS):
                yield self._wanted(piece)
                piece = []
            piece.append(day)
        if piece:
            yield self._wanted(piece)

    def keep(self, wanted: Wanted, bars: Sequence[PastBar], *, whole: bool, why: str | None) -> None:
        """Put what came into the store.

        Args:
            wanted: The piece that was asked for.
            bars: What came.
            whole: Whether a session with bars has all that there are; else it has those from the first to the last.
            why: Why it may be less than there is.

        Raises:
            HistoryStoreError: it cannot be written; what was kept before is.
            DamagedHistoryError: what is there cannot be read.
        """
        looked: list[Span] = []
        kept: list[PastBar] = []
        for day in wanted.days:
            inside = [bar for bar in bars if day.span.from_ns <= bar.start_ns < day.span.to_ns]
            if inside:
                kept += inside
                looked.append(self._known(day, inside, whole=whole))
            else:
                self._whys[day.span.from_ns] = why or "there are no bars"
        if kept:
            self._store.add(wanted.instrument, wanted.timeframe, kept, looked)

    def outcome(self) -> Outcome:
        """Return what is in the store now."""
        task = self.task
        found = self._store.read(task.instrument, task.timeframe, self._span) if self.days else []
        starts = [bar.start_ns for bar in found]
        return Outcome(
            task.instrument,
            task.timeframe,
            self._store.market,
            len(self.days),
            len(found),
            self._had,
            self._stretches(frozenset(ist_date(start) for start in starts)),
        )

    def _stretches(self, present: frozenset[date]) -> list[Missing]:
        """Return the sessions without bars, those in a row together."""
        found: list[Missing] = []
        for (there, why), days in groupby(self.days, key=lambda day: self._fate(day, present)):
            dates = [ist_date(day.session.open_ns) for day in days]
            if not there:
                found.append(Missing(dates[0], dates[-1], len(dates), why))
        return found

    def _fate(self, day: Day, present: frozenset[date]) -> tuple[bool, str]:
        if ist_date(day.session.open_ns) in present:
            return True, ""
        return False, self._whys.get(day.span.from_ns, "they were not asked for")

    def _known(self, day: Day, bars: Sequence[PastBar], *, whole: bool) -> Span:
        task = self.task
        if whole:
            return certain(day, bars, task.timeframe, task.now_ns)
        return Span(bars[0].start_ns, end_of(bars[-1].start_ns, task.timeframe, day.session))

    def _wanted(self, days: Sequence[Day]) -> Wanted:
        return Wanted(self.task.instrument, self.task.timeframe, tuple(days), self.task.now_ns)

    def _count(self) -> int:
        return (
            len(self._store.read(self.task.instrument, self.task.timeframe, self._span)) if self.days else 0
        )

    @property
    def _span(self) -> Span:
        return Span(self.days[0].span.from_ns, self.days[-1].span.to_ns) if self.days else Span(0, 0)


def _days(task: Task, calendar: Calendar) -> Iterator[Day]:
    exchange = task.instrument.partition(":")[0]
    at = task.first
    while at <= min(task.last, ist_date(task.now_ns)):
        session = calendar.session(exchange, at)
        span = complete(session, task.timeframe, task.now_ns) if session else Span(0, 0)
        if session is not None and span.to_ns > span.from_ns:
            yield Day(session, span)
        at += timedelta(days=1)
