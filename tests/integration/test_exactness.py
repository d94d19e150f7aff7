"""Replicas are killed and paused at random while 50,000 ticks flow: nothing is lost, nothing happens twice.

Real services, a real server with an append-only file (which is killed too), a real database. Afterwards every unit is run again
over its recorded inputs, undisturbed, and must say the same to the byte.
"""

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import pytest
import yaml

from sauda.calendar import load_calendar
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import (
    STREAM_OF,
    DeskPnl,
    Fill,
    Message,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
    PositionPnl,
    RejectReason,
    StrategyPnl,
    Tick,
)
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Lease, Output, Step
from sauda.redis_log import RedisLog
from sauda.testing.market import MadeUpMarket
from sauda.testing.rerun import verify
from sauda.unit import Unit
from sauda_execution.exchange import paper_unit
from sauda_execution.settings import Limits
from sauda_pnl.valuation import valuation_unit
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.rules import load_rules
from tests.integration.desk_processes import Replica, start_replicas, wait_until

TICKS = 50_000
STRADDLES = 28
LEASE_MS = 600
SPEED = 5_000.0
"""A whole session in less than ten seconds: the guards against old orders and quotes are given that room."""
CONFIG = Path(__file__).parents[2] / "config"
DESK = "exact"


class Server(Protocol):
    """What the fixture `own_redis` gives."""

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


def write_config(folder: Path) -> Path:
    """Make a config folder with many straddles over the day, tight stops, so that many orders flow."""
    config = folder / "config"
    (config / "strategies").mkdir(parents=True)
    (config / "market").symlink_to(CONFIG / "market")
    for number in range(STRADDLES):
        entry, exits = 9 * 60 + 18 + number * 7, 9 * 60 + 18 + number * 7 + 20 + number % 7 * 10
        rules = {
            "kind": "short_straddle",
            "tsymbol": "NIFTY",
            "quantity": 1 + number % 3,
            "stop_loss_percentage": 4 + number % 5,
            "entry_time": f"{entry // 60:02}:{entry % 60:02}",
            "exit_time": f"{exits // 60:02}:{exits % 60:02}",
        }
        (config / "strategies" / f"s{number:02}.yaml").write_text(yaml.safe_dump(rules))
    return config


@dataclass
class Market:
    """Writes the day as a leased source does: where it stands is committed with what it writes."""

    url: str
    pause_s: float
    written: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    failure: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.failure.append(error)
            raise

    def _run(self) -> None:
        market = MadeUpMarket(date(2026, 11, 23))
        batches: list[list[Message]] = [list(market.instruments())]
        seconds = list(market.seconds(TICKS))
        batches += [
            [message for second in seconds[at : at + 20] for message in second]
            for at in range(0, len(seconds), 20)
        ]
        log = RedisLog(self.url, DESK)
        lease: Lease | None = None
        row = 0
        while row < len(batches):
            try:
                if lease is None:
                    lease = log.acquire("market", "test", 2_000)
                    if lease is None:
                        SystemClock().sleep(0.1)
                        continue
                    row = int(log.load(lease, ()).state.get(b"source/row", b"0"))
                    continue
                outputs = [Output(STREAM_OF[type(m)], encode(m)) for m in batches[row]]
                log.commit(lease, Step(outputs=outputs, changes={b"source/row": b"%d" % (row + 1)}))
            except (TransientError, LeaseLostError):
                # In doubt: nothing is said again before the committed row is known.
                lease = None
                SystemClock().sleep(0.1)
                continue
            row += 1
            self.written += len(outputs)
            SystemClock().sleep(self.pause_s)
        log.close()
        self.done.set()


def disturb(replicas: list[Replica], server: Server, seed: int, until: Callable[[], bool]) -> Counter[str]:
    """Kill and pause at random until told; kill the server itself once. Return what was done."""
    dice, done = random.Random(seed), Counter[str]()
    deadline_s = monotonic_s() + 240
    while not until() or done["kills"] < 20 or done["pauses"] < 8 or not done["server kills"]:
        victim = dice.choice(replicas)
        if dice.random() < 0.65:
            victim.kill()
            SystemClock().sleep(dice.uniform(0, 0.2))
            victim.start()
            done["kills"] += 1
        else:
            victim.pause()
            SystemClock().sleep(dice.uniform(1.2, 2.5) * LEASE_MS / 1000)
            victim.resume()
            done["pauses"] += 1
        if done["kills"] == 10 and not done["server kills"]:
            server.kill()
            SystemClock().sleep(0.3)
            server.start()
            done["server kills"] += 1
        SystemClock().sleep(dice.uniform(0.05, 0.5))
        assert monotonic_s() < deadline_s, f"the day did not end: {done}"
    return done


def units(config: Path) -> Iterator[Unit]:
    """Build the desk's units as their services do."""
    calendar = load_calendar(config / "market")
    yield paper_unit(calendar, Limits.at_speed(SPEED, max_order_age_s=30, stale_quote_s=30))
    yield valuation_unit()
    for name, rules in load_rules(config / "strategies").rules.items():
        yield strategy_unit(name, rules, lambda exchange, day: calendar.session(exchange, day) is not None)


