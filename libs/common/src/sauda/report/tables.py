"""The rows of a run as Parquet files: trades, fills, orders and equity. Money in int paise, instants in UTC nanoseconds."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final

import msgspec

from sauda.backtest.outcome import Outcome
from sauda.contracts import ChargeLines, Fill, PlaceOrder
from sauda.money import Paise
from sauda.report.round_trips import RoundTrip

_TEXT: Final = "string"
_INT: Final = "int64"
_FLOAT: Final = "float64"

TRADES: Final[Mapping[str, str]] = {
    "strategy": _TEXT,
    "instrument": _TEXT,
    "side": _TEXT,
    "qty": _INT,
    "opened_ns": _INT,
    "closed_ns": _INT,
    "entry": _FLOAT,
    "exit": _FLOAT,
    "bought": _INT,
    "sold": _INT,
    "paid": _INT,
    "received": _INT,
    "cash": _INT,
    "charges": _INT,
    "net": _INT,
    "fills": _INT,
}
"""column -> type; `entry` and `exit` are average prices, and so no whole paise"""

_LINES: Final = tuple(ChargeLines.__struct_fields__)
FILLS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("fill_id", "order_id", "strategy", "instrument", "side"), _TEXT),
    **dict.fromkeys(("qty", "price", "charges", "event_ns"), _INT),
    **dict.fromkeys(("product", "against"), _TEXT),
    **dict.fromkeys(_LINES, _INT),
}
ORDERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("order_id", "strategy", "instrument", "side"), _TEXT),
    "qty": _INT,
    "kind": _TEXT,
    **dict.fromkeys(("event_ns", "limit_price", "trigger_price"), _INT),
    **dict.fromkeys(("parent_id", "product", "validity"), _TEXT),
    **dict.fromkeys(("stop_loss", "take_profit", "trail_points", "trail_bps"), _INT),
    "oco": _TEXT,
}
EQUITY: Final[Mapping[str, str]] = {
    "event_ns": _INT,
    "strategy": _TEXT,
    **dict.fromkeys(("realised", "unrealised", "charges", "net", "margin", "drawdown"), _INT),
}


def write_trades(path: Path, trips: Iterable[RoundTrip]) -> None:
    """Write one row for each trade; an open one has no `closed_ns`."""
    rows = [{name: _plain(getattr(trip, name)) for name in TRADES} for trip in trips]
    write_rows(path, TRADES, rows)


def write_fills(path: Path, fills: Iterable[Fill]) -> None:
    """Write one row for each fill, with its charges line by line."""
    write_rows(path, FILLS, [{**_fields(fill), **_fields(fill.costs or ChargeLines())} for fill in fills])


def write_orders(path: Path, orders: Iterable[PlaceOrder]) -> None:
    """Write one row for each order."""
    write_rows(path, ORDERS, [_fields(order) for order in orders])


def write_equity(path: Path, outcome: Outcome) -> None:
    """Write one row for each point, with the drawdown at it."""
    best: dict[str, Paise] = {}
    falls: list[Paise] = []
    for point in outcome.equity:
        top = best[point.strategy] = max(best.get(point.strategy, 0), point.net)
        falls.append(top - point.net)
    # Column by column: a long run has millions of points.
    told = {name: [getattr(point, name) for point in outcome.equity] for name in EQUITY if name != "drawdown"}
    _write(path, EQUITY, {**told, "drawdown": falls})


def write_rows(path: Path, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write *rows* with *columns*, whatever they are, to *path*; what a row lacks is null."""
    _write(path, columns, {name: [row.get(name) for row in rows] for name in columns})


def _write(path: Path, columns: Mapping[str, str], values: Mapping[str, Sequence[Any]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])
    parquet.write_table(pa.Table.from_pydict(dict(values), schema=schema), path, compression="zstd")


def _fields(row: msgspec.Struct) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in row.__struct_fields__ if name != "costs"}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
