"""A recording's rows, made into ticks: prices to paise, what is missing to None, what is broken counted and left out.

Nothing is ever invented: a row without a price gives no tick, an empty side of the book stays empty.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, islice, repeat, starmap
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from sauda.clock import UnixNs
from sauda.contracts import BookLevel, Depth, Instrument, InstrumentId, Tick
from sauda.money import Paise
from sauda.recordings import bar_path
from sauda.recordings.bar_path import WholeBar, as_ticks
from sauda.recordings.columns import BAR, level_name
from sauda.stretch import Stretch

EARLIEST_NS: Final[UnixNs] = 946_684_800 * 10**9
"""The year 2000: whatever is stamped before it (1970, as a rule) has no time at all."""

_IST_NS: Final = 19_800 * 10**9

Numbers = np.ndarray[Any, Any]


class Defects(Counter[str]):
    """What was left out, and how often: `unpriced`, `duplicate`, `bad_time`, `not_trading`, `negative`."""


def usable(piece: pa.Table, defects: Defects) -> pa.Table:
    """Return the rows that have a time and belong to the session, in the order of time (stable)."""
    times = _integers(piece, "ts_utc_ns")
    keep = times >= EARLIEST_NS
    defects["bad_time"] += int((~keep).sum())
    for flag in ("preopen", "after_hours"):
        if flag in piece.column_names:
            off = np.asarray(piece[flag].fill_null(False).to_numpy(), dtype=bool)
            defects["not_trading"] += int((keep & off).sum())
            keep &= ~off
    if keep.all() and (np.diff(times) >= 0).all():
        return piece
    order = np.flatnonzero(keep)
    order = order[np.argsort(times[order], kind="stable")]
    return piece.take(pa.array(order))


def between(piece: pa.Table, from_ns: UnixNs, to_ns: UnixNs) -> pa.Table:
    """Return the rows stamped from *from_ns* to before *to_ns*; all of them cost nothing."""
    times = _integers(piece, "ts_utc_ns")
    inside = (times >= from_ns) & (times < to_ns)
    return piece if inside.all() else piece.filter(pa.array(inside))


class RowReader:
    """Turns pieces of one file into ticks of the instruments that are known."""

    def __init__(
        self,
        known: Mapping[tuple[str, str], Instrument],
        defects: Defects,
        length_ns: int,
        in_lots: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare.

        Args:
            known: (exchange, trading symbol) -> definition.
            defects: Counts what is left out.
            length_ns: How long a bar lasts.
            in_lots: Columns whose numbers are lots.
        """
        self._known = {key: one.instrument for key, one in known.items()}
        self._lots = {one.instrument: one.lot_size for one in known.values()}
        self._in_lots = in_lots
        self._defects = defects
        self._length_ns = length_ns
        self._latest: dict[InstrumentId, Tick] = {}
        """instrument -> its newest tick, to know a repeated line"""
        self._last_ns: UnixNs = 0
        """The newest stamp of the pieces before."""
        self._traded: dict[InstrumentId, tuple[int, int]] = {}
        """instrument -> (day, units traded on it so far), where the file's volume is per bar"""

    def ticks(self, piece: pa.Table) -> list[Tick]:
        """Return the ticks of a *piece* in the order of its rows (`usable` has sorted them)."""
        if "ltp" not in piece.column_names:
            return as_ticks(self.bars(piece))
        names = self._instruments(piece)
        times = _integers(piece, "ts_utc_ns")
        prices, priced = self._prices(piece, "ltp")
        known = np.asarray([name is not None for name in names], dtype=bool)
        self._defects["unpriced"] += int((known & ~priced).sum())
        (bid, bid_qty), (ask, ask_qty) = self._side(piece, "bid"), self._side(piece, "ask")
        columns = (
            names,
            self._event_times(piece),
            times.tolist(),
            prices.tolist(),
            bid,
            ask,
            bid_qty,
            ask_qty,
            self._units(piece, "volume", names),
            self._units(piece, "oi", names),
            self._depths(piece),
        )
        rows: Iterable[tuple[Any, ...]] = zip(*columns, strict=False)  # what the file lacks goes on for ever
        if not (known & priced).all():
            rows = compress(rows, (known & priced).tolist())
        return self._without_repeats(list(starmap(Tick, rows)), times)

    def _without_repeats(self, ticks: list[Tick], times: Numbers) -> list[Tick]:
        """Return *ticks* without lines that repeat the instrument's one before."""
        latest, first_ns = self._latest, self._last_ns
        self._last_ns = int(times[-1]) if len(times) else first_ns
        if len(times) and times[0] > first_ns and (np.diff(times) > 0).all():
            # No two rows of one instant: nothing can repeat, within the piece or across its beginning.
            latest.clear()
            latest.update((tick.instrument, tick) for tick in ticks[-1:])
            return ticks
        kept: list[Tick] = []
        for tick in ticks:
            if latest.get(tick.instrument) == tick:
                self._defects["duplicate"] += 1
            else:
                latest[tick.instrument] = tick
                kept.append(tick)
        return kept

    def bars(self, piece: pa.Table) -> list[WholeBar]:
        """Return the bars of a *piece* in the order of its rows (`usable` has sorted them)."""
        names = self._instruments(piece)
        columns = [self._prices(piece, name) for name in BAR]
        known = np.asarray([name is not None for name in names], dtype=bool)
        priced = np.logical_and.reduce([valid for _, valid in columns])
        self._defects["unpriced"] += int((known & ~priced).sum())
        keep, (open_, high, low, close) = (known & priced).tolist(), (prices for prices, _ in columns)
        fell = close < open_
        # As `bar_path.path` has them, for all rows at once.
        second, third = np.where(fell, high, low), np.where(fell, low, high)
        extremes = np.minimum(np.minimum(high, low), close), np.maximum(np.maximum(high, low), close)
        numbers = (_integers(piece, "ts_utc_ns"), open_, second, third, close, *extremes)
        starts, *paths = ([*compress(one.tolist(), keep)] for one in numbers)
        volumes, ois = (list(compress(self._units(piece, name, names), keep)) for name in ("volume", "oi"))
        known_names = [name for name in compress(names, keep) if name is not None]
        return self._whole(known_names, starts, paths, (volumes, ois))

    def _whole(
        self,
        names: Sequence[InstrumentId],
        starts: Sequence[UnixNs],
        paths: Sequence[Sequence[Paise]],
        counts: tuple[Sequence[int | None], Sequence[int | None]],
    ) -> list[WholeBar]:
        open_, second, third, close, lowest, highest = paths
        volumes, ois = counts
        length, none = self._length_ns, repeat(None)
        totals = [self._volumes(*one) for one in zip(names, starts, volumes, strict=True)]
        _, second_ns, _, last_ns = bar_path.moments(0, length)
        ends, seconds = [start + last_ns for start in starts], [start + second_ns for start in starts]
        quotes = (none, none, none, none)
        before, after = [one for one, _ in totals], [one for _, one in totals]
        first = starmap(Tick, zip(names, starts, starts, open_, *quotes, before, strict=False))
        last = starmap(Tick, zip(names, ends, ends, close, *quotes, after, ois, strict=False))
        rest = starmap(Stretch, zip(last, lowest, highest, repeat(3), strict=False))
        return list(starmap(WholeBar, zip(first, rest, second, third, repeat(length), seconds, strict=False)))

    def _volumes(self, name: InstrumentId, start: int, volume: int | None) -> tuple[int | None, int | None]:
        """Return units traded on the day before and after the bar: a tick's volume counts from the morning."""
        if volume is None:
            return None, None
        day = (start + _IST_NS) // (86_400 * 10**9)
        known_day, traded = self._traded.get(name, (day, 0))
        before = traded if known_day == day else 0
        self._traded[name] = (day, before + volume)
        return before, before + volume

    def _units(
        self, piece: pa.Table, name: str, instruments: Sequence[InstrumentId | None]
    ) -> Iterable[int | None]:
        """Return volume or open interest in units, whatever the file counts it in."""
        if name not in piece.column_names:
            return repeat(None)
        counts = _or_none(*_counts(piece, name))
        if name not in self._in_lots:
            return counts
        return [
            None if count is None else count * self._lots.get(instrument or "", 1)
            for count, instrument in zip(counts, instruments, strict=True)
        ]

    def _instruments(self, piece: pa.Table) -> list[InstrumentId | None]:
        """Return each row's instrument; each pair of names is looked up once."""
        exchanges, symbols = (
            piece[name].combine_chunks().dictionary_encode() for name in ("exchange", "trading_symbol")
        )
        width = max(1, len(symbols.dictionary))
        pairs = _codes(exchanges) * width + _codes(symbols)
        found, rows = np.unique(pairs, return_inverse=True)
        first, second = exchanges.dictionary.to_pylist(), symbols.dictionary.to_pylist()
        names = [
            self._known.get((first[pair // width], second[pair % width])) if pair >= 0 else None
            for pair in found.tolist()
        ]
        return [names[row] for row in rows.tolist()] if len(names) != 1 else names * len(rows)

    def _event_times(self, piece: pa.Table) -> list[int]:
        """Return the exchange's own stamp where the file has one; it is never later than the row's."""
        times = _integers(piece, "ts_utc_ns")
        if "nse_time_ist" not in piece.column_names:
            return list(times.tolist())
        texts = pd.Series(piece["nse_time_ist"].to_pylist(), dtype="string").str.slice(0, 26)
        stamps = pd.to_datetime(texts, format="ISO8601", errors="coerce")
        known = stamps.notna().to_numpy()
        exchange_ns = np.where(known, stamps.to_numpy("datetime64[ns]").astype("int64") - _IST_NS, times)
        return list(np.minimum(exchange_ns, times).tolist())

    def _prices(self, piece: pa.Table, name: str) -> tuple[Numbers, Numbers]:
        """Return rupees as paise, and which of them are prices: positive numbers."""
        rupees = _floats(piece, name)
        self._defects["negative"] += int((rupees < 0).sum())
        return np.rint(rupees * 100).astype(np.int64), rupees > 0

    def _side(
        self, piece: pa.Table, side: str, level: int = 1
    ) -> tuple[Iterable[Paise | None], Iterable[int | None]]:
        """Return price and quantity of one level; without a price there is no quantity."""
        name, size = level_name(side, level), level_name(f"{side}_qty", level)
        if name not in piece.column_names:
            return repeat(None), repeat(None)
        prices, priced = self._prices(piece, name)
        if size not in piece.column_names:
            return _or_none(prices, priced), repeat(None)
        sizes, counted = _counts(piece, size)
        return _or_none(prices, priced), _or_none(sizes, counted & priced)

    def _depths(self, piece: pa.Table) -> Iterable[Depth | None]:
        if "bid2" not in piece.column_names and "ask2" not in piece.column_names:
            return repeat(None)
        bids, asks = self._ladder(piece, "bid"), self._ladder(piece, "ask")
        return [Depth(bid, ask) if bid or ask else None for bid, ask in zip(bids, asks, strict=True)]

    def _ladder(self, piece: pa.Table, side: str) -> list[tuple[BookLevel, ...]]:
        levels = []
        for level in range(1, 6):
            prices, sizes = (islice(values, piece.num_rows) for values in self._side(piece, side, level))
            name = level_name(f"{side}_orders", level)
            known = name in piece.column_names
            orders = _or_none(*_counts(piece, name)) if known else [None] * piece.num_rows
            levels.append(
                [
                    BookLevel(price, size, count or 0) if price is not None and size else None
                    for price, size, count in zip(prices, sizes, orders, strict=True)
                ]
            )
        return [tuple(one for one in row if one is not None) for row in zip(*levels, strict=True)]


def _codes(column: pa.DictionaryArray) -> Numbers:
    """Return the row numbers of the dictionary; a row without a value has one far below zero."""
    codes: Numbers = np.asarray(column.indices.fill_null(-(1 << 20)).to_numpy(), dtype=np.int64)
    return codes


def _floats(piece: pa.Table, name: str) -> Numbers:
    numbers: Numbers = np.asarray(piece[name].to_numpy(), dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, 0.0)


def _integers(piece: pa.Table, name: str) -> Numbers:
    filled: Numbers = np.asarray(piece[name].fill_null(0).to_numpy(), dtype=np.int64)
    return filled


def _counts(piece: pa.Table, name: str) -> tuple[Numbers, Numbers]:
    """Return a quantity, and where there is one: not where it is missing or negative; zero is a quantity."""
    numbers = np.asarray(piece[name].to_numpy(), dtype=np.float64)
    whole = np.rint(np.where(np.isfinite(numbers), numbers, -1.0)).astype(np.int64)
    return whole, numbers >= 0


def _or_none(numbers: Numbers, valid: Numbers) -> list[int | None]:
    found: list[int | None] = numbers.tolist()
    if not valid.all():
        for index in np.flatnonzero(~valid).tolist():
            found[index] = None
    return found
