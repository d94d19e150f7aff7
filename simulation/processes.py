"""One process of the desk: it lives, dies, is started again. What runs in it is the real thing."""

from collections.abc import Callable

from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs
from simulation.faults import Fault, Kind, Schedule
from simulation.world import Killed, Strand, World

Work = Callable[["Process"], None]
"""Runs until the process, which is its `sauda.runner.Stop`, says so."""


class Process:
    """A role's replica. It is the `Stop` of whatever runs in it, and the caller of its lines."""

    def __init__(
        self, name: str, world: World, schedule: Schedule, *, work: Work, happen: Callable[[Fault], None]
    ) -> None:
        """Make a process that has not begun; *name* is its role and number, as in `feed#0`."""
        self.name = name
        self.role = name.partition("#")[0]
        self.slow_until_ns: UnixNs = 0
        self.lives = 0
        self._world = world
        self._schedule = schedule
        self._work = work
        self._happen = happen
        """Does what does not concern a single process."""
        self._strand: Strand | None = None
        self._stopping = False

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._strand is not None and not self._strand.over and not self._strand.killed

    def start(self) -> None:
        """Begin a life, unless one is being lived."""
        if not self.alive:
            self.lives += 1
            self._stopping = False
            self._strand = self._world.begin(self.name, self._live)
            self._world.note(self.name, f"starts, life {self.lives}")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._strand is not None:
            self._world.kill(self._strand)

    @property
    def strand(self) -> Strand | None:
        """Return what its present life runs on."""
        return self._strand

    def _live(self) -> None:
        self._work(self)
        self._world.note(self.name, "ends")
        if self._stopping:
            self._world.seen["orderly restarts"] += 1
            self._world.later(1, self.start)

    # What runs in it asks whether to go on.

    def is_set(self) -> bool:
        """See `sauda.runner.Stop`."""
        return self._stopping

    def wait(self, timeout: float) -> bool:
        """See `sauda.runner.Stop`; here too a process can die or freeze."""
        fault = self.fault("")
        if fault is not None and fault.kind in (Kind.CRASH_BEFORE, Kind.CRASH_AFTER):
            self.die(fault.ms)
        pause_ms = (
            fault.ms if fault is not None and fault.kind in (Kind.PAUSE_BEFORE, Kind.PAUSE_AFTER) else 0
        )
        self._world.rest_until(self._world.now_ns + round(timeout * NS_PER_S) + pause_ms * NS_PER_MS)
        return self._stopping

    # What its lines ask.

    def fault(self, call: str) -> Fault | None:
        """See `simulation.line.Caller`."""
        world = self._world
        if self._strand is not world.running or self._strand.killed:
            # Dead already, and on its way out: what it says in its last moment is heard by nobody.
            raise Killed
        world.points += 1
        fault = self._schedule.due(world.points, call, self.role)
        if fault is None:
            return None
        world.note(self.name, f"FAULT {fault.kind.value} {fault.what} {fault.ms} ms")
        world.seen[fault.kind.name.lower()] += 1
        if fault.kind is Kind.SLOW:
            self.slow_until_ns = world.now_ns + fault.ms * NS_PER_MS
        elif fault.kind is Kind.RESTART:
            self._stopping = True
        else:
            self._happen(fault)
        return fault

    def die(self, again_ms: int) -> None:
        """See `simulation.line.Caller`."""
        self.kill()
        self._world.later(again_ms, self.start)
        raise Killed
