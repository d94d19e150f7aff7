"""The server of a simulated desk: the log in memory, its waiting readers, its consumer groups, and its bad days.

What it watches after every step are the promises that a commit makes; they need no re-run to be seen broken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sauda.clock import NS_PER_MS, UnixNs
from sauda.codec import decode
from sauda.contracts import Commit
from sauda.errors import InvariantError, TransientError
from sauda.log import Entry, Lease, Position, Step
from sauda.memory_log import MemoryLog
from sauda.merge import id_parts
from simulation.world import Strand, World

MakeLog = Callable[["ServerClock"], MemoryLog]


class ServerClock:
    """The server's own clock: the world's, and whatever it was set forward."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ahead_ns = 0

    def now_ns(self) -> UnixNs:
        """Return the time that ids and leases go by."""
        return self._world.now_ns + self.ahead_ns

    def sleep(self, seconds: float) -> None:
        """See `sauda.clock.Clock`; a server does not sleep."""
        raise InvariantError(f"the simulated server was to sleep for {seconds} s")


@dataclass(slots=True, eq=False)
class Waiter:
    """A blocked read."""

    strand: Strand
    positions: Mapping[str, Position]
    count: int
    answer: list[Entry] | None = None


def honest_log(clock: ServerClock) -> MemoryLog:
    """Return a log that keeps its promises, and counts ids as a server does."""
    return MemoryLog("simulated", clock, one_count=False)


class Keeps(Protocol):
    """Something on the server that is on its disk too."""

    def remember(self) -> Callable[[], None]:
        """Return what brings this moment back."""


class Server:
    """One desk's server."""

    def __init__(self, world: World, make_log: MakeLog = honest_log) -> None:
        self.clock = ServerClock(world)
        self.log = make_log(self.clock)
        self.waiters: list[Waiter] = []
        self.lives = 1
        """Grows with every restart: connections to an earlier life are dead."""
        self.keeps: list[Keeps] = []
        """What is remembered and forgotten together with the log."""
        self._world = world
        self._away_until_ns: UnixNs = 0
        self._full_until_ns: UnixNs = 0
        self._times_forgotten = 0
        self._epochs: dict[str, int] = {}
        """unit -> the newest epoch that was given out"""
        self._positions: dict[tuple[str, str], bytes] = {}
        """unit, stream -> where the last accepted step ended"""

    # Bad days.

    def go_away(self, ms: int) -> None:
        """Be dead for *ms*; blocked reads end without an answer."""
        self.lives += 1
        self._away_until_ns = self._world.now_ns + ms * NS_PER_MS
        for waiter in self.waiters:
            self._world.wake(waiter.strand, self._world.now_ns)

    def forget(self, after_ms: int, ms: int) -> None:
        """Die in *after_ms*, and come back *ms* later with what is on the disk now: all of it, and nothing of since then."""
        back = [kept.remember() for kept in self.keeps]
        back.append(self._remember())

        times = self._times_forgotten

        def die() -> None:
            if times != self._times_forgotten:
                return  # It died in between, and what is remembered here never was.
            self._times_forgotten += 1
            self.go_away(ms)
            for bring_back in back:
                bring_back()
            self._world.note("server", "died, and comes back without its last moments")

        self._world.later(after_ms, die)

    def _remember(self) -> Callable[[], None]:
        log, epochs, positions = self.log.remember(), dict(self._epochs), dict(self._positions)

        def bring_back() -> None:
            log()
            self._epochs, self._positions = epochs, positions

        return bring_back

    def fill_up(self, ms: int) -> None:
        """Refuse for *ms* whatever needs memory."""
        self._full_until_ns = self._world.now_ns + ms * NS_PER_MS

    def jump(self, ms: int) -> None:
        """Set the clock forward: leases run out early."""
        self.clock.ahead_ns += ms * NS_PER_MS

    def heal(self) -> None:
        """Have good days only."""
        self._away_until_ns = self._full_until_ns = 0

    def refuse(self, *, needs_memory: bool) -> None:
        """Raise what a client would see on a bad day."""
        if self._world.now_ns < self._away_until_ns:
            self._world.seen["calls while the server was away"] += 1
            raise TransientError("Redis at simulated does not answer")
        if needs_memory and self._world.now_ns < self._full_until_ns:
            self._world.seen["writes refused by a full server"] += 1
            raise TransientError("Redis at simulated refused: OOM command not allowed")

    # What it watches.

    def took(self, lease: Lease) -> None:
        """Look at a lease that was given out."""
        newest = self._epochs.get(lease.unit, 0)
        if lease.epoch <= newest:
            self._world.violation(f"{lease.unit}: epoch {lease.epoch} was given out after {newest}")
        if newest:
            self._world.seen["holders that followed another"] += 1
        self._epochs[lease.unit] = lease.epoch

    def did(self, lease: Lease, step: Step) -> None:
        """Look at a step that was accepted."""
        unit = lease.unit
        if lease.epoch != self._epochs.get(unit):
            self._world.violation(
                f"{unit}: a step of epoch {lease.epoch} was accepted after {self._epochs[unit]}"
            )
        committed = self.log.positions_of(unit)
        for name, move in step.moves.items():
            before = self._positions.get((unit, name), move.before.id)
            if move.before.id != before or id_parts(move.after.id) <= id_parts(before):
                self._world.violation(f"{unit}: {name} stood at {before!r}, and a step moved it by {move}")
            if committed[name] != move.after:
                self._world.violation(f"{unit}: {name} should stand at {move.after}, not {committed[name]}")
            self._positions[unit, name] = move.after.id
        if step.moves:
            self._check_journal(unit, step)
        self.wrote([output.stream for output in step.outputs])

    def _check_journal(self, unit: str, step: Step) -> None:
        record = decode(self.log.entries("journal")[-1].data)
        after = {name: move.after.id.decode() for name, move in step.moves.items()}
        if not isinstance(record, Commit) or (record.unit, record.after) != (unit, after):
            self._world.violation(f"{unit}: a step to {after} left {record} in the journal")

    # Blocked reads.

    def wrote(self, streams: Sequence[str]) -> None:
        """Answer the reads that wait for one of *streams*."""
        if not self.waiters:
            return
        for stream in dict.fromkeys(streams):
            for waiter in list(self.waiters):
                if stream in waiter.positions and waiter.answer is None:
                    # As on a real server: whoever waits gets the stream that woke it, and that one alone.
                    waiter.answer = self.log.read({stream: waiter.positions[stream]}, waiter.count, 0)
                    self._world.wake(waiter.strand, self._world.now_ns)

    def wait(self, positions: Mapping[str, Position], count: int, ms: int) -> list[Entry]:
        """Block the running strand until something is written behind *positions*."""
        waiter = Waiter(self._world.running, positions, count)
        self.waiters.append(waiter)
        try:
            self._world.rest(ms)
        finally:
            self.waiters.remove(waiter)
        if waiter.answer is None:
            self.refuse(needs_memory=False)
        return waiter.answer or []
