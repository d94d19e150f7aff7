"""The whole desk under load: ticks a second end to end, and the time from a tick to its fill.

feed (generator) -> strategy, execution, valuation: real services, exactly-once commits, AOF everysec.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import redis
import yaml

from benchmarks.desk import ROOT, Desk
from benchmarks.shift import MARKET_SHIFT_NS
from sauda.clock import NS_PER_MS, SystemClock, monotonic_s
from sauda.codec import decode
from sauda.contracts import Fill
from sauda.keys import Keys
from sauda.log import BEGINNING, Position
from sauda.redis_log import RedisLog

UNITS = ("strategy.nifty_straddle", "execution.paper", "pnl.valuation")
CONSUMERS = ("sauda_pnl", "sauda_execution", "sauda_strategy")


@dataclass(frozen=True, slots=True)
class Throughput:
    """Ticks from the feed until every unit has committed the last of them."""

    ticks: int
    seconds: float
    cpu_us_per_tick: dict[str, float]

    @property
    def per_second(self) -> float:
        """Return ticks a second."""
        return self.ticks / self.seconds


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from a tick's arrival at the feed to the sight of its fill on `executions`."""

    rate: int
    fills: int
    p50_ms: float
    p99_ms: float


def throughput(port: int, folder: Path, ticks: int, strikes: int = 16) -> Throughput:
    """Push *ticks* through the desk as fast as it goes."""
    client = redis.Redis(port=port)
    with Desk(port, folder, f"through-{strikes}", SAUDA_SPEED="100000", SAUDA_BATCH="1000") as desk:
        desk.start(*CONSUMERS)
        began = monotonic_s()
        busy = _server_cpu(client)
        before = desk.cpu_seconds()
        desk.start("benchmarks.generator", GENERATE_TICKS=str(ticks), GENERATE_STRIKES=str(strikes))
        keys = Keys(desk.name)
        stream = keys.stream("ticks")
        first_s = _first_tick_s(client, stream, began)
        while not _all_done(client, keys, ticks):
            if monotonic_s() - began > 120:
                raise TimeoutError(f"{desk.name}: {client.xlen(stream)} of {ticks} ticks after 120 s")
            SystemClock().sleep(0.02)
        seconds = monotonic_s() - first_s
        used = {name: (cpu - before.get(name, 0.0)) / ticks * 1e6 for name, cpu in desk.cpu_seconds().items()}
        used["redis"] = (_server_cpu(client) - busy) / ticks * 1e6
    client.delete(*client.keys(f"{keys.prefix}*"))
    return Throughput(ticks, seconds, used)


def latency(port: int, folder: Path, rate: int, seconds: int) -> Latency:
    """Send ticks at *rate* a second; measure those that a strategy answered with an order."""
    name = f"latency-{rate}"
    os.environ["MARKET_SHIFT_NS"] = str(MARKET_SHIFT_NS)
    log = RedisLog(f"redis://127.0.0.1:{port}/0", name)
    ages_ms: list[float] = []
    # The desk's own way is measured, not the modelled journey to the market, nor a limit that lets ten orders a second in.
    config = _config_without_pace(folder / f"config-{name}")
    unhurried = {"SAUDA_ORDER_LATENCY_MS": "0", "SAUDA_CAPITAL": "1000000000", "SAUDA_CONFIG": str(config)}
    with Desk(port, folder, name, **unhurried) as desk:
        desk.start("sauda_pnl", "sauda_execution")
        desk.start("benchmarks.ping", PING_EVERY=str(max(1, rate // 100)))
        at = {"executions": Position(BEGINNING, 0)}
        desk.start("benchmarks.generator", GENERATE_TICKS=str(rate * seconds), GENERATE_RATE=str(rate))
        clock = SystemClock()
        quiet_s = monotonic_s() + 5
        while monotonic_s() < quiet_s:
            for entry in log.read(at, 100, 200):
                now_ns = clock.now_ns() + MARKET_SHIFT_NS
                at = {"executions": Position(entry.id, 0)}
                quiet_s = monotonic_s() + 2
                message = decode(entry.data)
                if isinstance(message, Fill):
                    ages_ms.append((now_ns - int(message.order_id.rsplit("-", 1)[1])) / NS_PER_MS)
    log.close()
    if len(ages_ms) < 100:
        raise RuntimeError(f"only {len(ages_ms)} fills at {rate} ticks/s: nothing to measure")
    cuts = quantiles(ages_ms, n=100)
    return Latency(rate, len(ages_ms), cuts[49], cuts[98])


def _config_without_pace(folder: Path) -> Path:
    """Return a copy of the desk's config that lets orders in as fast as they come."""
    shutil.copytree(ROOT / "config", folder)
    risk = yaml.safe_load((folder / "risk.yaml").read_text())
    risk |= {"max_orders_per_second": None, "duplicate_ms": 0}
    (folder / "risk.yaml").write_text(yaml.safe_dump(risk))
    return folder


def _first_tick_s(client: "redis.Redis", stream: str, began: float) -> float:
    """Return when the first tick was there; the generator makes all its ticks before."""
    while not client.exists(stream) or not client.xlen(stream):
        if monotonic_s() - began > 60:
            raise TimeoutError("the generator wrote nothing for 60 s")
        SystemClock().sleep(0.002)
    return monotonic_s()


def _all_done(client: "redis.Redis", keys: Keys, ticks: int) -> bool:
    counts = [client.hget(keys.unit(unit), "#ticks") for unit in UNITS]
    return all(int(count or 0) >= ticks for count in counts)


def _server_cpu(client: "redis.Redis") -> float:
    facts = client.info("cpu")
    return float(facts["used_cpu_user"]) + float(facts["used_cpu_sys"])
