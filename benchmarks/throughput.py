"""Ticks a second through the whole desk, for as long as one wants: what is measured, and what each process pays for it.

feed -> strategy, bars, execution, valuation, one writer: real services, exactly-once commits, append-only file. The stream of
ticks is cut behind the slowest unit, as the archive does it for a desk, so that memory stays bounded.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import redis

from benchmarks.desk import Desk
from sauda.clock import SystemClock, monotonic_s
from sauda.keys import Keys

FEED: Final = "benchmarks.generator"
SERVICES: Final = ("sauda_pnl", "sauda_execution", "sauda_strategy", "sauda_bars")
UNITS: Final = ("strategy.nifty_straddle", "execution.paper", "pnl.valuation", "bars.desk")
WRITER: Final = "writer.sql"
WINDOW_S: Final = 10
"""The slowest stretch of so many seconds tells whether a pace was held."""
_LOOK_EVERY_S: Final = 0.25
_LAST_S: Final = 60


@dataclass(frozen=True, slots=True)
class Throughput:
    """From the feed's first tick until all units and the writer had done with the last."""

    contracts: int
    ticks: int
    seconds: float
    fills: int
    points: int
    """Points of profit and loss that the writer put into its database."""
    slowest_per_s: float
    """Ticks a second in the slowest stretch of `WINDOW_S`."""
    most_mb: float
    """Memory of the server at the most, without its buffers."""
    cpu_us_per_tick: dict[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Return ticks a second."""
        return self.ticks / self.seconds

    @property
    def cores(self) -> float:
        """Return how many processors worked for the desk on average."""
        return sum(self.cpu_us_per_tick.values()) * self.per_second / 1e6


class _Watch:
    """What the server says of a desk while ticks go through it."""

    def __init__(self, client: "redis.Redis", desk: Desk) -> None:
        self._client, self._desk = client, desk
        self.keys = Keys(desk.name)
        self._began: dict[str, float] = {}
        self.first_s = 0.0
        self.most_bytes = 0
        self._marks: list[tuple[float, int]] = []

    def wait_for_first(self) -> None:
        """Return when the first tick is there."""
        stream, until_s = self.keys.stream("ticks"), monotonic_s() + _LAST_S
        while not self._client.xlen(stream):
            if monotonic_s() > until_s:
                raise TimeoutError(f"the generator wrote nothing for {_LAST_S} s")
            SystemClock().sleep(0.002)
        self.first_s, self._began = monotonic_s(), self._cpu()

    def look(self) -> int:
        """Cut the stream behind the slowest unit; return how many ticks every unit has committed."""
        pipeline = self._client.pipeline(transaction=False)
        for unit in UNITS:
            pipeline.hmget(self.keys.unit(unit), "@ticks", "#ticks")
        pipeline.info("memory")
        *units, memory = pipeline.execute()
        slowest = min(units, key=lambda one: int(one[1] or 0))
        self.most_bytes = max(self.most_bytes, memory["used_memory_dataset"])
        self._marks.append((monotonic_s(), int(slowest[1] or 0)))
        if slowest[0]:
            self._client.xtrim(self.keys.stream("ticks"), minid=slowest[0], approximate=True)
        return self._marks[-1][1]

    def is_done(self) -> bool:
        """Return whether nothing is left to do for any unit or the writer."""
        written = int(self._client.xinfo_stream(self.keys.stream("ticks"))["entries-added"])
        groups = self._client.xinfo_groups(self.keys.stream("pnl"))
        writer = [group for group in groups if group["name"] == WRITER.encode()]
        return self.look() >= written and all(not one["lag"] and not one["pending"] for one in writer)

    def slowest_per_s(self) -> float:
        """Return the ticks a second of the slowest stretch of `WINDOW_S`; of the whole run if it was shorter."""
        paces = []
        for at, (then_s, before) in enumerate(self._marks):
            after = next((mark for mark in self._marks[at:] if mark[0] >= then_s + WINDOW_S), None)
            if after is not None:
                paces.append((after[1] - before) / (after[0] - then_s))
        last_s, done = self._marks[-1]
        return min(paces, default=done / (last_s - self.first_s))

    def spent(self, ticks: int) -> dict[str, float]:
        """Return the processor time of each process since the first tick, µs a tick."""
        return {who: (used - self._began[who]) / ticks * 1e6 for who, used in self._cpu().items()}

    def _cpu(self) -> dict[str, float]:
        facts = self._client.info("cpu")
        server = sum(
            float(facts[f"used_cpu_{what}"]) for what in ("user", "sys", "user_children", "sys_children")
        )
        return {**self._desk.cpu_seconds(), "redis": server}


def throughput(port: int, folder: Path, contracts: int, seconds: float) -> Throughput:
    """Push ticks of *contracts* options through a new desk for *seconds*, as fast as it takes them."""
    client = redis.Redis(port=port)
    name = f"through-{contracts}"
    with Desk(
        port,
        folder,
        name,
        SAUDA_SPEED="50",
        SAUDA_SQL_URL=f"sqlite:///{folder}/{name}.db",
    ) as desk:
        watch = _Watch(client, desk)
        desk.start(*SERVICES)
        desk.start(
            FEED,
            GENERATE_SECONDS=str(seconds),
            GENERATE_CONTRACTS=str(contracts),
            GENERATE_UNITS=" ".join(UNITS),
        )
        watch.wait_for_first()
        ends_s = watch.first_s + seconds
        while monotonic_s() < ends_s or not watch.is_done():
            if monotonic_s() > ends_s + _LAST_S:
                raise TimeoutError(f"{name}: not done with the last tick {_LAST_S} s after it")
            SystemClock().sleep(_LOOK_EVERY_S)
            watch.look()
        ticks, took_s = watch.look(), monotonic_s() - watch.first_s
        spent = watch.spent(ticks)
    fills, points = (_written(client, watch.keys, stream) for stream in ("executions", "pnl"))
    found = Throughput(
        contracts, ticks, took_s, fills, points, watch.slowest_per_s(), watch.most_bytes / 1e6, spent
    )
    for key in client.scan_iter(f"{watch.keys.prefix}*", count=1000):
        client.unlink(key)
    client.close()
    return found


def _written(client: "redis.Redis", keys: Keys, stream: str) -> int:
    return int(client.xinfo_stream(keys.stream(stream))["entries-added"])
