"""What was before the present instant of a backtest: the data's own rows, and the bars of the local store. Never what comes."""

from collections.abc import Sequence

from sauda.backtest.data import MarketData
from sauda.calendar import Calendar
from sauda.clock import UnixNs
from sauda.contracts import HistoryReply, HistoryRequest
from sauda.history.finding import Finder
from sauda.history.knowers import Found, Knower, NotKnownError, Wanted
from sauda.history.markets import REAL
from sauda.history.replies import replies_of
from sauda.history.store import HistoryStore
from sauda.history.stored import StoredPast
from sauda.recordings.past import RecordedPast
from sauda.settings import Settings


class Past:
    """Answers a question as of an instant: from the files, those before `--from` too, then from the store."""

    def __init__(self, data: MarketData, settings: Settings, calendar: Calendar) -> None:
        knowers: list[Knower] = [PastOfData(data)]
        if settings.history.is_dir():
            knowers.append(StoredPast(HistoryStore(settings.history, REAL)))
        self._finder = Finder(knowers, calendar)
        self._stored: set[str] = set()
        """Instruments and timeframes of which the store told something."""

    def answer(self, request: HistoryRequest, now_ns: UnixNs) -> Sequence[HistoryReply]:
        """Return the answer to *request*, in parts."""
        replies = replies_of(request, self._finder.find(request, now_ns), now_ns, REAL)
        if any(StoredPast.name in one.source for one in replies):
            self._stored.add(f"{request.instrument} {request.timeframe}")
        return replies

    @property
    def assumed(self) -> tuple[str, ...]:
        """Return what an outcome owes to the store: its bars are no part of the data's fingerprint."""
        names = ", ".join(sorted(self._stored))
        told = f"Bars of the past of {names} are those of the local store, which the data's fingerprint does not name."
        return (told,) if names else ()


class PastOfData:
    """The files of a backtest as one who knows bars of the past."""

    name = "recording"

    def __init__(self, data: MarketData) -> None:
        self._data = data

    def look(self, wanted: Wanted) -> Found:
        """See `sauda.history.knowers.Knower`.

        Raises:
            NotKnownError: no file has rows of that instrument of those days.
        """
        instrument = self._data.source_of(wanted.instrument)
        found, problems = Found(), []
        end_ns = min(wanted.span.to_ns, wanted.now_ns)
        for recording in self._data.recordings:
            if recording.first_ns >= end_ns or recording.last_ns < wanted.span.from_ns:
                continue
            try:
                found.bars += RecordedPast(recording).look(wanted._replace(instrument=instrument)).bars
            except NotKnownError as error:
                problems.append(str(error))
        if not found.bars:
            raise NotKnownError("; ".join(problems) or f"no rows of {wanted.instrument} so early")
        return found
