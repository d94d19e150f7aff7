"""One run: a desk lives through its faults, is healed, works off what there is, and is judged."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sauda.clock import NS_PER_S
from sauda.log import BEGINNING, Output
from sauda_feed.progress import UNIT as FEED
from sauda_feed.progress import loaded
from simulation.desk import Desk, Parts, drawn_plan
from simulation.faults import Fault, Kind, Schedule, drawn
from simulation.processes import Process
from simulation.strangers import command, poison
from simulation.tape import STEPS, drawn_tape
from simulation.verdict import judge
from simulation.world import World

POINTS: Final = 350
"""About as many points as a run has before it is healed; faults are spread over them."""

_DAY_S: Final = 5
"""A disturbed market may take so long; then it is healed wherever it stands."""
_PATIENCE_S: Final = 10
"""A healed desk that has not worked everything off by then never will."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one seed came to."""

    seed: int
    digest: str
    violations: list[str]
    faults: list[Fault]
    """Those that happened."""
    seen: Counter[str]
    trace: list[str]


class Life:
    """One run, from its seed."""

    def __init__(
        self,
        seed: int,
        *,
        parts: Parts | None = None,
        faults: list[Fault] | None = None,
        steps: int = STEPS,
        tracing: bool = False,
    ) -> None:
        """Prepare a run.

        Args:
            seed: Decides everything.
            parts: What to build the desk of.
            faults: Instead of those that the seed draws.
            steps: Instants of the market.
            tracing: Whether to keep every line of what happens.
        """
        self.seed = seed
        self.world = World(seed, tracing=tracing)
        # Chance from several sources, so that a shorter list of faults leaves the desk and its market as they were.
        plan = drawn_plan(random.Random(f"{seed} plan"))  # noqa: S311
        tape = drawn_tape(random.Random(f"{seed} tape"), steps)  # noqa: S311
        if faults is None:
            faults = drawn(random.Random(f"{seed} faults"), plan.lease_ms, POINTS)  # noqa: S311
        self._schedule = Schedule(faults)
        self._tape = tape
        self._desk = Desk(self.world, plan, tape, parts or Parts())
        self._poisoned: set[tuple[str, bytes]] = set()
        """stream and id of what strangers wrote"""
        self._processes = [
            Process(f"{role}#{number}", self.world, self._schedule, work=work, happen=self._happen)
            for role, work in self._desk.works().items()
            for number in range(plan.replicas[role])
        ]

    def run(self) -> Outcome:
        """Live it and judge it."""
        world, rows = self.world, self._tape.rows
        for process in self._processes:
            world.later(world.dice.uniform(0, 30), process.start)
        self._pass(_DAY_S, lambda: self._row() >= self._tape.day_rows)
        self._heal()
        self._work_off(self._tape.day_rows)
        self._desk.bell.rung = True
        self._work_off(len(rows))
        for process in self._processes:
            if process.strand is not None:
                world.end(process.strand)
        if not world.violations:
            judge(world, self._desk, self._tape, self._poisoned)
        for name in ("executions", "pnl", "journal"):
            world.note(name, str(self._desk.server.log.entries(name)[-1:]))
        return Outcome(
            self.seed, world.digest(), world.violations, self._schedule.happened, world.seen, world.trace
        )

    def _pass(self, seconds: float, until: Callable[[], bool]) -> bool:
        """Let time pass until it has come true; return whether it has."""
        world = self.world
        end_ns = world.now_ns + round(seconds * NS_PER_S)
        while not until():
            if world.violations or world.now_ns > end_ns:
                return False
            world.rest(25)
        return True

    def _heal(self) -> None:
        self.world.note("main", "everything is healed")
        self._schedule.drop_the_rest()
        self._desk.server.heal()
        self._desk.database.heal()
        for process in self._processes:
            process.slow_until_ns = 0
            process.start()

    def _work_off(self, rows: int) -> None:
        if not self.world.violations and not self._pass(_PATIENCE_S, lambda: not self._unfinished(rows)):
            self.world.violation(f"a healed desk never came to rest: {'; '.join(self._unfinished(rows))}")

    def _row(self) -> int:
        return loaded(self._desk.server.log.state_of(FEED)).row

    def _unfinished(self, rows: int) -> list[str]:
        """Say who has something left to do once the feed has played *rows*."""
        log, group = self._desk.server.log, self._desk.group
        left = [] if self._row() >= rows else [f"the feed stands at row {self._row()} of {rows}"]
        ends = {
            name: entries[-1].id if (entries := log.entries(name)) else BEGINNING
            for name in (
                "ticks",
                "instruments",
                "orders",
                "executions",
                "control",
                "pnl",
                "replies",
                "requeued",
            )
        }
        for unit in self._desk.units:
            at = log.positions_of(unit.name)
            left += [
                f"{unit.name} stands at {at.get(name)} of {name}, which ends at {ends[name]!r}"
                for name in unit.reads
                if name not in at or at[name].id != ends[name]
            ]
        left += [
            f"{group.name} stands at {group.cursors.get(name)!r} of {name}, which ends at {ends[name]!r}"
            for name in group.streams
            if group.cursors.get(name) != ends[name]
        ]
        return (
            [*left, f"{group.name} has not settled {len(group.pending)} entries"] if group.pending else left
        )

    def _happen(self, fault: Fault) -> None:
        """Do what does not concern a single process."""
        server = self._desk.server
        match fault.kind:
            case Kind.SERVER_AWAY:
                server.go_away(fault.ms)
            case Kind.SERVER_FORGETS:
                server.forget(fault.ms // 2, fault.ms // 5)
            case Kind.SERVER_FULL:
                server.fill_up(fault.ms)
            case Kind.CLOCK_JUMP:
                server.jump(fault.ms)
            case Kind.SINK_AWAY:
                self._desk.database.go_away(fault.ms)
            case Kind.COMMAND:
                self._append(command(fault.what, self.world.points))
            case Kind.POISON:
                entry_id = self._append(poison(fault.what))
                self._poisoned.add((fault.what.partition(":")[0], entry_id))
            case _:
                pass

    def _append(self, output: Output) -> bytes:
        server = self._desk.server
        (entry_id,) = server.log.append([output])
        server.wrote([output.stream])
        return entry_id
