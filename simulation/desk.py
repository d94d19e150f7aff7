"""The desk of a run: which units it has, and the processes that carry them, wired as the services wire themselves."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from tenacity import RetryCallState

from sauda.beside import AtLast
from sauda.calendar import Calendar, load_calendar
from sauda.rests import LARGEST
from sauda.runner import UnitRunner
from sauda.settings import Settings
from sauda.testing.counting import counter_unit
from sauda.unit import REQUEUED, Unit
from sauda.writer import WriterRunner
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.risk.rules_file import load_risk
from sauda_execution.settings import Limits
from sauda_execution.units import house
from sauda_feed.desk import Desk as FeedDesk
from sauda_feed.feed import Feed
from sauda_pnl.valuation import valuation_unit
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.option_kinds import ShortStraddleRules
from simulation.connection import LineLog
from simulation.group import Database, Group, GroupConsumer, MemorySink
from simulation.line import Line
from simulation.processes import Process, Work
from simulation.server import MakeLog, Server, honest_log
from simulation.tape import Bell, Tape, TapeSource
from simulation.world import World

WRITTEN: Final = ("pnl", "executions", "orders", REQUEUED)
"""What the writers carry out, as `sauda_pnl.__main__` has it."""
_CONFIG: Final = Path(__file__).parents[1] / "config"
_STEP: Final = 40
"""Entries in a step at the most."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a desk is made of; a planted bug replaces one of them."""

    make_log: MakeLog = honest_log
    runner: type[UnitRunner] = UnitRunner
    writer: type[WriterRunner] = WriterRunner
    feed_desk: type[FeedDesk] = FeedDesk
    change: Callable[[Unit, World], Unit] = field(default=lambda unit, _world: unit)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed decides about the desk itself."""

    lease_ms: int
    pace_ms: int
    """Between two instants of the tape."""
    straddles: dict[str, ShortStraddleRules]
    speed: float
    """Seconds of market time in one of the desk's: what the guards against lag are measured by."""
    is_bare: bool
    """Whether the exchange has no charges, account, order rules and limits: its shortest way, and the most fills."""
    replicas: dict[str, int]
    """role -> how many processes"""


@cache
def _calendar() -> Calendar:
    return load_calendar(_CONFIG / "market")


@cache
def _full_house(speed: float) -> House:
    return house(Settings(speed=speed, config=_CONFIG), load_risk(_CONFIG))


def drawn_plan(dice: random.Random) -> Plan:
    """Return a desk of one or two straddles, each service once or twice."""
    # `b` sells first: what is kept in the order of arrival is then not in the order of names.
    entries = {"b": "09:16", "a": "09:17"} if dice.random() < 0.6 else {"a": "09:16"}
    straddles = {
        name: ShortStraddleRules.model_validate(
            {
                "kind": "short_straddle",
                "tsymbol": "NIFTY",
                "stop_loss_percentage": dice.choice((2.0, 6.0, 25.0)),
                "entry_time": entry,
                "exit_time": "09:18",
            }
        )
        for name, entry in entries.items()
    }
    roles = ("feed", *(f"strategy.{name}" for name in straddles), "execution", "pnl", "counter", "writer")
    return Plan(
        lease_ms=dice.choice((100, 200, 300)),
        pace_ms=dice.choice((8, 15, 25)),
        straddles=straddles,
        speed=dice.choice((1, 5, 50)),
        is_bare=dice.random() < 0.3,
        replicas={role: dice.choice((1, 1, 2)) for role in roles},
    )


class Desk:
    """A desk's server, database and units, and the work of each role."""

    def __init__(self, world: World, plan: Plan, tape: Tape, parts: Parts) -> None:
        self.server = Server(world, parts.make_log)
        self.database = Database(world)
        self.group = Group("writer.simulated", WRITTEN)
        self.server.keeps.append(self.group)
        self.bell = Bell()
        self.units = [parts.change(unit, world) for unit in _units(plan)]
        self._world = world
        self._plan = plan
        self._tape = tape
        self._parts = parts

    def works(self) -> dict[str, Work]:
        """Return what each role runs."""
        carried = {_role_of(unit): self._unit_work(unit) for unit in self.units}
        return {"feed": self._feed_work, **carried, "writer": self._writer_work}

    def _unit_work(self, unit: Unit) -> Work:
        def work(process: Process) -> None:
            log = LineLog(Line(self._world, process), self.server)
            seconds = self._world.seconds
            # Small steps, so that a unit that comes back late needs many.
            batch = _STEP // LARGEST if unit.long_rest_ms else _STEP
            runner = self._parts.runner(
                unit, log, process.name, lease_ms=self._plan.lease_ms, batch=batch, seconds=seconds
            )
            runner.run(process)

        return work

    def _feed_work(self, process: Process) -> None:
        log = LineLog(Line(self._world, process), self.server)
        world = self._world
        desk = self._parts.feed_desk(log, process.name, self._plan.lease_ms, world.seconds)

        def source() -> TapeSource:
            return TapeSource(
                self._tape,
                self._plan.pace_ms * 1_000_000,
                lambda: world.now_ns,
                lambda seconds: world.rest(seconds * 1000),
                self.bell,
            )

        Feed([desk], source, limit=30, seconds=world.seconds).run(process)

    def _writer_work(self, process: Process) -> None:
        line = Line(self._world, process)
        consumer = GroupConsumer(line, self.server, self.group, process.name)
        self._parts.writer(
            consumer,
            MemorySink(line, self.database),
            count=100,
            block_ms=100,
            linger_ms=20,
            claim_after_ms=2 * self._plan.lease_ms,
            clock=self.server.clock,
            seconds=self._world.seconds,
            pause=_growing,
            beside=AtLast(),
        ).run(process)


def _units(plan: Plan) -> list[Unit]:
    calendar = _calendar()
    straddles = [
        strategy_unit(name, rules, lambda exchange, day: calendar.session(exchange, day) is not None)
        for name, rules in plan.straddles.items()
    ]
    return [*straddles, paper_unit(_house(plan)), valuation_unit(), counter_unit()]


def _house(plan: Plan) -> House:
    if plan.is_bare:
        return House(_calendar(), Limits.at_speed(plan.speed, max_order_age_s=30, stale_quote_s=30))
    return _full_house(plan.speed)


def _role_of(unit: Unit) -> str:
    return unit.name if unit.name.startswith("strategy.") else unit.name.partition(".")[0]


def _growing(state: RetryCallState) -> float:
    return min(0.05 * state.attempt_number, 1.0)
