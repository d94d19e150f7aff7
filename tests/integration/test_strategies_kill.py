"""`kill -9` of the strategy service, again and again, while every kind of strategy trades: no signal and no order is another one."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sauda.clock import SystemClock
from sauda.codec import decode, encode
from sauda.contracts import CancelOrder, HistoryRequest, ModifyOrder, PlaceOrder, Signal
from sauda.log import Log
from sauda.memory_log import MemoryLog
from sauda.redis_view import RedisView
from sauda.runner import Carrier
from sauda.settings import load_settings
from sauda_strategy.units import units
from tests.integration.conftest import Server
from tests.integration.desk_processes import Replica, start_replicas, wait_until
from tests.integration.strategies_desk import RULES, Others, play, steps, write_project

MINUTES = 60
KILLS = 6
STREAMS = ("instruments", "control", "replies", "ticks", "executions")


def told(log: Log, strategy: str) -> list[bytes]:
    """Return all that *strategy* has said of its decisions, to the byte, and what it asked about the past."""
    found: list[bytes] = []
    for stream in ("signals", "orders", "subscriptions"):
        for entry in log.entries(stream):
            match decode(entry.data):
                case Signal() | PlaceOrder() | CancelOrder() | ModifyOrder() as one if (
                    one.strategy == strategy
                ):
                    found.append(encode(one))
                case HistoryRequest() as one if one.by == f"strategy.{strategy}":
                    found.append(encode(one))
    return found


def undisturbed(folder: Path) -> MemoryLog:
    """Let the same units work the same hour in this process; nothing happens to them."""
    log = MemoryLog()
    carriers = []
    for unit in units(load_settings(folder, {})):
        lease = log.acquire(unit.name, "test", 3_600_000)
        assert lease is not None
        carriers.append(Carrier(unit, log, lease))

    def quiet() -> None:
        while sum(carrier.step() for carrier in carriers):
            pass

    play(log, Others(log), steps(MINUTES), quiet)
    return log


class Service:
    """The strategy service as a process that dies."""

    def __init__(self, replica: Replica, view: RedisView, folder: Path, dice: random.Random) -> None:
        self._replica = replica
        self._view = view
        self._dice = dice
        self._inputs = {unit.name: unit.inputs for unit in units(load_settings(folder, {}))}
        self._deaths = frozenset(dice.sample(range(10, MINUTES * 3), KILLS))
        self._turn = 0

    def quiet(self) -> None:
        """Wait until all that is on the desk has been worked; die before that, when it is time."""
        self._turn += 1
        if self._turn in self._deaths:
            SystemClock().sleep(self._dice.uniform(0, 0.02))
            self._replica.kill()
            self._replica.start()
        wait_until(self._has_worked_all, 30, f"all is worked: {self._replica.log.read_text()[-2000:]}")

    def _has_worked_all(self) -> bool:
        newest = {name: entry.id.decode() for name in STREAMS if (entry := self._view.newest(name))}
        stand = {one.unit: one.positions for one in self._view.units()}
        return all(
            name not in newest or stand.get(unit, {}).get(name) == newest[name]
            for unit, inputs in self._inputs.items()
            for name in inputs
        )


@pytest.fixture
def service(own_redis: Server, tmp_path: Path) -> Iterator[tuple[Replica, RedisView]]:
    write_project(tmp_path)
    environ = {
        "SAUDA_REDIS_URL": own_redis.url,
        "SAUDA_DESK": "killed",
        "SAUDA_CONFIG": str(tmp_path / "config"),
        "SAUDA_STRATEGIES": str(tmp_path / "strategies"),
    }
    (replica,) = start_replicas(tmp_path, environ, {"strategy": 1})
    view = RedisView(own_redis.url, "killed")
    yield replica, view
    view.close()
    replica.kill()


@pytest.mark.timeout(180)
def test_kill_9_in_the_middle_of_a_day_changes_no_signal(
    service: tuple[Replica, RedisView], tmp_path: Path
) -> None:
    expected = undisturbed(tmp_path)
    replica, view = service

    play(view, Others(view), steps(MINUTES), Service(replica, view, tmp_path, random.Random(5)).quiet)

    assert replica.kills == KILLS
    for name in RULES:
        assert told(view, name) == told(expected, name), name
        assert len(told(view, name)) > 6, name
    rolled = [one for one in told(view, "sma_crossover") if b"NIFTY29DEC26F" in one]
    assert rolled, "a future is rolled on the way"
    # The control: what is not kept does change, or nothing was killed at all.
    assert told(view, "forgetful") != told(expected, "forgetful")
