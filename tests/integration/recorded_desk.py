"""A morning of the default services on a real server, recorded in lock step: entry, stops, exit, a value each second."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import yaml

from sauda.codec import encode
from sauda.contracts import STREAM_OF, Message, Opened
from sauda.log import Log, Output, Step
from sauda.redis_log import RedisLog
from sauda.runner import Carrier
from sauda.settings import Settings, load_settings
from sauda.testing.market import MadeUpMarket
from sauda.unit import Unit
from sauda.units import available

CONFIG = Path(__file__).parents[2] / "config"
UNITS = ("alerts.desk", "bars.desk", "execution.paper", "pnl.valuation", "strategy.calm", "strategy.tight")
TICKS = 1_500


def write_config(folder: Path) -> Path:
    """Make a project's folder with two straddles, one whose stops are hit within minutes."""
    strategies = folder / "config" / "strategies"
    strategies.mkdir(parents=True)
    shutil.copytree(CONFIG / "market", folder / "config" / "market")
    for name, stop in (("calm", 200), ("tight", 2)):
        rules = {
            "kind": "short_straddle",
            "tsymbol": "NIFTY",
            "quantity": 1,
            "stop_loss_percentage": stop,
            "entry_time": "09:17",
            "exit_time": "09:22",
        }
        (strategies / f"{name}.yaml").write_text(yaml.safe_dump(rules))
    return folder


def settings_of(folder: Path) -> Settings:
    """Return what a service started in *folder* at 60x would be set to."""
    return load_settings(folder, {"SAUDA_SPEED": "60"})


def record(url: str, desk: str, folder: Path) -> int:
    """Let the units of *folder* trade a morning on *desk*; return how many messages the market had."""
    log = RedisLog(url, desk)
    carriers = [carried(log, unit) for unit in available(settings_of(folder)).values()]
    market = MadeUpMarket(strikes=4, volatility=4_00)
    count = play(log, carriers, market.instruments())
    for second in market.seconds(TICKS):
        count += play(log, carriers, second)
    for carrier in carriers:
        log.release(carrier.lease)
    log.close()
    return count


def carried(log: Log, unit: Unit) -> Carrier:
    """Take the unit and open it, as its runner does."""
    lease = log.acquire(unit.name, "tests", 60_000)
    assert lease is not None
    carrier = Carrier(replace(unit, rest_ms=0), log, lease)
    opened = Opened(unit.name, lease.epoch, unit.version, dict(unit.settings), dict(unit.rules))
    log.commit(lease, Step(outputs=[Output("journal", encode(opened))]))
    return carrier


def play(log: Log, carriers: Iterable[Carrier], messages: Iterable[Message]) -> int:
    """Write *messages* at once and let the units work until they are quiet."""
    written = log.append([Output(STREAM_OF[type(one)], encode(one)) for one in messages])
    while sum(carrier.step() for carrier in carriers):
        pass
    return len(written)
