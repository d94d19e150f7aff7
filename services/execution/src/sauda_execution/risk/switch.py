"""What people say: the kill switch and its taking back, a square-off. Also refuses for their sake.

Halting, withdrawing and closing are one step: it is committed whole or not at all, and needs no strategy.
"""

from collections.abc import Sequence

from sauda.clock import clock_text
from sauda.contracts import Alert, Fill, Halt, Level, Message, PlaceOrder, Resume, SquareOff
from sauda.state import State
from sauda_execution.acts import Act, Say
from sauda_execution.checks import DESK, Moment, Refusal
from sauda_execution.known import Known
from sauda_execution.parts import Part
from sauda_execution.risk.flatten import Flattener
from sauda_execution.risk.halts import Halts

KILL = "kill"
SQUARE_OFF = "square-off"


class Switch(Part):
    """Turns a person's word into acts, and sees every wish to close through."""

    def __init__(self, state: State, known: Known, halts: Halts, flattener: Flattener, source: str) -> None:
        self._known = known
        self._halts = halts
        self._flattener = flattener
        self._source = source
        self._squared_off = state.table("squared_off", int)
        """Strategy, or `*` for the desk -> `event_ns` of the last square-off done for it."""

    @property
    def due_ns(self) -> int:
        """Return when something that is to be closed is looked at again."""
        return self._flattener.due_ns

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Refuse entries of whoever a limit has halted, and whatever gets in the way of closing."""
        if not moment.is_exit:
            return self._halts.refusal(order.strategy)
        return None if moment.is_change else self._flattener.refusal(order)

    def on_message(self, message: Message) -> Sequence[Act]:
        """Do as a person says."""
        match message:
            case Halt():
                return self._on_halt(message)
            case Resume():
                self._known.control.drop("halted")
                return self._flattener.end(KILL, None, f"the desk was resumed by {message.by}")
            case SquareOff():
                return self._on_square_off(message)
            case _:
                return ()

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """Follow the closing orders."""
        self._flattener.on_accepted(order)
        return ()

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """See whether nothing is held any more."""
        return self._flattener.tidied()

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Follow the closing orders."""
        self._flattener.on_ended(order)
        return ()

    def on_refused(self, order: PlaceOrder, refusal: Refusal) -> Sequence[Act]:
        """Follow the closing orders."""
        return self._flattener.on_refused(order, refusal)

    def on_due(self, now_ns: int) -> Sequence[Act]:
        """Close what is still held."""
        return self._flattener.on_due(now_ns)

    def _on_halt(self, halt: Halt) -> Sequence[Act]:
        who = f"by {halt.by} since {clock_text(halt.event_ns)} IST: {halt.reason}"
        self._known.control.put("halted", who)
        if not halt.flatten:
            return ()
        why, stamp_ns = f"halted by {halt.by}: {halt.reason}", self._known.stamp_ns(halt.event_ns)
        return [
            Say(Alert(self._source, Level.CRITICAL, "KILL_SWITCH", f"the desk was {why}", stamp_ns)),
            *self._flattener.begin(KILL, None, why, halt.event_ns, tells=True),
        ]

    def _on_square_off(self, request: SquareOff) -> Sequence[Act]:
        """Do each request once: it may come again."""
        whose = request.strategy or DESK
        if self._squared_off.get(whose) == request.event_ns:
            return ()
        self._squared_off.put(whose, request.event_ns)
        why = f"square-off by {request.by}"
        return self._flattener.begin(SQUARE_OFF, request.strategy, why, request.event_ns, tells=False)
