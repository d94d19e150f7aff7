"""The database's tables against the streams: every point, fill and order once, with the same numbers, and nothing else."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import create_engine, text

from chaos.finding import Finding
from sauda.contracts import Against, DeskPnl, Fill, Message, PositionPnl, StrategyPnl
from sauda.testing.outcomes import outcomes


def check_tables(
    sql_url: str, points: list[Message], orders: Iterable[Message], executions: list[Message]
) -> Finding:
    """Compare the four tables at *sql_url*; money is compared in paise."""
    finding = Finding("database")
    engine = create_engine(sql_url)
    try:
        with engine.connect() as connection:

            def rows(query: str) -> list[tuple[Any, ...]]:
                return [tuple(row) for row in connection.execute(text(query))]

            totals = rows("SELECT strategy, ts_ns, realised, unrealised, total_pnl FROM pnl")
            positions = rows("SELECT strategy, symbol, ts_ns, quantity, price, pnl FROM positions")
            fills = rows("SELECT fill_id, order_id, quantity, ts_ns, price FROM fills")
            ended = rows("SELECT order_id, status, filled_quantity FROM orders")
    finally:
        engine.dispose()
    _check_points(finding, points, totals, positions)
    _check_fills(finding, executions, fills)
    _check_orders(finding, orders, executions, ended)
    kind = sql_url.partition(":")[0].partition("+")[0]
    finding.facts = f"{kind}: {len(totals) + len(positions)} points, {len(fills)} fills, {len(ended)} orders as on the streams"
    return finding


def _check_points(
    finding: Finding, points: list[Message], totals: list[tuple[Any, ...]], positions: list[tuple[Any, ...]]
) -> None:
    wanted = [
        (_whose(m), m.event_ns, m.realised, m.unrealised, m.net)
        for m in points
        if isinstance(m, StrategyPnl | DeskPnl)
    ]
    found = [(name, ns, *map(_paise, money)) for name, ns, *money in totals]
    finding.require_same("point", wanted, found, "table pnl")
    held = [
        (m.strategy, m.instrument, m.event_ns, m.qty, m.ltp, m.realised + m.unrealised - m.charges)
        for m in points
        if isinstance(m, PositionPnl)
    ]
    kept = [(*key, *map(_paise, money)) for *key, money in ((*row[:4], row[4:]) for row in positions)]
    finding.require_same("point", held, kept, "table positions")


def _check_fills(finding: Finding, executions: list[Message], fills: list[tuple[Any, ...]]) -> None:
    wanted = [(m.fill_id, m.order_id, m.qty, m.event_ns, m.price) for m in executions if isinstance(m, Fill)]
    found = [(*row[:4], _paise(row[4])) for row in fills]
    finding.require_same("fill", wanted, found, "table fills")


def _check_orders(
    finding: Finding, orders: Iterable[Message], executions: list[Message], rows: list[tuple[Any, ...]]
) -> None:
    wanted = [(name, one.status, one.filled) for name, one in outcomes(orders, executions).items()]
    settled = [m for m in executions if isinstance(m, Fill) and m.against is Against.SETTLEMENT]
    wanted += [(m.order_id, "FILLED", m.qty) for m in settled]
    finding.require_same(
        "order", wanted, [(one, status, units) for one, status, units in rows], "table orders"
    )


def _whose(point: StrategyPnl | DeskPnl) -> str:
    return point.strategy if isinstance(point, StrategyPnl) else "ALL"


def _paise(rupees: Any) -> int:
    # A double of SQLite names every paisa, but not exactly.
    paise: int = round(rupees * 100)
    return paise
