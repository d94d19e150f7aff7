"""What others do in the strategy's name: the exchange squares off and settles, a trader trades by hand.

Only what concerns an open leg is followed. A leg in which somebody else trades is closed: it is not the leg any more
that its stop was made for.
"""

from sauda.clock import UnixNs
from sauda.contracts import (
    Against,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    RejectReason,
)
from sauda.money import to_rupees
from sauda_strategy.book import Book
from sauda_strategy.closing import Closing
from sauda_strategy.foreign import Foreign
from sauda_strategy.voice import Voice

Answer = OrderAccepted | OrderRejected | OrderTriggered | OrderModified | OrderCancelled | Fill
"""What the exchange says of an order."""

_OVER = frozenset({RejectReason.ORDER_DONE, RejectReason.UNKNOWN_ORDER})


class Others:
    """Follows the orders that are not the strategy's own."""

    def __init__(self, book: Book, voice: Voice, closing: Closing) -> None:
        self._book = book
        self._voice = voice
        self._closing = closing

    def on_answer(self, answer: Answer, now_ns: UnixNs) -> list[Message]:
        """Take what the exchange says of somebody else's order."""
        match answer:
            case OrderAccepted():
                self._on_accepted(answer, now_ns)
            case OrderModified():
                self._on_modified(answer)
            case OrderRejected():
                return self._on_refused(answer, now_ns)
            case OrderCancelled():
                return self._on_cancelled(answer, now_ns)
            case Fill():
                return self._on_fill(answer, now_ns)
        return []

    def _on_accepted(self, answer: OrderAccepted, now_ns: UnixNs) -> None:
        key = self._book.open_leg_of(answer.instrument)
        if key is not None and self._book.foreign.get(answer.order_id) is None:
            qty = answer.terms.qty if answer.terms is not None else None
            self._book.foreign.put(answer.order_id, Foreign(leg=key, since_ns=now_ns, qty=qty))

    def _on_modified(self, answer: OrderModified) -> None:
        order = self._book.foreign.get(answer.order_id)
        if order is not None:
            self._book.foreign.put(answer.order_id, order.having(qty=answer.qty))

    def _on_refused(self, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        key = self._book.leg_asking(answer.order_id)
        if key is not None:
            self._book.put(key, self._book[key].having(question=""))
            return self._closing.tend(key, now_ns)
        order = self._book.foreign.get(answer.order_id)
        if order is None or not order.cancel_asked:
            return []
        if answer.reason not in _OVER:
            # It stays where it is; it is asked again later.
            self._book.foreign.put(answer.order_id, order.having(cancel_asked=False, since_ns=now_ns))
            return []
        self._book.foreign.drop(answer.order_id)
        return self._tend(order.leg, now_ns)

    def _on_cancelled(self, answer: OrderCancelled, now_ns: UnixNs) -> list[Message]:
        order = self._book.foreign.get(answer.order_id)
        self._book.foreign.drop(answer.order_id)
        if order is None or order.leg not in self._book.all() or not self._book[order.leg].closing:
            return []
        # Whoever made it may put another in its place in the same step: what is short after that is ours.
        return self._closing.stand_aside(order.leg, f"{answer.order_id} was cancelled", now_ns)

    def _on_fill(self, fill: Fill, now_ns: UnixNs) -> list[Message]:
        order = self._book.foreign.get(fill.order_id)
        if order is not None:
            self._book.foreign.put(fill.order_id, order.having(filled=order.filled + fill.qty))
        key = order.leg if order is not None else self._book.open_leg_of(fill.instrument)
        leg = None if key is None else self._book.get(key)
        if key is None or leg is None:
            return []
        leg = self._book.traded(key, fill)
        if fill.against is Against.SETTLEMENT:
            return self._on_settlement(key, fill, now_ns)
        out = (
            self._closing.tend(key, now_ns)
            if leg.closing
            else self._closing.close(key, f"traded by {fill.order_id}", now_ns)
        )
        if order is not None and order.qty is None and leg.held > 0:
            # Nobody has told us how much of it is left, and until it is gone nothing else may be bought.
            out += self._closing.ask_to_leave(fill.order_id, now_ns)
        return out

    def _on_settlement(self, key: str, fill: Fill, now_ns: UnixNs) -> list[Message]:
        """The contract is gone: there is nothing to buy back any more, whatever was being tried."""
        leg = self._book[key]
        self._book.put(key, leg.having(closing=leg.closing or "expired", retry_ns=None))
        text = f"{fill.instrument} expired: settled at {to_rupees(fill.price)}"
        return [
            self._voice.signal(text, now_ns, fill.instrument, fill.side),
            *self._closing.tend(key, now_ns),
        ]

    def _tend(self, key: str, now_ns: UnixNs) -> list[Message]:
        return self._closing.tend(key, now_ns) if self._book.get(key) is not None else []
