"""What a person steers: halt, resume, square off. Closing goes the way of all orders, with no help of a strategy."""

from sauda.clock import clock_text
from sauda.contracts import Halt, Resume, SquareOff
from sauda.state import State
from sauda_execution.acts import Act
from sauda_execution.known import Known
from sauda_execution.leaving import leave


class Steering:
    """Turns a person's word into acts."""

    def __init__(self, state: State, known: Known) -> None:
        self._known = known
        self._squared_off = state.table("squared_off", int)
        """Strategy, or `*` for the desk -> `event_ns` of the last square-off done for it."""

    def on_halt(self, halt: Halt) -> list[Act]:
        """Accept no entry from now on; leave everything in the same step if that is asked."""
        who = f"by {halt.by} since {clock_text(halt.event_ns)} IST: {halt.reason}"
        self._known.control.put("halted", who)
        if not halt.flatten:
            return []
        return self._leave(None, f"halted by {halt.by}: {halt.reason}", halt.event_ns)

    def on_resume(self, _: Resume) -> list[Act]:
        """Accept entries again."""
        self._known.control.drop("halted")
        return []

    def on_square_off(self, request: SquareOff) -> list[Act]:
        """Cancel what works and leave what is held, for one strategy or all; once for each request."""
        whose = request.strategy or "*"
        if self._squared_off.get(whose) == request.event_ns:
            return []
        self._squared_off.put(whose, request.event_ns)
        return self._leave(request.strategy, f"square-off by {request.by}", request.event_ns)

    def _leave(self, strategy: str | None, reason: str, asked_ns: int) -> list[Act]:
        return leave(self._known.book, strategy, reason, asked_ns, self._known.market.now_ns)
