"""Bars of the past for a chart: from the local store and the desk's own record (archive and stream), joined; nobody else is asked.

Who names a beginning is answered page by page, whole sessions at a time: what one question costs does not grow with what is kept.
"""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Final, NamedTuple

import msgspec

from sauda.bars.timeframes import DAY, MINUTE
from sauda.calendar import Calendar
from sauda.clock import UnixNs, from_ist, ist_date
from sauda.codec import decode
from sauda.contracts import Bar, HistoryRequest, InstrumentId, PastBar
from sauda.errors import ConfigError, SaudaError
from sauda.history.archived import ArchivedPast
from sauda.history.finding import AT_ONCE, MOST_BARS, Finder
from sauda.history.markets import market_of
from sauda.history.spans import Span
from sauda.history.store import HistoryStore
from sauda.history.stored import StoredPast
from sauda.history.timeframes import MINUTES, complete, count_in, grown
from sauda.logs import Channel, logger
from sauda.record import Record
from sauda.settings import Settings

RECORDED: Final = frozenset({"1m", "5m", "15m", "1h", DAY})
"""What the desk writes itself (services/bars); others are made of its minutes."""
_LEAST, _MOST = 375 * AT_ONCE, MOST_BARS // 2
"""Bars that the sessions of a page may hold, or the minutes of which longer ones are made: at least what is asked for at once."""
MOST_SESSIONS: Final = 100
"""In one page; they are asked for in groups, and each looks through the record."""
_BY: Final = "gateway"
_PROGRESS: Final = b"feed/progress"


class Asked(NamedTuple):
    """A question about bars."""

    instrument: InstrumentId
    timeframe: str
    from_ns: UnixNs | None
    """None: as many as `most`, back from `to_ns`."""
    to_ns: UnixNs
    now_ns: UnixNs
    """The market's time: what has not ended by then is not shown."""
    most: int


class Known(NamedTuple):
    """The answer."""

    bars: list[PastBar]
    """Oldest first."""
    sources: list[str]
    problems: list[str]
    """Why there are none, or fewer than asked for."""
    rest_ns: UnixNs | None = None
    """Where the next page begins; None: this goes to the end."""


class _Progress(msgspec.Struct):
    source: str = ""


class PastBars:
    """Answers questions about one desk; each answer takes a thread a while."""

    def __init__(self, settings: Settings, calendar: Calendar, open_record: Callable[[], Record]) -> None:
        self._settings = settings
        self._calendar = calendar
        self._open_record = open_record

    def find(self, asked: Asked) -> Known:
        """Return what is known.

        Raises:
            SaudaError: Redis, the archive or the store cannot be read.
        """
        is_recorded = asked.timeframe in RECORDED
        shorter = asked.timeframe if is_recorded else MINUTE
        # One more of longer bars: the first minutes may be a part of one.
        count = asked.most if is_recorded else (asked.most + 1) * MINUTES[asked.timeframe]
        store = HistoryStore(self._settings.history, market_of(self._settings, self._source()))
        rest_ns = None
        if asked.from_ns is not None:
            first_ns = max(asked.from_ns, self._first(store, asked.instrument) or asked.to_ns)
            rest_ns = self._page_end(asked._replace(from_ns=first_ns, timeframe=shorter, most=count))
            asked = asked._replace(from_ns=first_ns, to_ns=rest_ns or asked.to_ns)
        request = HistoryRequest(
            f"{_BY}-{asked.instrument}-{shorter}-{asked.to_ns}",
            _BY,
            asked.instrument,
            shorter,
            asked.to_ns,
            asked.now_ns,
            from_ns=asked.from_ns,
            count=None if asked.from_ns is not None else count,
        )
        knowers = (StoredPast(store), ArchivedPast(self._open_record))
        answer = Finder(knowers, self._calendar, complain=_complain).find(request, asked.now_ns)
        bars = answer.bars if is_recorded else self._longer(asked, answer.bars)
        if asked.from_ns is None:
            bars = bars[-asked.most :]
        return Known(bars, answer.sources, answer.problems, rest_ns)

    def _first(self, store: HistoryStore, instrument: InstrumentId) -> UnixNs | None:
        """Return an instant before which no bar is known: nobody shall turn empty pages from 1970 on. None: there is none at all."""
        known = [store.first(instrument)]
        record = self._open_record()
        try:
            first = next((decode(entry.data) for entry in record.forwards("bars")), None)
            known += [from_ist(ist_date(first.start_ns), time())] if isinstance(first, Bar) else []
        except SaudaError:
            pass  # Who looks for the bars themselves says why.
        finally:
            record.close()
        return min((one for one in known if one is not None), default=None)

    def _page_end(self, asked: Asked) -> UnixNs | None:
        """Return the midnight behind the sessions that may hold as many bars as are asked for; None: all of them do not hold more."""
        exchange = asked.instrument.partition(":")[0]
        day, last = ist_date(asked.from_ns or 0), ist_date(asked.to_ns)
        room, sessions = min(max(asked.most, _LEAST), _MOST), 0
        while room > 0 and sessions < MOST_SESSIONS:
            if day > last:
                return None
            try:
                session = self._calendar.session(exchange, day)
            except ConfigError:
                session = None  # Nothing is known of its hours so early.
            if session is not None:
                whole, sessions = complete(session, asked.timeframe, asked.to_ns), sessions + 1
                begins_ns = max(whole.from_ns, asked.from_ns or 0)
                room -= count_in(Span(begins_ns, max(begins_ns, whole.to_ns)), asked.timeframe)
            day += timedelta(days=1)
        return from_ist(day, time()) if day <= last else None

    def _longer(self, asked: Asked, minutes: list[PastBar]) -> list[PastBar]:
        """Return bars made of *minutes*, session by session; one that had not ended, or begins too early, is left out."""
        exchange = asked.instrument.partition(":")[0]
        by_day: dict[UnixNs, list[PastBar]] = {}
        for bar in minutes:
            by_day.setdefault(ist_date(bar.start_ns).toordinal(), []).append(bar)
        found: list[PastBar] = []
        end_ns = min(asked.to_ns, asked.now_ns)
        length_ns = MINUTES[asked.timeframe] * 60_000_000_000
        for bars in by_day.values():
            session = self._calendar.session(exchange, ist_date(bars[0].start_ns))
            if session is None:
                continue
            # The last one of a session is cut short by its close.
            found += [
                bar
                for bar in grown(bars, asked.timeframe, session)
                if bar.start_ns >= (asked.from_ns or 0)
                and min(bar.start_ns + length_ns, session.close_ns) <= end_ns
            ]
        return found

    def _source(self) -> str | None:
        """Return what the desk is fed by; None: it has not said so."""
        record = self._open_record()
        try:
            row = record.state_of("feed").get(_PROGRESS)
        except SaudaError:
            return None
        finally:
            record.close()
        return msgspec.json.decode(row, type=_Progress).source or None if row else None


def _complain(event: str, why: str) -> None:
    logger(Channel.APP).warning(event, why=why)
