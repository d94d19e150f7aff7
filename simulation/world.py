"""Time, turns and chance: all that happens in a run happens here, one thing after the other.

Every process of the desk is a thread, so that it can stop in the middle of anything; but a thread runs only while it has the
turn, and gives it away at a point that the world knows. So nothing depends on the machine, and a seed is a whole run.
"""

import hashlib
import random
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs

BEGIN_NS: Final[UnixNs] = 1_795_000_000 * NS_PER_S
"""Any instant does; it is what the simulated server's ids begin with."""


class Killed(BaseException):
    """Ends a thread of a process that was killed, wherever it is; it is no error that anything may catch."""


class Strand:
    """What takes turns: a thread of its own, or the one that runs the simulation."""

    def __init__(self, name: str, work: Callable[[], None] | None = None) -> None:
        self.name = name
        self.killed = False
        self.over = False
        self.ticket = 0
        """The place in the queue that counts; earlier ones are stale."""
        self.due_ns: UnixNs = 0
        self.go = threading.Lock()
        self.go.acquire()
        self.work = work
        self.begun = work is None


class World:
    """One run's time and order."""

    def __init__(self, seed: int, *, tracing: bool = False) -> None:
        self.dice = random.Random(seed)  # noqa: S311  (chance that repeats)
        self.now_ns: UnixNs = BEGIN_NS
        self.points = 0
        """Calls and waits so far: the places at which something can go wrong."""
        self.seen: Counter[str] = Counter()
        """What this run had in it, for the coverage."""
        self.violations: list[str] = []
        self._digest = hashlib.blake2b(digest_size=16)
        self._tracing = tracing
        self.trace: list[str] = []
        self._queue: list[tuple[UnixNs, float, int, Strand | Callable[[], None]]] = []
        self._tickets = 0
        self.running = Strand("main")
        """Whose turn it is."""

    def seconds(self) -> float:
        """Return passing time, as every process of this world sees it."""
        return (self.now_ns - BEGIN_NS) / NS_PER_S

    def note(self, who: str, what: str) -> None:
        """Put a line into the trace; it is part of the run's digest."""
        line = f"{(self.now_ns - BEGIN_NS) / NS_PER_MS:10.3f} ms  {self.points:5}  {who:24} {what}"
        self._digest.update(line.encode())
        if self._tracing:
            self.trace.append(line)

    def digest(self) -> str:
        """Return what tells this run from any other."""
        return self._digest.hexdigest()

    def violation(self, text: str) -> None:
        """Note that something happened that must not."""
        self.note("VIOLATION", text)
        self.violations.append(text)

    # Whose turn it is.

    def begin(self, name: str, work: Callable[[], None]) -> Strand:
        """Start a strand; its first turn comes when others rest."""
        strand = Strand(name, work)
        self.wake(strand, self.now_ns, again=True)
        return strand

    def rest(self, ms: float) -> None:
        """Let the running strand's time pass, and others act meanwhile."""
        self.rest_until(self.now_ns + round(ms * NS_PER_MS))

    def rest_until(self, until_ns: UnixNs) -> None:
        """Let the running strand sleep until *until_ns*, or until it is woken."""
        me = self.running
        self.wake(me, until_ns, again=True)
        following = self._next()
        if following is not me:
            self._give_turn(following)
            me.go.acquire()
        if me.killed:
            raise Killed

    def wake(self, strand: Strand, at_ns: UnixNs, *, again: bool = False) -> None:
        """Let *strand* have its next turn at *at_ns*; a later instant than it waits for anyway changes nothing, unless *again*."""
        if strand.over or (not again and at_ns >= strand.due_ns):
            return
        self._tickets += 1
        strand.ticket, strand.due_ns = self._tickets, at_ns
        heappush(self._queue, (at_ns, self.dice.random(), self._tickets, strand))

    def later(self, ms: float, action: Callable[[], None]) -> None:
        """Have *action* done in *ms*; it must not rest."""
        self._tickets += 1
        at_ns = self.now_ns + round(ms * NS_PER_MS)
        heappush(self._queue, (at_ns, self.dice.random(), self._tickets, action))

    def kill(self, strand: Strand) -> None:
        """End *strand* at its next turn, which is now."""
        if not strand.over:
            strand.killed = True
            if strand is not self.running:
                self.wake(strand, self.now_ns, again=True)

    def end(self, strand: Strand) -> None:
        """Kill *strand* and wait until it is gone."""
        self.kill(strand)
        while not strand.over:
            self.rest(0)

    def _next(self) -> Strand:
        while True:
            at_ns, _, ticket, item = heappop(self._queue)
            if not isinstance(item, Strand):
                self.now_ns = max(self.now_ns, at_ns)
                item()
            elif item.ticket == ticket and not item.over:
                self.now_ns = max(self.now_ns, at_ns)
                return item

    def _give_turn(self, strand: Strand) -> None:
        self.running = strand
        if strand.begun:
            strand.go.release()
        else:
            strand.begun = True
            threading.Thread(target=self._live, args=(strand,), daemon=True, name=strand.name).start()

    def _live(self, strand: Strand) -> None:
        try:
            if strand.work is not None and not strand.killed:
                strand.work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  (whatever ends a process is a finding)
            where = "".join(traceback.format_exception(error)[-4:])
            self.violation(f"{strand.name} ended: {type(error).__name__}: {error}\n{where}")
        strand.over = True
        self._give_turn(self._next())
