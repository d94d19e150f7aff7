"""What the exchange says of an order, each message made in one place and stamped with market time."""

from sauda.clock import UnixNs
from sauda.contracts import (
    Against,
    Fill,
    InstrumentId,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
)
from sauda.money import Paise, Units
from sauda_execution.book import Working
from sauda_execution.checks import Refusal


def accepted(order: PlaceOrder, now_ns: UnixNs, *, is_new: bool, slices: int) -> OrderAccepted:
    """Say that the order is accepted.

    Args:
        order: As it goes out.
        now_ns: Market time.
        is_new: Whether nobody has sent it so: its terms are told.
        slices: Orders that it is cut into.
    """
    terms = order if is_new else None
    return OrderAccepted(order.order_id, order.strategy, order.instrument, now_ns, terms, slices)


def rejected(
    order_id: str, strategy: str, instrument: InstrumentId, refusal: Refusal, now_ns: UnixNs
) -> OrderRejected:
    """Say that the order, or a change to it, was refused, and why."""
    return OrderRejected(order_id, strategy, instrument, now_ns, refusal.reason, refusal.detail)


def triggered(order: PlaceOrder, ltp: Paise, now_ns: UnixNs) -> OrderTriggered:
    """Say that the last price has touched the stop's trigger."""
    return OrderTriggered(order.order_id, order.strategy, order.instrument, now_ns, ltp)


def modified(order: PlaceOrder, now_ns: UnixNs) -> OrderModified:
    """Say what the order's terms now are."""
    return OrderModified(
        order_id=order.order_id,
        strategy=order.strategy,
        instrument=order.instrument,
        event_ns=now_ns,
        qty=order.qty,
        limit_price=order.limit_price,
        trigger_price=order.trigger_price,
    )


def cancelled(order: PlaceOrder, unfilled: Units, reason: str, now_ns: UnixNs) -> OrderCancelled:
    """Say that the order left the market with *unfilled* units untraded."""
    return OrderCancelled(order.order_id, order.strategy, order.instrument, now_ns, unfilled, reason)


def filled(working: Working, qty: Units, price: Paise, against: Against | None, now_ns: UnixNs) -> Fill:
    """Say that *qty* more of the order traded at *price*; what that cost is added by whoever charges."""
    order = working.order
    return Fill(
        # Derived, so that a replay makes the same one.
        fill_id=f"{order.order_id}-{working.fills + 1}",
        order_id=order.order_id,
        strategy=order.strategy,
        instrument=order.instrument,
        side=order.side,
        qty=qty,
        price=price,
        charges=0,
        event_ns=now_ns,
        product=order.product,
        against=against,
    )
