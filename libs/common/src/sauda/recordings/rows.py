"""A recording's rows, made into ticks: prices to paise, what is missing to None, what is broken counted and left out.

Nothing is ever invented: a row without a price gives no tick, an empty side of the book stays empty.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from sauda.clock import UnixNs
from sauda.contracts import BookLevel, Depth, Instrument, InstrumentId, Tick
from sauda.money import Paise
from sauda.recordings import bar_path
from sauda.recordings.columns import BAR, level_name

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
        self._traded: dict[InstrumentId, tuple[int, int]] = {}
        """instrument -> (day, units traded on it so far), where the file's volume is per bar"""

    def ticks(self, piece: pa.Table) -> Iterator[Tick]:
        """Yield the ticks of a *piece* in the order of its rows (`usable` has sorted them)."""
        names = self._instruments(piece)
        times = _integers(piece, "ts_utc_ns").tolist()
        if "ltp" not in piece.column_names:
            yield from self._from_bars(piece, names, times)
            return
        columns = (
            names,
            self._event_times(piece),
            times,
            self._prices(piece, "ltp"),
            *self._side(piece, "bid"),
            *self._side(piece, "ask"),
            self._units(piece, "volume", names),
            self._units(piece, "oi", names),
            self._depths(piece),
        )
        for name, event, recv, ltp, bid, bid_qty, ask, ask_qty, volume, oi, depth in zip(
            *columns, strict=True
        ):
            if name is None:
                continue
            if ltp is None:
                self._defects["unpriced"] += 1
                continue
            tick = Tick(name, event, recv, ltp, bid, ask, bid_qty, ask_qty, volume, oi, depth)
            if self._latest.get(name) == tick:
                self._defects["duplicate"] += 1
                continue
            self._latest[name] = tick
            yield tick

    def _from_bars(
        self, piece: pa.Table, names: Sequence[InstrumentId | None], times: Sequence[int]
    ) -> Iterator[Tick]:
        prices = [self._prices(piece, name) for name in BAR]
        counts = [self._units(piece, name, names) for name in ("volume", "oi")]
        rows = zip(names, times, *prices, *counts, strict=True)
        for name, start, open_, high, low, close, volume, oi in rows:
            if name is None:
                continue
            if open_ is None or high is None or low is None or close is None:
                self._defects["unpriced"] += 1
                continue
            before, after = self._volumes(name, start, volume)
            path = bar_path.path(open_, high, low, close)
            moments = bar_path.moments(start, self._length_ns)
            for index, (price, moment) in enumerate(zip(path, moments, strict=True)):
                total = after if index == 3 else before
                yield Tick(name, moment, moment, price, volume=total, oi=oi if index == 3 else None)

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
    ) -> list[int | None]:
        """Return volume or open interest in units, whatever the file counts it in."""
        counts = _counts(piece, name)
        if name not in self._in_lots:
            return counts
        return [
            None if count is None else count * self._lots.get(instrument or "", 1)
            for count, instrument in zip(counts, instruments, strict=True)
        ]

    def _instruments(self, piece: pa.Table) -> list[InstrumentId | None]:
        pairs = zip(piece["exchange"].to_pylist(), piece["trading_symbol"].to_pylist(), strict=True)
        return [self._known.get(pair) for pair in pairs]

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

    def _prices(self, piece: pa.Table, name: str) -> list[Paise | None]:
        """Return rupees as paise; what is no positive number is None."""
        if name not in piece.column_names:
            return [None] * piece.num_rows
        rupees = _floats(piece, name)
        self._defects["negative"] += int((rupees < 0).sum())
        return _or_none(np.rint(rupees * 100), rupees > 0)

    def _side(
        self, piece: pa.Table, side: str, level: int = 1
    ) -> tuple[list[Paise | None], list[int | None]]:
        """Return price and quantity of one level; without a price there is no quantity."""
        prices = self._prices(piece, level_name(side, level))
        sizes = _counts(piece, level_name(f"{side}_qty", level))
        return prices, [
            size if price is not None else None for price, size in zip(prices, sizes, strict=True)
        ]

    def _depths(self, piece: pa.Table) -> list[Depth | None]:
        if "bid2" not in piece.column_names and "ask2" not in piece.column_names:
            return [None] * piece.num_rows
        bids, asks = self._ladder(piece, "bid"), self._ladder(piece, "ask")
        return [Depth(bid, ask) if bid or ask else None for bid, ask in zip(bids, asks, strict=True)]

    def _ladder(self, piece: pa.Table, side: str) -> list[tuple[BookLevel, ...]]:
        levels = []
        for level in range(1, 6):
            prices, sizes = self._side(piece, side, level)
            orders = _counts(piece, level_name(f"{side}_orders", level))
            levels.append(
                [
                    BookLevel(price, size, count or 0) if price is not None and size else None
                    for price, size, count in zip(prices, sizes, orders, strict=True)
                ]
            )
        return [tuple(one for one in row if one is not None) for row in zip(*levels, strict=True)]


def _floats(piece: pa.Table, name: str) -> Numbers:
    numbers: Numbers = np.asarray(piece[name].to_numpy(), dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, 0.0)


def _integers(piece: pa.Table, name: str) -> Numbers:
    filled: Numbers = np.asarray(piece[name].fill_null(0).to_numpy(), dtype=np.int64)
    return filled


def _counts(piece: pa.Table, name: str) -> list[int | None]:
    """Return a quantity; what is missing or negative is None, zero is a quantity."""
    if name not in piece.column_names:
        return [None] * piece.num_rows
    numbers = np.asarray(piece[name].to_numpy(), dtype=np.float64)
    return _or_none(np.rint(np.where(np.isfinite(numbers), numbers, -1.0)), numbers >= 0)


def _or_none(numbers: Numbers, valid: Numbers) -> list[int | None]:
    found: list[int | None] = numbers.astype(np.int64).tolist()
    for index in np.flatnonzero(~valid).tolist():
        found[index] = None
    return found
