"""Points as rows, thousands a second: tuples in the order of the table's columns, all rows of a batch in one statement. Pure.

The library that writes the other rows builds a dictionary and a parameter for each value: more than all else together.
PostgreSQL takes a batch as one array for each column, SQLite one prepared statement for each row.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects import postgresql

from sauda.contracts import DeskPnl, PositionPnl, StrategyPnl
from sauda_pnl.writers import tables
from sauda_pnl.writers.lines import DESK_TOTAL, named_strategy
from sauda_pnl.writers.rows import POSTGRESQL, SQLITE, Forms, ist_text

Values = tuple[Any, ...]


@lru_cache(4096)
def _exact_quotient(cost: int, qty: int) -> str:
    return str(POSTGRESQL.quotient(cost, qty))


FORMS: Final = {
    "sqlite": SQLITE,
    # As text: the server reads `12345e-2` as the exact 123.45.
    "postgresql": Forms(
        rupees=lambda amount: f"{amount}e-2",
        paise=POSTGRESQL.paise,
        quotient=_exact_quotient,
        instant=ist_text,
    ),
}


def position_values(desk: str, point: PositionPnl, forms: Forms) -> Values:
    """Return a row of `positions`; a flat position has no entry price."""
    rupees = forms.rupees
    return (
        desk,
        named_strategy(point.strategy),
        point.instrument,
        point.event_ns,
        forms.instant(point.event_ns),
        point.qty,
        forms.quotient(point.cost, point.qty) if point.qty else None,
        rupees(point.ltp),
        rupees(point.realised),
        rupees(point.unrealised),
        rupees(point.charges),
        rupees(point.realised + point.unrealised - point.charges),
    )


def total_values(desk: str, point: StrategyPnl | DeskPnl, forms: Forms) -> Values:
    """Return a row of `pnl`: a strategy's, or under the name ALL the desk's."""
    rupees = forms.rupees
    return (
        desk,
        named_strategy(point.strategy) if isinstance(point, StrategyPnl) else DESK_TOTAL,
        point.event_ns,
        forms.instant(point.event_ns),
        rupees(point.realised),
        rupees(point.unrealised),
        rupees(point.charges),
        rupees(point.net),
        None if point.margin is None else rupees(point.margin),
        point.roi,
        None if point.peak_margin is None else rupees(point.peak_margin),
        None if point.peak is None else rupees(point.peak),
        None if point.drawdown is None else rupees(point.drawdown),
        None if point.day_net is None else rupees(point.day_net),
    )


def in_order(table: Table, rows: Sequence[Values]) -> list[Values]:
    """Return *rows* by their key, each key once: the later of two.

    In one order everywhere, so that two replicas with the same rows do not wait for each other in a circle; and once, because one
    statement may not touch a row twice.
    """
    key = len(table.primary_key.columns)
    return [row for _, row in sorted({row[:key]: row for row in rows}.items())]


def statement(table: Table, dialect: str) -> str:
    """Return the upsert that takes `parameters`. All names in it are our own."""
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    if dialect == "postgresql":
        # Arrays of one length side by side: the server sees so many rows.
        source = "SELECT " + ", ".join(f"unnest(%s::{_kind(column)}[])" for column in table.columns)
    else:
        source = f"VALUES ({', '.join('?' for _ in names)})"
    rest = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) {source} "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {rest}"
    )


def _kind(column: Column[Any]) -> str:
    dialect: Any = postgresql
    return str(column.type.compile(dialect=dialect.dialect()))


def parameters(table: Table, rows: Sequence[Values], dialect: str) -> Any:
    """Return *rows* as the statement takes them: all of them as columns, or each by itself."""
    if dialect != "postgresql":
        return list(rows)
    columns = zip(table.columns, zip(*rows, strict=True), strict=True)
    return tuple(_array(values, isinstance(column.type, Text)) for column, values in columns)


def _array(values: Sequence[Any], is_text: bool) -> str:
    """Return *values* as PostgreSQL writes arrays; the driver's own way is 10 times as slow, value by value."""
    if is_text:
        return f"{{{','.join(map(_quoted, values))}}}"
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


@lru_cache(4096)
def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


STATEMENTS: Final = {
    (table.name, dialect): statement(table, dialect)
    for table in (tables.positions, tables.pnl)
    for dialect in FORMS
}
