"""A unit small enough to reason about: it counts what it is given and says so. For tests of logs and runners."""

from collections.abc import Sequence

from sauda.contracts import Alert, ClockTick, Level, Message, Tick
from sauda.errors import InvariantError
from sauda.state import State
from sauda.unit import Unit

POISON_LTP = 13
"""A tick at this price makes `handle` raise after it has changed the state."""

IMPOSSIBLE_LTP = 666
"""A tick at this price makes the unit find its own state impossible."""


class Counter:
    """Adds up prices; every tick says the sum so far, a clock says nothing."""

    def __init__(self) -> None:
        self.state = State()
        self._sums = self.state.table("sums", int)

    def handle(self, message: Message) -> Sequence[Message]:
        """Add a tick's price to its instrument's sum."""
        match message:
            case Tick():
                total = (self._sums.get(message.instrument) or 0) + message.ltp
                self._sums.put(message.instrument, total)
                if message.ltp == POISON_LTP:
                    raise ValueError("unlucky")
                if message.ltp == IMPOSSIBLE_LTP:
                    raise InvariantError("the sums are impossible")
                return [self._said(message.instrument, total, message.recv_ns)]
            case ClockTick():
                return []
            case _:
                return [self._said(type(message).__name__, len(self._sums), 0)]

    def restored(self) -> None:
        """Nothing is derived from the state."""

    def _said(self, what: str, total: int, event_ns: int) -> Alert:
        return Alert(
            source="counter", level=Level.INFO, code="SUM", text=f"{what}={total}", event_ns=event_ns
        )


def counter_unit(name: str = "counter") -> Unit:
    """Return a unit that reads ticks and orders."""
    return Unit(name, ("ticks", "orders"), Counter)
