"""All series that are watched, and which of them have something to ask or to be written."""

from collections.abc import Iterator
from typing import Final

from sauda.bars.series import Series, SeriesRow
from sauda.bars.timeframes import Grid
from sauda.clock import UnixNs
from sauda.contracts import HistoryRequest, InstrumentId

_NEVER: Final = 2**63


class Watched:
    """The series by instrument, those of one from the shortest to the longest."""

    def __init__(self, grid: Grid, keep: int, patience_ns: int, at_once: int) -> None:
        self._grid = grid
        self._keep = keep
        self._patience_ns = patience_ns
        self._at_once = at_once
        self._series: dict[InstrumentId, list[Series]] = {}
        self._touched: dict[str, Series] = {}
        """Series that changed since the last commit."""
        self._curious: dict[str, Series] = {}
        """Series with questions."""
        self.ask_ns: UnixNs = _NEVER
        """Nothing is asked before this market time."""
        self.due_ns: UnixNs = 0
        """No series has anything to do before this market time, apart from asking."""

    def __iter__(self) -> Iterator[Series]:
        """Return all series."""
        return (series for many in self._series.values() for series in many)

    def of(self, instrument: InstrumentId) -> list[Series]:
        """Return the series of one instrument."""
        return self._series.get(instrument, [])

    def find(self, instrument: InstrumentId, timeframe: str) -> Series | None:
        """Return that series, or None."""
        return next((one for one in self.of(instrument) if one.timeframe == timeframe), None)

    def instruments(self) -> list[InstrumentId]:
        """Return what is watched, in order."""
        return sorted(self._series)

    def add(self, row: SeriesRow) -> Series:
        """Add the series that *row* describes."""
        keep = max(row.warmup, self._keep) if self._keep else 0
        series = Series(row, self._grid, keep, self._patience_ns)
        known = self._series.setdefault(row.instrument, [])
        known.append(series)
        known.sort(key=lambda one: one.length)
        if series.questions:
            self._curious[series.name] = series
            self.ask_ns = 0
        return series

    def drop(self, instrument: InstrumentId) -> list[Series]:
        """Return the series of *instrument* and let go of them."""
        dropped = self._series.pop(instrument, [])
        for series in dropped:
            self._touched.pop(series.name, None)
            self._curious.pop(series.name, None)
        self._ask_soon()
        return dropped

    def changed(self, series: Series) -> None:
        """Note that *series* has changed in any way."""
        self._touched[series.name] = series
        if series.questions:
            self._curious[series.name] = series
            # One that waits for no answer may have got one just now: then another may ask.
            self.ask_ns = min(self.ask_ns, series.ask_ns) if series.is_asking else 0
        elif series.name in self._curious:
            del self._curious[series.name]
            # One more may be asked now.
            self._ask_soon()
        due_ns = series.due_ns
        if due_ns < self.due_ns:  # noqa: PLR1730
            self.due_ns = due_ns

    def take_changed(self) -> list[Series]:
        """Return what changed since the last call."""
        changed = list(self._touched.values())
        self._touched.clear()
        return changed

    def find_due(self) -> None:
        """Find anew when the first series has something to do."""
        first_ns = _NEVER
        for many in self._series.values():
            for series in many:
                at_ns = series.due_ns
                if at_ns < first_ns:  # noqa: PLR1730
                    first_ns = at_ns
        self.due_ns = first_ns

    def wishes(self, by: str, now_ns: UnixNs) -> list[HistoryRequest]:
        """Return the questions to send at *now_ns*, each once, the shorter timeframes first."""
        if now_ns < self.ask_ns:
            return []
        asked: list[HistoryRequest] = []
        free = self._at_once - sum(series.is_asking for series in self._curious.values())
        for series in sorted(self._curious.values(), key=lambda one: (one.length, one.name)):
            if free > 0 and series.ask_ns <= now_ns:
                asked.append(series.ask(by, now_ns))
                self._touched[series.name] = series
                free -= 1
        # With none free, the next answer is the moment to look again.
        waits = (series.ask_ns for series in self._curious.values())
        self.ask_ns = min(waits, default=_NEVER) if free > 0 else _NEVER
        return asked

    def _ask_soon(self) -> None:
        self.ask_ns = 0 if self._curious else _NEVER
