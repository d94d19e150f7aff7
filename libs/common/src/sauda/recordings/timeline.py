"""A recording's day in order: its ticks by instant, and the seconds of the clock between and after them.

It depends on the file alone, never on how fast it is read or who listens: so a row's number means the same
in every run, and a feed that was killed goes on at the exact row.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeAlias, cast

import pyarrow as pa
from pyarrow import compute

from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.contracts import ClockTick, Instrument, InstrumentId, InstrumentKind, Tick
from sauda.money import Units
from sauda.recordings import bar_path
from sauda.recordings.bar_path import WholeBar, as_ticks
from sauda.recordings.columns import KNOWN, column_names, fingerprint, pieces
from sauda.recordings.contracts_found import Survey, survey
from sauda.recordings.rows import Defects, RowReader, between, usable

Steps: TypeAlias = list[Tick] | list[WholeBar]
"""Many at once: ticks in the order of time, or bars each of which is over before the next one begins."""

_by_time = attrgetter("recv_ns")
_DAY_NS: Final = 86_400 * NS_PER_S
_IST_NS: Final = 19_800 * NS_PER_S


class Hours(Protocol):
    """When an exchange was open."""

    @property
    def close_ns(self) -> UnixNs:
        """Return the first instant after the session."""


class Calendar(Protocol):
    """The dated facts that a recording does not hold itself."""

    def lot_size(self, underlying: str, day: date) -> Units:
        """Return units in a lot on *day*."""

    def session(self, exchange: str, day: date) -> Hours | None:
        """Return the exchange's hours on *day*; None if it was closed."""


class Moment(NamedTuple):
    """One instant of the recording."""

    time_ns: UnixNs
    ticks: list[Tick]
    """What happened at this very instant, whole: a snapshot is never torn."""
    next_row: int
    """The number of the row that comes after it."""
    second: bool
    """Whether the clock shows a whole second."""
    new_day: bool = False
    """Whether the night before it is to be skipped."""


