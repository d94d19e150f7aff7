"""The tables in which `Bars` keeps what it remembers.

What changes with ticks is written once a step, right before the commit.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from sauda.bars.holes import Hole, Holes
from sauda.bars.minute import Minute, MinuteRow
from sauda.bars.series import Series, SeriesRow
from sauda.clock import UnixNs
from sauda.contracts import Bar, InstrumentId
from sauda.state import State

_MARKET: Final = "market"


class Market(msgspec.Struct, frozen=True, array_like=True):
    """What is known of the market as a whole."""

    now_ns: UnixNs = 0
    day_end_ns: UnixNs = 0
    """The end of the day, in India, of the newest message."""
    holes: tuple[Hole, ...] = ()


class Shelf:
    """Rows in, rows out."""

    def __init__(self, state: State, write: Callable[[], None]) -> None:
        """Add the tables to *state*; *write* is called before each commit and puts what changed."""
        self._market = state.table("bars_market", Market)
        self._minutes = state.table("bars_minutes", MinuteRow)
        self._series = state.table("bars_series", SeriesRow)
        self._past = state.table("bars_past", Bar)
        self._new: list[Bar] = []
        self._gone: list[Bar] = []
        """Bars that are no longer kept, those that stand in no row yet among them."""
        state.before_commit(write)

    def market(self) -> tuple[UnixNs, UnixNs, Holes]:
        """Return the market's time, the end of its day and the holes."""
        row = self._market.get(_MARKET) or Market()
        return row.now_ns, row.day_end_ns, Holes(row.holes)

    def put_market(self, now_ns: UnixNs, day_end_ns: UnixNs, holes: Holes) -> None:
        """Keep the market's time, the end of its day and the holes."""
        row = Market(now_ns, day_end_ns, holes.all)
        if row != self._market.get(_MARKET):
            self._market.put(_MARKET, row)

    def minutes(self) -> Iterator[Minute]:
        """Return the minutes that were being built."""
        for instrument, row in self._minutes.items():
            minute = Minute(instrument, row)
            minute.written = minute.mark
            yield minute

    def put_minute(self, minute: Minute) -> None:
        """Keep *minute* as it is now, if it changed."""
        mark = minute.mark
        if mark != minute.written:
            minute.written = mark
            self._minutes.put(minute.instrument, minute.row())

    def series(self) -> list[SeriesRow]:
        """Return the rows of all series."""
        return list(self._series.values())

    def put_series(self, row: SeriesRow) -> None:
        """Keep the row of a series."""
        self._series.put(f"{row.instrument} {row.timeframe}", row)

    def past(self) -> Iterator[Bar]:
        """Return the kept bars of all series, those of one in order."""
        self._new.clear()
        self._gone.clear()
        return iter(self._past.values())

    def keep(self, kept: deque[Bar], bar: Bar) -> None:
        """Add *bar*, which was said, to the newest of its series; the oldest goes where there are enough."""
        if len(kept) == kept.maxlen:
            self._gone.append(kept[0])
        kept.append(bar)
        self._new.append(bar)

    def drop_past(self, bar: Bar) -> None:
        """Keep *bar* no longer."""
        self._gone.append(bar)

    def put_changed(self, minutes: Iterable[Minute], changed: Iterable[Series]) -> None:
        """Put what changed since the last commit."""
        for minute in minutes:
            self.put_minute(minute)
        for series in changed:
            self.put_series(series.row())
        self._put_past()

    def _put_past(self) -> None:
        # A backtest says many bars between two commits: most of them have gone again, and never stood in a row.
        gone, new = {id(bar) for bar in self._gone}, {id(bar) for bar in self._new}
        # What has gone goes first: a series that was forgotten and is watched again may say the same bar once more.
        for bar in self._gone:
            if id(bar) not in new:
                self._past.drop(_key(bar))
        for bar in self._new:
            if id(bar) not in gone:
                self._past.put(_key(bar), bar)
        self._new.clear()
        self._gone.clear()

    def forget(self, instrument: InstrumentId, timeframe: str) -> None:
        """Keep no series of that name."""
        self._series.drop(f"{instrument} {timeframe}")

    def forget_minute(self, instrument: InstrumentId) -> None:
        """Keep no minute of *instrument*."""
        self._minutes.drop(instrument)


def _key(bar: Bar) -> str:
    # Instants of this age have equally many digits, so the order of keys is that of time.
    return f"{bar.instrument} {bar.timeframe} {bar.start_ns}"
