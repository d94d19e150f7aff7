"""The local store as one who knows bars of the past."""

from sauda.bars.timeframes import DAY
from sauda.contracts import PastBar
from sauda.history.knowers import Day, Found, Wanted
from sauda.history.spans import Span, holds
from sauda.history.store import HistoryStore
from sauda.history.timeframes import grown

_MINUTE = "1m"


class StoredPast:
    """What was backfilled. Longer bars of a session are made of its minutes, where those are all here."""

    name = "store"

    def __init__(self, store: HistoryStore) -> None:
        self._store = store

    def look(self, wanted: Wanted) -> Found:
        """See `Knower`.

        Raises:
            HistoryStoreError, DamagedHistoryError: the store cannot be read.
        """
        found = Found(*self._kept(wanted, wanted.timeframe))
        if wanted.timeframe in (_MINUTE, DAY):
            return found
        rest = [day for day in wanted.days if not holds(found.looked, day.span)]
        if rest:
            minutes, looked = self._kept(wanted, _MINUTE)
            for day in rest:
                if holds(looked, day.span):
                    found.bars += _of_minutes(minutes, day, wanted.timeframe)
                    found.looked.append(day.span)
        return found

    def _kept(self, wanted: Wanted, timeframe: str) -> tuple[list[PastBar], list[Span]]:
        bars = self._store.read(wanted.instrument, timeframe, wanted.span)
        return bars, self._store.looked(wanted.instrument, timeframe, wanted.span)


def _of_minutes(minutes: list[PastBar], day: Day, timeframe: str) -> list[PastBar]:
    inside = [bar for bar in minutes if day.span.from_ns <= bar.start_ns < day.span.to_ns]
    return grown(inside, timeframe, day.session)