class Recording:
    """A file of market data, opened."""

    def __init__(self, path: Path, underlyings: frozenset[str], calendar: Calendar) -> None:
        """Survey the file.

        Raises:
            ConfigError: it cannot be played; the message names file, row or column.
        """
        names = column_names(path)
        self.path = path
        self.fingerprint = fingerprint(path)
        self.ignored_columns = [name for name in names if name not in KNOWN]
        self.defects = Defects()
        """What was left out so far; complete when all moments were taken."""
        self._names = [name for name in names if name in KNOWN]
        self._calendar = calendar
        self._survey: Survey = survey(path, self._names, underlyings, calendar)

    @property
    def instruments(self) -> list[Instrument]:
        """Return the definitions of all contracts in the file."""
        return self._survey.instruments

    @property
    def in_lots(self) -> frozenset[str]:
        """Return the columns that count lots: their numbers are multiplied on the way."""
        return self._survey.in_lots

    @property
    def indices(self) -> frozenset[InstrumentId]:
        """Return those that are published whether anybody asks or not."""
        return frozenset(i.instrument for i in self.instruments if i.kind is InstrumentKind.INDEX)

    @property
    def rows(self) -> int:
        """Return how many rows the file has."""
        return self._survey.rows

    @property
    def bar_ns(self) -> int:
        """Return how long a bar lasts; 0 where the file has prices and no bars."""
        return 0 if "ltp" in self._names else self._survey.bar_ns

    @property
    def last_ns(self) -> UnixNs:
        """Return the time of the last usable row."""
        return self._survey.last_ns

    @property
    def first_ns(self) -> UnixNs:
        """Return the time of the first usable row."""
        return self._survey.first_ns

    def messages(self) -> Iterator[Tick | ClockTick]:
        """Yield everything, as it would be published to somebody who subscribed to all of it."""
        for moment in self.moments():
            yield from moment.ticks
            if moment.second:
                yield ClockTick(moment.time_ns)

    def moments(self) -> Iterator[Moment]:
        """Yield the instants with ticks and all whole seconds up to the close, in order."""
        row = 0
        last_ns: UnixNs | None = None
        for time_ns, group in groupby(self._in_order(), key=_by_time):
            new_day = last_ns is not None and _day_number(last_ns) != _day_number(time_ns)
            if last_ns is not None:
                until_ns = self._end_of_day(last_ns) if new_day else time_ns - 1
                yield from _seconds(last_ns, until_ns, row)
            ticks = list(group)
            row += len(ticks)
            yield Moment(time_ns, ticks, row, time_ns % NS_PER_S == 0, new_day)
            last_ns = time_ns
        if last_ns is not None:
            yield from _seconds(last_ns, self._end_of_day(last_ns), row)

    def batches(self, from_ns: UnixNs = -(2**63), to_ns: UnixNs = 2**63 - 1) -> Iterator[list[Tick]]:
        """Yield the ticks of rows from *from_ns* to before *to_ns*, in the order of time, many at once."""
        return map(ticks_in, self.steps(from_ns, to_ns))

    def steps(self, from_ns: UnixNs = -(2**63), to_ns: UnixNs = 2**63 - 1) -> Iterator[Steps]:
        """Yield what `batches` does; where each bar is over before the next one begins, the bars as they are."""
        self.defects.clear()
        reader = RowReader(self._survey.known, self.defects, self._survey.bar_ns, self.in_lots)
        tables = (between(piece, from_ns, to_ns) for piece in pieces(self.path, self._names))
        if "ltp" in self._names:
            for piece in tables:
                yield reader.ticks(usable(piece, self.defects))
            return
        pending: list[Tick] = []
        for piece in tables:
            rows = usable(piece, self.defects)
            bars = reader.bars(rows)
            if _are_apart(pending, bars):
                yield pending
                yield bars[:-1]
                # The next piece may begin within the last one.
                pending = as_ticks(bars[-1:])
                continue
            pending += as_ticks(bars)
            pending.sort(key=_by_time)
            # A later bar starts no earlier than this piece's last one: what lies before that is settled.
            settled_ns = rows["ts_utc_ns"][-1].as_py() if rows.num_rows else 0
            ready = bisect_left(pending, settled_ns, key=_by_time)
            yield pending[:ready]
            del pending[:ready]
        yield pending

    def ticks_of(self, instrument: InstrumentId, from_ns: UnixNs, to_ns: UnixNs) -> list[Tick]:
        """Return the ticks of one instrument from *from_ns* to before *to_ns*, in the order of time.

        It counts no defects, so another thread may ask while the recording is played.
        """
        known = {key: one for key, one in self._survey.known.items() if one.instrument == instrument}
        symbols = pa.array([symbol for _, symbol in known], pa.string())
        reader = RowReader(known, Defects(), self._survey.bar_ns, self.in_lots)
        found: list[Tick] = []
        for piece in pieces(self.path, self._names):
            # From the beginning on: the volumes of bars are added up from the morning.
            mine = piece.filter(compute.is_in(piece["trading_symbol"], value_set=symbols))
            found += reader.ticks(usable(between(mine, 0, to_ns), Defects()))
        return sorted((tick for tick in found if from_ns <= tick.recv_ns < to_ns), key=_by_time)

    def _in_order(self) -> Iterator[Tick]:
        for batch in self.batches():
            yield from batch

    def _end_of_day(self, last_ns: UnixNs) -> UnixNs:
        """Return until when the clock goes on after the day's last row: the close, but a second at least."""
        day = ist_date(last_ns)
        hours = [self._calendar.session(exchange, day) for exchange in self._exchanges()]
        return max([last_ns + NS_PER_S, *(h.close_ns for h in hours if h is not None)])

    def _exchanges(self) -> list[str]:
        return sorted({instrument.exchange for instrument in self.instruments})


def ticks_in(batch: Steps) -> list[Tick]:
    """Return the ticks of *batch*."""
    # A batch is all bars or all ticks.
    is_bars = batch and type(batch[0]) is WholeBar
    return as_ticks(cast("list[WholeBar]", batch)) if is_bars else cast("list[Tick]", batch)


def _are_apart(pending: Sequence[Tick], bars: Sequence[WholeBar]) -> bool:
    """Return whether each of *bars* is over before the next one begins, and whatever is *pending* before the first."""
    if not bars or not bar_path.is_in_order(bars[0].length_ns):
        return False
    ends = [pending[-1].recv_ns if pending else -(2**63), *(bar.rest.last.recv_ns for bar in bars)]
    return all(bar.first.recv_ns > end_ns for bar, end_ns in zip(bars, ends, strict=False))


def _day_number(instant_ns: UnixNs) -> int:
    """Return the day in India as a number: whoever takes over reads up to its row, and a date costs as much as all the rest."""
    return (instant_ns + _IST_NS) // _DAY_NS


def _seconds(after_ns: UnixNs, until_ns: UnixNs, row: int) -> Iterator[Moment]:
    """Yield the whole seconds behind *after_ns* up to *until_ns*."""
    for second in range(after_ns // NS_PER_S + 1, until_ns // NS_PER_S + 1):
        yield Moment(second * NS_PER_S, [], row, second=True)