def said(log: RedisLog, stream: str) -> list[Message]:
    return [decode(entry.data) for entry in log.entries(stream)]


def is_quiet(log: RedisLog) -> bool:
    """Return whether every group of every stream has passed everything."""
    groups = [
        group
        for stream in ("ticks", "instruments", "orders", "executions", "pnl", "control")
        if log._client.exists(log.keys.stream(stream))
        for group in log._client.xinfo_groups(log.keys.stream(stream))
    ]
    return all(group["lag"] == 0 and group["pending"] == 0 for group in groups)


def quiet_for(log: RedisLog, seconds: float) -> bool:
    until = monotonic_s() + seconds
    while monotonic_s() < until:
        if not is_quiet(log):
            return False
        SystemClock().sleep(0.1)
    return True


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_kills_and_pauses_lose_nothing_and_double_nothing(own_redis: Server, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    database = tmp_path / "sauda.db"
    replicas = start_replicas(
        tmp_path,
        {
            "SAUDA_REDIS_URL": own_redis.url,
            "SAUDA_DESK": DESK,
            "SAUDA_CONFIG": str(config),
            "SAUDA_SPEED": str(SPEED),
            "SAUDA_LEASE_MS": str(LEASE_MS),
            "SAUDA_SQL_URL": f"sqlite:///{database}",
            "SAUDA_LOG_FORMAT": "json",
        },
        {"pnl": 2, "execution": 2, "strategy": 2},
    )
    log = RedisLog(own_redis.url, DESK)
    try:
        wait_until(
            lambda: len(log._client.keys("{exact}:lease:*")) == STRADDLES + 2, 60, "all units are held"
        )
        market = Market(own_redis.url, pause_s=0.02)
        writer = threading.Thread(target=market.run, daemon=True)
        writer.start()

        done = disturb(
            replicas, own_redis, seed=7, until=lambda: market.done.is_set() or bool(market.failure)
        )
        writer.join(60)
        assert not market.failure
        wait_until(lambda: quiet_for(log, 2), 90, f"everything is worked off: {done}")
    finally:
        codes = [replica.stop() for replica in replicas]

    assert codes == [0] * len(replicas)
    assert sum(isinstance(message, Tick) for message in said(log, "ticks")) == TICKS
    check_outcomes(log)
    check_database(log, database)
    verdict = verify(log, units(config))
    assert verdict.differences == []
    assert verdict.outputs > 1_000
    assert min(verdict.steps.values()) > 0
    log.close()


def check_outcomes(log: RedisLog) -> None:
    """No order, fill or point twice; every order ended exactly once; nothing went to the dead letters."""
    orders = [m.order_id for m in said(log, "orders") if isinstance(m, PlaceOrder)]
    executions = said(log, "executions")
    fills = [m.fill_id for m in executions if isinstance(m, Fill)]
    ends = [order_id for m in executions if (order_id := order_ended_by(m))]
    points = [
        (type(m), getattr(m, "strategy", None), getattr(m, "instrument", None), m.event_ns)
        for m in said(log, "pnl")
        if isinstance(m, PositionPnl | StrategyPnl | DeskPnl)
    ]

    assert len(orders) == len(set(orders)) > 100
    assert len(fills) == len(set(fills)) > 100
    assert len(points) == len(set(points)) > 1_000
    assert set(ends) == set(orders)
    assert Counter(ends).most_common(1)[0][1] == 1
    assert said(log, "dead_letters") == []


def order_ended_by(message: Message) -> str | None:
    """Return the order that ended here; a refusal to cancel what was just filled ends nothing."""
    match message:
        case Fill() | OrderCancelled():
            return message.order_id
        case OrderRejected(reason=RejectReason.ORDER_DONE | RejectReason.UNKNOWN_ORDER):
            return None
        case OrderRejected():
            return message.order_id
        case _:
            return None


def check_database(log: RedisLog, database: Path) -> None:
    """The tables hold exactly the points, fills and orders of the streams."""
    with sqlite3.connect(database) as sql:
        pnl = set(sql.execute("SELECT strategy, ts_ns FROM pnl").fetchall())
        positions = set(sql.execute("SELECT strategy, symbol, ts_ns, quantity FROM positions").fetchall())
        fills = {row[0] for row in sql.execute("SELECT fill_id FROM fills")}
        orders = {row[0] for row in sql.execute("SELECT order_id FROM orders")}
    points = said(log, "pnl")

    assert pnl == {
        (m.strategy if isinstance(m, StrategyPnl) else "ALL", m.event_ns)
        for m in points
        if isinstance(m, StrategyPnl | DeskPnl)
    }
    assert len(positions) == sum(isinstance(m, PositionPnl) for m in points)
    assert fills == {m.fill_id for m in said(log, "executions") if isinstance(m, Fill)}
    assert orders == {m.order_id for m in said(log, "orders") if isinstance(m, PlaceOrder)}
