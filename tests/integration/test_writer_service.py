"""The pnl service as it is run: three replicas in front of one database, one of them killed on the way."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
import redis
from sqlalchemy import create_engine, select

from sauda.clock import NS_PER_S, SystemClock, monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import DeskPnl, Fill, Message, PositionPnl, Side, StrategyPnl, Tick
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda_pnl.writers import tables

NS = 1_756_439_705_000_000_000
OPTIONS = ("NFO:NIFTY02SEP25C24500", "NFO:NIFTY02SEP25P24500")
STREAMS = ("pnl", "executions", "orders")


class Server(Protocol):
    """What the fixture `own_redis` gives."""

    @property
    def url(self) -> str: ...


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    end_s = monotonic_s() + seconds
    while not condition():
        assert monotonic_s() < end_s, "it did not come to pass"
        SystemClock().sleep(0.05)


class Replicas:
    """Processes of the service, as `make scale s=pnl n=3` runs them."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = settings
        self.processes: list[subprocess.Popen[bytes]] = []
        self.started = 0

    def add(self) -> None:
        number, self.started = self.started, self.started + 1
        own = {"SAUDA_HEALTH_FILE": str(self.folder / f"health-{number}.json")}
        clean = {name: text for name, text in os.environ.items() if not name.startswith("SAUDA_")}
        with (self.folder / f"log-{number}").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "sauda_pnl"],
                    stderr=log,
                    cwd=self.folder,
                    env=clean | self.settings | own,
                )
            )

    def health(self, number: int) -> dict[str, Any]:
        file = self.folder / f"health-{number}.json"
        found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return found

    def end(self) -> list[int]:
        for process in self.processes:
            process.terminate()
        return [process.wait(20) for process in self.processes]


def market(start: int, count: int) -> list[Message]:
    """Return ticks, a quarter of a second apart, and a fill after every tenth."""
    told: list[Message] = []
    for number in range(start, start + count):
        at = NS + number * NS_PER_S // 4
        option = OPTIONS[number % 2]
        told.append(Tick(option, at, at, 100_00 + number % 37 * 5))
        if number % 10 == 0:
            fill_id = f"o-{number}"
            side = Side.SELL if number % 20 else Side.BUY
            told.append(Fill(f"{fill_id}-0", fill_id, "s", option, side, 75, 100_00 + number % 7, 0, at))
    return told


def append(url: str, desk: str, told: list[Message]) -> None:
    log = RedisLog(url, desk)
    log.append([Output("ticks" if isinstance(one, Tick) else "executions", encode(one)) for one in told])
    log.close()


def points(url: str, desk: str) -> list[Message]:
    log = RedisLog(url, desk)
    found = [decode(entry.data) for entry in log.entries("pnl")]
    log.close()
    return found


def is_done(url: str, desk: str) -> bool:
    with redis.Redis.from_url(url, protocol=2) as client:
        for stream in ("ticks", "executions", "pnl"):
            key = f"{{{desk}}}:{stream}"
            if not client.exists(key):
                return False
            last: Any = client.xinfo_stream(key)["last-generated-id"]
            groups: Any = client.xinfo_groups(key)
            if any(group["last-delivered-id"] != last or group["pending"] for group in groups):
                return False
    return True


@pytest.mark.slow
def test_three_replicas_of_the_service_write_exactly_the_points_of_the_stream(
    own_redis: Server, desk: str, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/var/desk.db"
    replicas = Replicas(
        tmp_path,
        SAUDA_REDIS_URL=own_redis.url,
        SAUDA_DESK=desk,
        SAUDA_SQL_URL=database,
        SAUDA_LEASE_MS="800",
    )
    for _ in range(3):
        replicas.add()
    eventually(lambda: all(replicas.health(number).get("ready") for number in range(3)))
    append(own_redis.url, desk, market(0, 2_000))
    SystemClock().sleep(0.2)
    replicas.processes[0].kill()
    replicas.processes.pop(0).wait()
    replicas.add()
    append(own_redis.url, desk, market(2_000, 2_000))
    # What the dead replica held is taken over by its peers after fifteen seconds.
    eventually(lambda: bool(replicas.health(3).get("ready")) and is_done(own_redis.url, desk))
    codes = replicas.end()

    told = points(own_redis.url, desk)
    engine = create_engine(database)
    with engine.connect() as connection:
        positions = connection.execute(select(tables.positions).order_by("ts_ns", "symbol")).mappings().all()
        totals = connection.execute(select(tables.pnl).order_by("ts_ns", "strategy")).mappings().all()
        fills = connection.execute(select(tables.fills)).mappings().all()
    engine.dispose()
    assert codes == [0, 0, 0]
    assert len(told) > 1_000
    assert [(row["ts_ns"], row["symbol"], round(row["pnl"] * 100)) for row in positions] == sorted(
        (one.event_ns, one.instrument, one.realised + one.unrealised - one.charges)
        for one in told
        if isinstance(one, PositionPnl)
    )
    assert [(row["ts_ns"], row["strategy"], round(row["total_pnl"] * 100)) for row in totals] == sorted(
        (one.event_ns, one.strategy if isinstance(one, StrategyPnl) else "ALL", one.net)
        for one in told
        if isinstance(one, StrategyPnl | DeskPnl)
    )
    assert len(fills) == 400


def test_a_database_that_is_absent_at_the_start_is_named_in_the_health_file_and_the_service_stays(
    own_redis: Server, desk: str, tmp_path: Path
) -> None:
    replicas = Replicas(
        tmp_path,
        SAUDA_REDIS_URL=own_redis.url,
        SAUDA_DESK=desk,
        SAUDA_INFLUX_URL="http://127.0.0.1:1",
        SAUDA_INFLUX_TOKEN="geheim-token",
    )
    replicas.add()

    def away() -> str:
        roles = replicas.health(0).get("facts", {}).get("roles", {})
        return str(roles.get("writer.influx", {}).get("away", ""))

    eventually(lambda: bool(away()))
    assert away().startswith("database away since ")
    assert "InfluxDB at http://127.0.0.1:1 does not answer" in away()
    assert replicas.health(0)["ready"] is False
    assert replicas.processes[0].poll() is None
    assert replicas.end() == [0]
    assert "geheim-token" not in (tmp_path / "log-0").read_text()
