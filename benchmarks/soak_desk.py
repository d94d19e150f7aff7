"""The desk that soaks: its services and settings, and what the server says of it."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import redis
import yaml

from benchmarks.desk import ROOT
from benchmarks.shift import MARKET_SHIFT_NS
from sauda.clock import NS_PER_S, SystemClock
from sauda.keys import Keys

SERVICES: Final = ("sauda_pnl", "sauda_execution", "sauda_strategy", "sauda_bars", "sauda_archive")
FEED: Final = "benchmarks.soak_feed"
PING: Final = "benchmarks.ping"
UNITS: Final = ("strategy.ping", "strategy.nifty_straddle", "execution.paper", "pnl.valuation", "bars.desk")

ORDER_S: Final = 10
"""Seconds from one order to the next: an order stays in the state of its day, and two thousand a day are many."""
KEEP_S: Final = 60
"""Archived entries leave Redis so soon, instead of after an hour: the level is reached within the warm-up."""
EVERY_S: Final = 10
_BEHIND_S: Final = 5
"""How far behind the feed a unit may be when the run ends."""
_IST: Final = timedelta(hours=5, minutes=30)


def settings_of(folder: Path) -> dict[str, str]:
    """Return the settings of the desk, with a copy of config/ in *folder* that lets its orders in all day."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    risk = yaml.safe_load((config / "risk.yaml").read_text())
    risk |= {"max_daily_loss": None, "max_position_quantity": None, "max_position_value": None}
    (config / "risk.yaml").write_text(yaml.safe_dump(risk))
    straddle = config / "strategies/nifty_straddle.yaml"
    rules = yaml.safe_load(straddle.read_text())
    straddle.write_text(yaml.safe_dump({**rules, "entry_time": _soon()}))
    return {
        "SAUDA_CONFIG": str(config),
        "MARKET_SHIFT_NS": str(MARKET_SHIFT_NS),
        "SAUDA_SPEED": "1",
        "SAUDA_CAPITAL": "1000000000",
        "SAUDA_SQL_URL": f"sqlite:///{folder / 'desk.db'}",
        "SAUDA_ARCHIVE": str(folder / "archive"),
        "SAUDA_ARCHIVE_EVERY_S": str(EVERY_S),
        "SAUDA_ARCHIVE_KEEP_S": str(KEEP_S),
    }


def _soon() -> str:
    """Return the market's time in a minute, `09:37`: the straddle is entered within the warm-up."""
    market_s = (SystemClock().now_ns() + MARKET_SHIFT_NS) // NS_PER_S
    return f"{datetime.fromtimestamp(market_s, UTC) + _IST + timedelta(minutes=1):%H:%M}"


@dataclass(frozen=True, slots=True)
class Facts:
    """How far the desk is."""

    ticks: int
    """Entries that the feed has written to `ticks`, heartbeats among them."""
    orders: int
    fills: int
    on_redis: int
    """Entries of `ticks` that are on the server now."""
    parked: int


class Keepers:
    """What the server says of the desk *name*."""

    def __init__(self, client: "redis.Redis", name: str) -> None:
        self._client = client
        self._keys = Keys(name)

    def facts(self) -> Facts:
        """Return how far the desk is."""
        ticks, orders, fills = (self._added(name) for name in ("ticks", "orders", "executions"))
        left = int(self._client.xlen(self._keys.stream("ticks")))
        return Facts(ticks, orders, fills, left, self._added("dead_letters"))

    def problems(self, rate: int) -> list[str]:
        """Return why the run does not count: one line each."""
        facts = self.facts()
        found = []
        for unit in UNITS:
            done = int(self._client.hget(self._keys.unit(unit), "#ticks") or 0)
            if facts.ticks - done > rate * _BEHIND_S:
                found.append(f"{unit} is {facts.ticks - done:,} ticks behind")
        if facts.parked:
            found.append(f"{facts.parked} dead letters")
        if facts.on_redis >= facts.ticks:
            found.append("nothing left Redis: the archive does not work")
        if not facts.fills:
            found.append("nothing was traded")
        return found

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each key of the desk; of long streams by a sample."""
        found = {}
        for key in self._client.scan_iter(f"{self._keys.prefix}*", count=1000):
            size = self._client.memory_usage(key, samples=0 if self._client.type(key) == b"hash" else 20)
            found[key.decode().removeprefix(self._keys.prefix)] = int(size or 0)
        return found

    def _added(self, stream: str) -> int:
        try:
            return int(self._client.xinfo_stream(self._keys.stream(stream))["entries-added"])
        except redis.ResponseError:
            return 0
