"""What the exchange says of an order, each message made in one place and stamped with market time."""

from sauda.clock import UnixNs
from sauda.contracts import (
    Fill,
    InstrumentId,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
)
from sauda.money import Paise
from sauda_execution.checks import Refusal


def accepted(order: PlaceOrder, now_ns: UnixNs) -> OrderAccepted:
    """Say that the order is in the market."""
    return OrderAccepted(order.order_id, order.strategy, order.instrument, now_ns)


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


def cancelled(order: PlaceOrder, reason: str, now_ns: UnixNs) -> OrderCancelled:
    """Say that the order left the market untraded: orders here fill whole or not at all."""
    return OrderCancelled(order.order_id, order.strategy, order.instrument, now_ns, order.qty, reason)


def filled(order: PlaceOrder, price: Paise, now_ns: UnixNs) -> Fill:
    """Say that all of the order traded at *price*."""
    return Fill(
        # Derived, so that a replay makes the same one. An order fills whole, so its first fill is its last.
        fill_id=f"{order.order_id}-1",
        order_id=order.order_id,
        strategy=order.strategy,
        instrument=order.instrument,
        side=order.side,
        qty=order.qty,
        price=price,
        charges=0,
        event_ns=now_ns,
    )
