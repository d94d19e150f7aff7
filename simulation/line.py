"""A process's way to the server: any call may come late, get lost, be done without an answer, or be the process's last."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sauda.errors import LeaseLostError, PositionError, SaudaError, TransientError
from simulation.faults import Fault, Kind
from simulation.world import World

T = TypeVar("T")


class Caller(Protocol):
    """The process at this end of the line."""

    name: str
    slow_until_ns: int

    def fault(self, call: str) -> Fault | None:
        """Count a point, and return what goes wrong with the process at it."""

    def die(self, again_ms: int) -> None:
        """End here and now; start again in *again_ms*."""


class Line:
    """Makes calls for one process."""

    def __init__(self, world: World, caller: Caller) -> None:
        self.world = world
        self._caller = caller

    def call(
        self,
        name: str,
        action: Callable[[], T],
        *,
        refuse: Callable[[], None] = lambda: None,
        late: Callable[[], object] | None = None,
        about: str = "",
    ) -> T:
        """Do *action* where it is done; between here and there everything may go wrong.

        Args:
            name: What is called.
            action: What the other end does.
            refuse: Raises what it says on a bad day.
            late: What it does when nobody waits for the answer any more; without one, nothing.
            about: More for the trace.

        Raises:
            TransientError: no answer came; it was done or not.
        """
        caller, world = self._caller, self.world
        fault = caller.fault(name)
        kind = fault.kind if fault else None
        self._before(fault)
        self._travel()
        refuse()
        if fault and kind in (Kind.LOST_REQUEST, Kind.LATE_REQUEST):
            self._go_astray(fault, name + about, late)
        try:
            result = action()
        except (LeaseLostError, PositionError) as error:
            world.note(caller.name, f"{name}{about}: {error}")
            world.seen[f"{name} refused: {type(error).__name__}"] += 1
            raise
        world.note(caller.name, name + about)
        self._after(fault, name)
        self._travel()
        return result

    def _before(self, fault: Fault | None) -> None:
        if fault is None:
            return
        if fault.kind is Kind.CRASH_BEFORE:
            self._caller.die(fault.ms)
        elif fault.kind is Kind.PAUSE_BEFORE:
            self.world.rest(fault.ms)

    def _go_astray(self, fault: Fault, what: str, late: Callable[[], object] | None) -> None:
        world, name = self.world, self._caller.name
        world.note(name, f"{what}: request lost")
        if fault.kind is Kind.LOST_REQUEST or late is None:
            world.rest(fault.ms)
            raise TransientError("the request was lost")

        def arrive() -> None:
            try:
                late()
            except SaudaError as error:
                world.note(name, f"{what}: came late, {error}")
            else:
                world.note(name, f"{what}: came late and was done")
                world.seen["late requests that were done"] += 1

        world.later(fault.ms, arrive)
        raise TransientError("the connection was cut")

    def _after(self, fault: Fault | None, name: str) -> None:
        if fault is None:
            return
        if fault.kind is Kind.CRASH_AFTER:
            self.world.seen[f"died after a {name} was done"] += 1
            self._caller.die(fault.ms)
        elif fault.kind is Kind.LOST_ANSWER:
            self.world.seen[f"answer to a {name} lost"] += 1
            self.world.rest(fault.ms)
            raise TransientError("the answer was lost")
        elif fault.kind is Kind.PAUSE_AFTER:
            self.world.rest(fault.ms)

    def _travel(self) -> None:
        dice, caller = self.world.dice, self._caller
        if self.world.now_ns < caller.slow_until_ns:
            self.world.rest(dice.uniform(5, 40))
        elif dice.random() < 0.2:
            self.world.rest(dice.random())
