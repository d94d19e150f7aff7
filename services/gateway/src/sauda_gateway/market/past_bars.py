"""Bars of the past for a chart: from the local store and the desk's own record (archive and stream), joined; nobody else is asked."""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from sauda.bars.timeframes import DAY, MINUTE
from sauda.calendar import Calendar
from sauda.clock import UnixNs, ist_date
from sauda.contracts import HistoryRequest, InstrumentId, PastBar
from sauda.errors import SaudaError
from sauda.history.archived import ArchivedPast
from sauda.history.finding import Finder
from sauda.history.markets import market_of
from sauda.history.store import HistoryStore
from sauda.history.stored import StoredPast
from sauda.history.timeframes import MINUTES, grown
from sauda.logs import Channel, logger
from sauda.record import Record
from sauda.settings import Settings

RECORDED: Final = frozenset({"1m", "5m", "15m", "1h", DAY})
"""What the desk writes itself (services/bars); others are made of its minutes."""
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
        count = asked.most * (1 if is_recorded else MINUTES[asked.timeframe])
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
        store = HistoryStore(self._settings.history, market_of(self._settings, self._source()))
        knowers = (StoredPast(store), ArchivedPast(self._open_record))
        answer = Finder(knowers, self._calendar, complain=_complain).find(request, asked.now_ns)
        bars = answer.bars if is_recorded else self._longer(asked, answer.bars)
        if asked.from_ns is None:
            bars = bars[-asked.most :]
        return Known(bars, answer.sources, answer.problems)

    def _longer(self, asked: Asked, minutes: list[PastBar]) -> list[PastBar]:
        """Return bars made of *minutes*, session by session; one that had not ended is left out."""
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
                if min(bar.start_ns + length_ns, session.close_ns) <= end_ns
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
