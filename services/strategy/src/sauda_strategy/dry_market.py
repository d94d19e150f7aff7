"""A dry run: what would have been sent is said in signals, and is taken to trade at the quote.

Market orders trade whole at the other side's price, stops when the last price touches them. A strategy that is told so
goes on as if it had traded: with stops, targets and an exit.
"""

from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from sauda.contracts import (
    CancelOrder,
    Fill,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    RejectReason,
    Side,
    Signal,
    Tick,
)
from sauda.money import Paise
from sauda_strategy.instance import Instance
from sauda_strategy.others import Answer


class DryMarket:
    """Answers the orders of one instance in the exchange's place."""

    def __init__(self, instance: Instance) -> None:
        self._my = instance
        self._stops = instance.state.table("dry_stops", PlaceOrder)
        """order id -> a stop that waits, its trigger where it stands now"""

    def play(self, message: Message, handle: Callable[[Message], Sequence[Message]]) -> Sequence[Message]:
        """Let *handle* take *message* and all that would have followed; return what is said."""
        if isinstance(message, Answer):
            return ()  # Nothing of ours is at the exchange.
        waiting = deque([message, *(self._touched(message) if isinstance(message, Tick) else ())])
        said: list[Message] = []
        while waiting:
            for one in handle(waiting.popleft()):
                if isinstance(one, PlaceOrder):
                    said.append(self._would(one))
                    waiting += self._place(one)
                elif isinstance(one, CancelOrder):
                    waiting.append(self._cancel(one))
                elif isinstance(one, ModifyOrder):
                    waiting.append(self._modify(one))
                else:
                    said.append(one)
        return said

    def _would(self, order: PlaceOrder) -> Signal:
        text = f"dry run: would {order.side.value.lower()} {order.qty} of {order.instrument} ({order.kind.value})"
        return Signal(self._my.name, order.instrument, order.side, text, order.event_ns, would_place=order)

    def _place(self, order: PlaceOrder) -> list[Message]:
        accepted = OrderAccepted(order.order_id, order.strategy, order.instrument, order.event_ns)
        if order.kind is OrderKind.SL_M:
            self._stops.put(order.order_id, order)
            return [accepted]
        quote = self._my.quotes.get(order.instrument)
        if quote is None:
            return [_refused(order, RejectReason.NO_QUOTE, "no quote was seen")]
        return [accepted, self._fill(order, quote.price(order.side), order.event_ns)]

    def _touched(self, tick: Tick) -> list[Message]:
        """Return what *tick* makes of the stops in its instrument."""
        out: list[Message] = []
        for order_id, stop in list(self._stops.items()):
            if stop.instrument != tick.instrument or stop.trigger_price is None or tick.ltp <= 0:
                continue
            if tick.ltp < stop.trigger_price:
                self._trail(stop, stop.trigger_price, tick.ltp)
                continue
            self._stops.drop(order_id)
            price = (tick.ask if stop.side is Side.BUY else tick.bid) or tick.ltp
            out += [
                OrderTriggered(order_id, stop.strategy, stop.instrument, tick.recv_ns, tick.ltp),
                self._fill(stop, price, tick.recv_ns),
            ]
        return out

    def _trail(self, stop: PlaceOrder, stands: Paise, ltp: Paise) -> None:
        definition = self._my.market.definition(stop.instrument)
        if definition is None or (stop.trail_points is None and stop.trail_bps is None):
            return
        exact = (
            (ltp + stop.trail_points) * 100_00
            if stop.trail_points is not None
            else ltp * (100_00 + (stop.trail_bps or 0))
        )
        wanted = -(-exact // (100_00 * definition.tick_size)) * definition.tick_size
        if wanted < stands:
            self._stops.put(stop.order_id, msgspec.structs.replace(stop, trigger_price=wanted))

    def _cancel(self, cancel: CancelOrder) -> Message:
        stop = self._stops.get(cancel.order_id)
        if stop is None:
            return OrderRejected(
                cancel.order_id, cancel.strategy, "", cancel.event_ns, RejectReason.UNKNOWN_ORDER, "dry run"
            )
        self._stops.drop(cancel.order_id)
        return OrderCancelled(
            stop.order_id, stop.strategy, stop.instrument, cancel.event_ns, stop.qty, "asked"
        )

    def _modify(self, change: ModifyOrder) -> Message:
        stop = self._stops.get(change.order_id)
        if stop is None:
            return OrderRejected(
                change.order_id, change.strategy, "", change.event_ns, RejectReason.UNKNOWN_ORDER, "dry run"
            )
        self._stops.put(stop.order_id, msgspec.structs.replace(stop, trigger_price=change.trigger_price))
        return OrderModified(
            stop.order_id,
            stop.strategy,
            stop.instrument,
            change.event_ns,
            stop.qty,
            trigger_price=change.trigger_price,
        )

    def _fill(self, order: PlaceOrder, price: Paise, at_ns: int) -> Fill:
        return Fill(
            fill_id=f"{order.order_id}-dry",
            order_id=order.order_id,
            strategy=order.strategy,
            instrument=order.instrument,
            side=order.side,
            qty=order.qty,
            price=price,
            charges=0,
            event_ns=at_ns,
            product=order.product,
        )


def _refused(order: PlaceOrder, reason: RejectReason, text: str) -> OrderRejected:
    return OrderRejected(order.order_id, order.strategy, order.instrument, order.event_ns, reason, text)
