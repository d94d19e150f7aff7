"""What strategies ask: place, change, cancel. Each order id is answered once for ever.

An order is answered at once and then travels to the market for `Limits.latency_ns`; a change or a cancellation travels
as long and is judged and answered when it arrives, so a fill may win the race. What the exchange itself withdraws or
reprices happens at once: it stands beside its own book.
"""

from typing import TypeAlias

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import CancelOrder, Message, ModifyOrder, OrderRejected, PlaceOrder
from sauda.state import State
from sauda_execution import answers
from sauda_execution.admission import Admission
from sauda_execution.book import FOREVER_NS, STOPS, Stage, changed_order
from sauda_execution.checks import Refusal, change_refusal, not_working_refusal
from sauda_execution.floor import Floor
from sauda_execution.known import Known
from sauda_execution.parts import Part, Parts

Request: TypeAlias = ModifyOrder | CancelOrder


class Travelling(msgspec.Struct, frozen=True):
    """A request on its way to the market."""

    arrives_ns: UnixNs
    request: Request


class Requests:
    """Takes the strategies' requests, and the exchange's own orders, one by one."""

    def __init__(self, state: State, known: Known, admission: Admission, floor: Floor, parts: Parts) -> None:
        self._known = known
        self._admission = admission
        self._floor = floor
        self._parts = parts
        self._travelling = state.table("travelling", Travelling)
        """Arrival and number among those of the same instant -> request."""
        self.first_arrival_ns: UnixNs = FOREVER_NS

    def place(self, order: PlaceOrder, *, made: bool = False, in_basket: bool = False) -> list[Message]:
        """Answer *order*, and let it travel to the market if it is accepted.

        Args:
            order: Anybody's.
            made: Whether the exchange made it.
            in_basket: Whether it was judged together with others.
        """
        first = self._known.book.answer(order.order_id)
        if first is not None:
            return [first]
        ruling = self._admission.judge(order, made=made, in_basket=in_basket)
        if ruling.refusal is not None:
            return self.refuse(order, ruling.refusal)
        going = ruling.order
        now_ns = self._known.market.now_ns
        accepted = answers.accepted(going, now_ns, is_new=made or going != order, slices=ruling.slices)
        self._known.book.remember(accepted)
        self._floor.enter(ruling, now_ns + self._known.limits.travel_ns)
        said: list[Message] = [accepted, *self._parts.tell(Part.on_accepted, going)]
        return said if self._known.limits.travel_ns else said + self._floor.arrive(going.order_id)

    def refuse(self, order: PlaceOrder, refusal: Refusal) -> list[Message]:
        """Answer *order* with No; an order that was answered before gets that answer again."""
        first = self._known.book.answer(order.order_id)
        if first is not None:
            return [first]
        rejected = self._no(order, order, refusal)
        self._known.book.remember(rejected)
        return [rejected, *self._parts.tell(Part.on_refused, order, refusal)]

    def ask(self, request: Request) -> list[Message]:
        """Let a change or a cancellation travel to the market."""
        latency_ns = self._known.limits.travel_ns
        if not latency_ns:
            return self._arrive(request)
        arrives_ns = self._known.market.now_ns + latency_ns
        # All of one instant leave together, so their number needs no counter that outlives them.
        number = sum(one.arrives_ns == arrives_ns for one in self._travelling.values())
        self._travelling.put(f"{arrives_ns:020d}-{number:06d}", Travelling(arrives_ns, request))
        self.first_arrival_ns = min(self.first_arrival_ns, arrives_ns)
        return []

    def arrivals(self) -> list[Message]:
        """Let in whatever has come to the market by now: by the instant of its arrival, orders before requests."""
        now_ns = self._known.market.now_ns
        if now_ns < min(self.first_arrival_ns, self._known.book.first_arrival_ns):
            return []
        come = [(w.arrives_ns, 0, w.order.order_id) for w in self._known.book.arrived(now_ns)]
        come += [
            (one.arrives_ns, 1, key) for key, one in self._travelling.items() if one.arrives_ns <= now_ns
        ]
        said: list[Message] = []
        for _, is_request, key in sorted(come):
            said += self._take_in(key) if is_request else self._floor.arrive(key)
        self.restored()
        return said

    def change(self, change: ModifyOrder, *, made: bool = False) -> list[Message]:
        """Give a working order new terms, now."""
        working = self._known.book.working(change.order_id)
        if working is None or working.order.strategy != change.strategy:
            return [self._not_working(change)]
        order = changed_order(working.order, change)
        is_triggered = order.kind in STOPS and working.stage not in (Stage.WAITING, Stage.TRAVELLING)
        refusal = change_refusal(change, working.filled, is_triggered=is_triggered)
        if refusal is not None:
            return [self._no(change, order, refusal)]
        ruling = self._admission.judge(order, filled=working.filled, is_change=True, made=made)
        if ruling.refusal is not None:
            return [self._no(change, order, ruling.refusal)]
        self._floor.change(working, ruling)
        said: list[Message] = [answers.modified(ruling.order, self._known.market.now_ns)]
        said += self._parts.tell(Part.on_modified, ruling.order, made=made)
        return said + self._floor.meet_last_quote(change.order_id)

    def restored(self) -> None:
        """Find the first arrival again."""
        self.first_arrival_ns = min((one.arrives_ns for one in self._travelling.values()), default=FOREVER_NS)

    def _take_in(self, key: str) -> list[Message]:
        request = self._travelling[key].request
        self._travelling.drop(key)
        return self._arrive(request)

    def _arrive(self, request: Request) -> list[Message]:
        if isinstance(request, ModifyOrder):
            return self.change(request)
        working = self._known.book.working(request.order_id)
        if working is None or working.order.strategy != request.strategy:
            return [self._not_working(request)]
        return self._floor.cancel(working, "cancelled by its strategy")

    def _no(self, asked: PlaceOrder | Request, order: PlaceOrder, refusal: Refusal) -> OrderRejected:
        stamp_ns = self._known.stamp_ns(asked.event_ns)
        return answers.rejected(order.order_id, order.strategy, order.instrument, refusal, stamp_ns)

    def _not_working(self, asked: Request) -> Message:
        first = self._known.book.answer(asked.order_id)
        is_theirs = first is not None and first.strategy == asked.strategy
        return answers.rejected(
            asked.order_id,
            asked.strategy,
            first.instrument if first is not None and is_theirs else "",
            not_working_refusal(asked, is_known=is_theirs),
            self._known.stamp_ns(asked.event_ns),
        )
