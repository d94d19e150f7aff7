"""Scaling the P&L never changes a result: three replicas write exactly the points of one.

The same ticks and executions, with the same entry ids, go to two desks; one has one replica, the other three.
"""

import sqlite3
from collections.abc import Sequence
from datetime import time
from pathlib import Path

import pytest

from sauda.clock import SystemClock
from sauda.contracts import Message
from sauda.log import Entry
from sauda.redis_log import RedisLog
from sauda.testing.builders import Weekdays
from sauda.testing.lockstep import LockStep
from sauda.testing.market import MadeUpMarket
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.settings import Limits
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.option_kinds import ShortStraddleRules
from tests.integration.desk_processes import start_replicas, wait_until

TABLES = {
    "pnl": "strategy, ts_ns, realised, unrealised, charges, total_pnl",
    "positions": "strategy, symbol, ts_ns, quantity, entry_price, price, realised, unrealised, pnl",
    "fills": "fill_id, order_id, strategy, symbol, side, quantity, price, ts_ns",
}


def a_traded_day() -> list[Entry]:
    """Play a market with three straddles in lock step; return its ticks and executions in the order written."""
    rules = [
        ShortStraddleRules(
            kind="short_straddle",
            tsymbol="NIFTY",
            quantity=lots,
            stop_loss_percentage=5,
            entry_time=time(9, 16 + lots),
            exit_time=time(9, 45 + lots),
        )
        for lots in (1, 2, 3)
    ]
    units = [strategy_unit(f"s{number}", rule) for number, rule in enumerate(rules)]
    limits = Limits.at_speed(1.0, max_order_age_s=30, stale_quote_s=30)
    market = MadeUpMarket()
    desk = LockStep([*units, paper_unit(House(Weekdays(), limits))])
    messages: list[Message] = list(market.instruments())
    desk.play(messages + [message for second in market.seconds(7_500) for message in second])
    entries = [entry for stream in ("ticks", "executions") for entry in desk.log.entries(stream)]
    return sorted(entries, key=lambda entry: [int(part) for part in entry.id.split(b"-")])


def write(log: RedisLog, entries: Sequence[Entry]) -> None:
    """Write *entries* with their own ids, in pieces, so that the readers meet them as they come."""
    for start in range(0, len(entries), 500):
        pipeline = log._client.pipeline(transaction=False)
        for entry in entries[start : start + 500]:
            key = log.keys.stream(entry.stream)
            pipeline.xadd(key, {"d": entry.data, "c": entry.cause}, id=entry.id)
        pipeline.execute()
        SystemClock().sleep(0.01)


def tables_of(
    url: str, desk: str, replicas: int, entries: Sequence[Entry], folder: Path
) -> dict[str, list[object]]:
    """Return what so many replicas of the P&L make of *entries*."""
    folder.mkdir()
    log = RedisLog(url, desk)
    environ = {
        "SAUDA_REDIS_URL": url,
        "SAUDA_DESK": desk,
        "SAUDA_SQL_URL": f"sqlite:///{folder / 'sauda.db'}",
    }
    processes = start_replicas(folder, environ, {"pnl": replicas})
    try:
        wait_until(lambda: log._client.exists(log.keys.lease("pnl.valuation")), 30, "the valuation is held")
        write(log, entries)
        streams = [log.keys.stream(name) for name in ("ticks", "executions", "pnl")]
        wait_until(
            lambda: all(
                group["lag"] == 0 and group["pending"] == 0
                for stream in streams
                if log._client.exists(stream)
                for group in log._client.xinfo_groups(stream)
            ),
            60,
            "all points are written",
        )
    finally:
        codes = [process.stop() for process in processes]
        log.close()
    assert codes == [0] * replicas
    with sqlite3.connect(folder / "sauda.db") as database:
        return {
            name: sorted(database.execute(f"SELECT {columns} FROM {name}").fetchall())
            for name, columns in TABLES.items()
        }


@pytest.mark.slow
def test_three_replicas_write_exactly_the_points_of_one(redis_url: str, desk: str, tmp_path: Path) -> None:
    entries = a_traded_day()

    one = tables_of(redis_url, f"{desk}-one", 1, entries, tmp_path / "one")
    three = tables_of(redis_url, f"{desk}-three", 3, entries, tmp_path / "three")

    assert three == one
    assert len(one["pnl"]) > 1_000
    assert len(one["fills"]) >= 12
