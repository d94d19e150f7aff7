"""Does to the desk what the schedule says, and undoes it when its time is over."""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from chaos.desk import REPLICAS, ChaosDesk, Victim
from chaos.recovery import Kill, Witness
from chaos.replica import STOP_S
from chaos.schedule import SERVERS, Act, Event
from sauda.clock import SystemClock, monotonic_s

Tell = Callable[[float, str, str], None]
"""Is given the second, what was done, and to whom."""


@dataclass
class Deeds:
    """One run of a schedule."""

    world: ChaosDesk
    witness: Witness
    tell: Tell
    done: Counter[str] = field(default_factory=Counter)
    """act -> how often it was done"""
    passed_over: Counter[str] = field(default_factory=Counter)
    """act -> how often there was nobody left to do it to"""
    kills: list[Kill] = field(default_factory=list)
    _later: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _began_s: float = 0.0
    _doubles: "count[int]" = field(default_factory=lambda: count(REPLICAS + 1))

    def run(self, events: list[Event]) -> None:
        """Do all *events* in their time, and undo the last of them."""
        self._began_s = monotonic_s()
        for event in events:
            self._at(event.at_s, partial(self._do, event))
        while self._later:
            at_s, _, deed = self._later[0]
            wait_s = at_s - self._now_s()
            if wait_s > 0:
                SystemClock().sleep(min(wait_s, 0.2))
                continue
            heapq.heappop(self._later)
            deed()

    def _now_s(self) -> float:
        return monotonic_s() - self._began_s

    def _at(self, at_s: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self._later, (at_s, next(self._order), deed))

    def _after(self, seconds: float, deed: Callable[[], None]) -> None:
        self._at(self._now_s() + seconds, deed)

    def _do(self, event: Event) -> None:
        said = self._to_server(event) if event.act in SERVERS else self._to_replica(event)
        if said is None:
            self.passed_over[event.act.value] += 1
            return
        self.done[event.act.value] += 1
        self.tell(self._now_s(), *said)

    def _to_server(self, event: Event) -> tuple[str, str] | None:
        server = self.world.database if event.act is Act.KILL_DATABASE else self.world.redis
        if server is None or not server.runs:
            return None
        if event.act is Act.PAUSE_REDIS:
            server.pause()
            self._after(event.for_s, server.resume)
        else:
            server.kill()
            self._after(event.for_s, server.start)
        return f"{event.act.value.split()[0]} for {event.for_s:.1f} s", server.name

    def _to_replica(self, event: Event) -> tuple[str, str] | None:
        replica = self._victim(event)
        if replica is None:
            return None
        said = event.act.value
        match event.act:
            case Act.KILL:
                said = self._kill(replica, event.for_s)
            case Act.PAUSE:
                replica.pause()
                self._after(event.for_s, replica.resume)
                said = f"pause for {event.for_s:.1f} s"
            case Act.RESTART:
                replica.terminate()
                self._once_ended(replica, lambda: self._start(replica))
            case Act.DOUBLE:
                extra = self.world.add(replica.service, next(self._doubles))
                if extra is None:
                    return None
                self._after(event.for_s, lambda: self._leave(extra))
                said = f"double for {event.for_s:.1f} s"
            case _:
                undo = self.world.break_connections(event, replica.name)
                if undo is not None:
                    self._after(event.for_s, undo)
        return said, replica.name

    def _victim(self, event: Event) -> Victim | None:
        """Return the replica that is meant, or the other one if that is down already."""
        service, _, which = event.victim.partition("/")
        able = [one for one in self.world.victims.values() if one.service == service and one.works]
        if which == "holder":
            held = self.witness.held_by({one.holder: one.name for one in able}) or {}
            able.sort(key=lambda one: -len(held.get(one.name, ())))
        else:
            able.sort(key=lambda one: one.name != f"{service}-{which}")
        return able[0] if able else None

    def _kill(self, replica: Victim, back_after_s: float) -> str:
        seen = self.witness.held_by({replica.holder: replica.name})
        held = None if seen is None else seen.get(replica.name, {})
        at_ns = SystemClock().now_ns()
        replica.kill()
        self.kills.append(Kill(at_ns, replica.name, held, self._now_s()))
        self._after(back_after_s, lambda: self._start(replica))
        return f"kill -9, held {'nobody knows what' if held is None else _named(sorted(held))}"

    def _start(self, replica: Victim) -> None:
        # One that was an extra may have left meanwhile.
        if replica.ended and self.world.victims.get(replica.name) is replica:
            replica.start()

    def _leave(self, extra: Victim) -> None:
        extra.terminate()
        self._once_ended(extra, lambda: self.world.remove(extra.name))

    def _once_ended(self, replica: Victim, then: Callable[[], object], waited_s: float = 0.0) -> None:
        """Do *then* when the process has ended; one that does not end in its time is killed."""
        if not replica.ended and waited_s < STOP_S:
            self._after(0.1, lambda: self._once_ended(replica, then, waited_s + 0.1))
            return
        replica.kill()
        then()


def _named(units: list[str]) -> str:
    return ", ".join(units[:3]) + (f" and {len(units) - 3} more" if len(units) > 3 else "") or "nothing"
