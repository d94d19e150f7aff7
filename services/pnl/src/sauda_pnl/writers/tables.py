"""The tables of the SQL database, on SQLite and on PostgreSQL.

The columns that people and InfluxDB know come first; the key is what makes writing a row twice the same as writing it once.
Money is in rupees. PostgreSQL holds it exactly as NUMERIC; SQLite has no decimal number, and a double names every paisa up to
90 trillion rupees (ADR 10).

A column that is added later takes NULL, so that `engine.make_tables` can add it to a database that is there already.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, DateTime, Double, Index, MetaData, Numeric, Table, Text
from sqlalchemy.dialects.sqlite import REAL

metadata: Final = MetaData()

_RUPEES: Final = Numeric(18, 2).with_variant(REAL(), "sqlite")
_AVERAGE: Final = Numeric(20, 6).with_variant(REAL(), "sqlite")
"""A price that is a quotient: rarely a whole paisa."""
_ROI: Final[Any] = Double().with_variant(REAL(), "sqlite")
_INSTANT: Final = DateTime(timezone=True).with_variant(Text(), "sqlite")


def _key(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False)


def _needed(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _instant() -> tuple[Column[Any], Column[Any]]:
    # `ts_ns` is the truth; `ts` is the same for people, cut to what a timestamp column holds (IST as text on SQLite).
    return _needed("ts_ns", BigInteger), _needed("ts", _INSTANT)


positions: Final = Table(
    "positions",
    metadata,
    _key("desk"),
    _key("strategy"),
    _key("symbol"),
    _key("ts_ns", BigInteger),
    _needed("ts", _INSTANT),
    _needed("quantity", BigInteger),
    Column("entry_price", _AVERAGE),
    _needed("price", _RUPEES),
    _needed("realised", _RUPEES),
    _needed("unrealised", _RUPEES),
    _needed("charges", _RUPEES),
    _needed("pnl", _RUPEES),
    sqlite_with_rowid=False,
)

pnl: Final = Table(
    "pnl",
    metadata,
    _key("desk"),
    _key("strategy"),
    _key("ts_ns", BigInteger),
    _needed("ts", _INSTANT),
    _needed("realised", _RUPEES),
    _needed("unrealised", _RUPEES),
    _needed("charges", _RUPEES),
    _needed("total_pnl", _RUPEES),
    Column("margin", _RUPEES),
    Column("roi", _ROI),
    Column("peak_margin", _RUPEES),
    Column("peak", _RUPEES),
    Column("drawdown", _RUPEES),
    Column("day_pnl", _RUPEES),
    sqlite_with_rowid=False,
)

fills: Final = Table(
    "fills",
    metadata,
    _key("desk"),
    _key("fill_id"),
    _needed("order_id", Text),
    _needed("strategy", Text),
    _needed("symbol", Text),
    _needed("side", Text),
    *_instant(),
    _needed("quantity", BigInteger),
    _needed("price", _RUPEES),
    _needed("charges", _RUPEES),
    Column("product", Text),
    Index("fills_by_order", "desk", "order_id"),
    sqlite_with_rowid=False,
)

orders: Final = Table(
    "orders",
    metadata,
    _key("desk"),
    _key("order_id"),
    Column("strategy", Text),
    Column("symbol", Text),
    Column("side", Text),
    Column("kind", Text),
    Column("quantity", BigInteger),
    Column("limit_price", _RUPEES),
    Column("trigger_price", _RUPEES),
    Column("parent_id", Text),
    _needed("status", Text),
    _needed("filled_quantity", BigInteger),
    Column("average_price", _AVERAGE),
    _needed("charges", _RUPEES),
    Column("reason", Text),
    Column("detail", Text),
    *_instant(),
    Column("placed_ns", BigInteger),
    Column("accepted_ns", BigInteger),
    Column("triggered_ns", BigInteger),
    Column("modified_ns", BigInteger),
    Column("cancelled_ns", BigInteger),
    Column("rejected_ns", BigInteger),
    Column("placed_entry", Text),
    Column("seen_entry", Text),
    Column("terms_entry", Text),
    Column("reason_entry", Text),
    sqlite_with_rowid=False,
)
