"""Which contracts a recording holds, and whether its rows are in order: one pass over the file before it plays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Protocol

import pandas as pd

from sauda.clock import NS_PER_S, UnixNs, clock_text, ist_date
from sauda.contracts import Instrument, InstrumentKind
from sauda.errors import ConfigError, ContractError
from sauda.instruments import index_instrument, parse_symbol
from sauda.money import Units
from sauda.recordings import bar_path
from sauda.recordings.columns import pieces
from sauda.recordings.counted import COLUMNS, Counted
from sauda.recordings.rows import Defects, usable

_SURVEYED: Final = frozenset(
    {"ts_utc_ns", "exchange", "trading_symbol", "expiry", "lot_size", "preopen", "after_hours", *COLUMNS}
)


class LotSizes(Protocol):
    """The part of the calendar that knows how big a lot was."""

    def lot_size(self, underlying: str, day: date) -> Units:
        """Return units in a lot on *day*."""


@dataclass(slots=True)
class Survey:
    """What one pass over a recording found."""

    instruments: list[Instrument] = field(default_factory=list)
    """Definitions of all contracts of the underlyings asked for, sorted."""
    known: dict[tuple[str, str], Instrument] = field(default_factory=dict)
    """(exchange, trading symbol) -> definition"""
    rows: int = 0
    first_ns: UnixNs = 0
    last_ns: UnixNs = 0
    bar_ns: int = bar_path.DEFAULT_LENGTH_NS
    """How long a bar lasts: the smallest step between two stamps of the file."""
    step_ns: int | None = None
    """The smallest step between two stamps so far."""
    in_lots: frozenset[str] = frozenset()
    """Columns that count lots, not units."""
    other: set[str] = field(default_factory=set)
    """Symbols that were left out: another underlying, or none that we can read."""


def survey(path: Path, names: list[str], underlyings: frozenset[str], lots: LotSizes) -> Survey:
    """Read the file once and say what is in it.

    Raises:
        ConfigError: its rows go back in time from one piece to the next, or it holds nothing that is asked for.
    """
    found, counted = Survey(), Counted()
    wanted = [name for name in names if name in _SURVEYED]
    defined: dict[tuple[str, str], Instrument | None] = {}
    for piece in pieces(path, wanted):
        frame = usable(piece, Defects()).to_pandas()
        if len(frame):
            _require_order(path, found, int(frame["ts_utc_ns"].iloc[0]))
            _note_times(found, frame["ts_utc_ns"])
            _define(defined, frame, ist_date(found.first_ns), lots, underlyings)
            counted.look(frame, {symbol: one.lot_size for (_, symbol), one in defined.items() if one})
        found.rows += piece.num_rows
    found.bar_ns = max(found.step_ns or bar_path.DEFAULT_LENGTH_NS, 4 * NS_PER_S)
    found.in_lots = counted.in_lots()
    for (exchange, symbol), instrument in sorted(defined.items(), key=itemgetter(0)):
        if instrument is None:
            found.other.add(f"{exchange}:{symbol}")
            continue
        found.instruments.append(instrument)
        found.known[exchange, symbol] = instrument
    if not found.instruments:
        raise ConfigError(
            f"{path} holds no contract of {', '.join(sorted(underlyings))} "
            f"(the underlyings asked for); it has {', '.join(sorted(found.other)[:5]) or 'no usable row'}"
        )
    return found


def _require_order(path: Path, found: Survey, first_ns: UnixNs) -> None:
    if not found.first_ns:
        found.first_ns = first_ns
    if first_ns < found.last_ns:
        raise ConfigError(
            f"{path} goes back in time behind row {found.rows}: from "
            f"{clock_text(found.last_ns)} to {clock_text(first_ns)}. Sort it by ts_utc_ns"
        )


def _note_times(found: Survey, times: Any) -> None:
    steps = times.diff()
    smallest = steps[steps > 0].min()
    if smallest == smallest and (found.step_ns is None or smallest < found.step_ns):  # noqa: PLR0124  (NaN: no step)
        found.step_ns = int(smallest)
    found.last_ns = int(times.iloc[-1])


def _define(
    defined: dict[tuple[str, str], Instrument | None],
    frame: pd.DataFrame,
    day: date,
    lots: LotSizes,
    underlyings: frozenset[str],
) -> None:
    """Add the contracts that *frame* is the first to name; None for one that is left out."""
    for row in frame.drop_duplicates(["exchange", "trading_symbol"]).to_dict("records"):
        key = (row["exchange"], row["trading_symbol"])
        if key not in defined:
            try:
                defined[key] = _instrument(row, day, lots, underlyings)
            except ContractError:
                defined[key] = None


def _instrument(
    row: Mapping[str, Any], day: date, lots: LotSizes, underlyings: frozenset[str]
) -> Instrument | None:
    exchange, symbol = row["exchange"], row["trading_symbol"]
    parsed = parse_symbol(exchange, symbol)
    if parsed.underlying not in underlyings:
        return None
    name = f"{exchange}:{symbol}"
    if parsed.kind is InstrumentKind.EQUITY:
        return None
    if parsed.kind is InstrumentKind.INDEX:
        index = index_instrument(parsed.underlying) or name
        return Instrument(index, exchange, "", parsed.underlying, parsed.kind)
    expiry = parsed.expiry.isoformat() if parsed.expiry else str(row.get("expiry") or "")
    if not expiry:
        raise ContractError(f"{name} names no day of expiry, and the file has no column expiry")
    return Instrument(
        instrument=name,
        exchange=exchange,
        token="",
        underlying=parsed.underlying,
        kind=parsed.kind,
        lot_size=_lot_size(row, parsed.underlying, day, lots),
        expiry=expiry,
        strike=parsed.strike,
        right=parsed.right,
    )


def _lot_size(row: Mapping[str, Any], underlying: str, day: date, lots: LotSizes) -> Units:
    given = row.get("lot_size")
    if given is not None and given == given and given > 0:  # noqa: PLR0124  (NaN: not given)
        return int(given)
    return lots.lot_size(underlying, day)
