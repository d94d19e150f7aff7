"""Orders, read off what was ordered and what the exchange answered. Pure.

Prices are averages of whole fills: totals are kept, averages derived.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import (
    Fill,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    Side,
)
from sauda.money import Paise, Units


class Status(Enum):
    """Where an order stands."""

    SENT = "sent"
    """The exchange has not answered yet."""
    WORKING = "working"
    TRIGGERED = "triggered"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


OVER: Final = frozenset({Status.FILLED, Status.CANCELLED, Status.REJECTED})
"""Where an order ends: nothing more can happen to it."""


_ANSWERS: Final = (OrderAccepted, OrderRejected, OrderTriggered, OrderModified, OrderCancelled, Fill)


class OrderState(msgspec.Struct):
    """An order as it stands now: once it is accepted, in the form in which it went out."""

    order_id: str
    strategy: str
    instrument: InstrumentId
    side: Side
    qty: Units
    kind: OrderKind
    limit_price: Paise | None
    trigger_price: Paise | None
    parent_id: str | None
    status: Status
    filled_qty: Units
    filled_value: Paise
    """Sum of quantity x price over its fills."""
    average_price: Paise | None
    """`filled_value / filled_qty`, to the nearest paisa."""
    reason: str | None
    """Why it, or the last change to it, was refused or cancelled."""
    event_ns: UnixNs
    """Market time of the decision."""
    updated_ns: UnixNs
    """Market time of the exchange's last word on it."""


class OrderBook:
    """Every order of a desk, message by message, in the order in which they were placed.

    An id that was placed twice is one order: the exchange answers the second with its first answer. Orders that the
    exchange made itself (a square-off, a bracket's stop) come with the terms that it gave them; a settlement, which
    is no order, as its fill tells it.
    """

    def __init__(self) -> None:
        self.orders: dict[str, OrderState] = {}

    def take(self, message: Message) -> list[str]:
        """Take one message of the streams `orders` and `executions`; return the orders that it changed."""
        changed = [order.order_id for order in _asked_for(message) if self._add(_placed(order))]
        if not isinstance(message, _ANSWERS):
            return changed
        if isinstance(message, OrderAccepted) and message.terms is not None:
            self._add(_placed(message.terms))
        if isinstance(message, Fill) and message.order_id not in self.orders:
            self._add(_settled(message))
        order = self.orders.get(message.order_id)
        if order is None or _is_no_news(order, message):
            return changed
        _answer(order, message)
        return [message.order_id]

    def _add(self, order: OrderState) -> bool:
        return self.orders.setdefault(order.order_id, order) is order


def orders_of(orders: Iterable[Message], executions: Iterable[Message]) -> list[OrderState]:
    """Return every order, those that the exchange made itself last."""
    book = OrderBook()
    for message in orders:
        book.take(message)
    for message in executions:
        book.take(message)
    return list(book.orders.values())


def _asked_for(message: Message) -> tuple[PlaceOrder, ...]:
    match message:
        case PlaceOrder():
            return (message,)
        case PlaceBasket():
            return message.legs
        case _:
            return ()


def _placed(order: PlaceOrder) -> OrderState:
    return OrderState(
        order_id=order.order_id,
        strategy=order.strategy,
        instrument=order.instrument,
        side=order.side,
        qty=order.qty,
        kind=order.kind,
        limit_price=order.limit_price,
        trigger_price=order.trigger_price,
        parent_id=order.parent_id,
        status=Status.SENT,
        filled_qty=0,
        filled_value=0,
        average_price=None,
        reason=None,
        event_ns=order.event_ns,
        updated_ns=order.event_ns,
    )


def _settled(fill: Fill) -> OrderState:
    return _placed(
        PlaceOrder(
            order_id=fill.order_id,
            strategy=fill.strategy,
            instrument=fill.instrument,
            side=fill.side,
            qty=fill.qty,
            kind=OrderKind.MARKET,
            event_ns=fill.event_ns,
        )
    )


def _is_no_news(order: OrderState, message: Message) -> bool:
    """Return whether *message* is the first answer again, to a duplicate, or refuses a change that came too late."""
    if isinstance(message, OrderAccepted):
        return order.status is not Status.SENT
    return isinstance(message, OrderRejected) and order.status in OVER


def _answer(order: OrderState, message: Message) -> None:
    match message:
        case OrderAccepted():
            order.status = Status.WORKING
            _as_it_went_out(order, message.terms)
        case OrderRejected():
            # A refused change leaves a working order as it was.
            if order.status is Status.SENT:
                order.status = Status.REJECTED
            order.reason = f"{message.reason.value}: {message.detail}"
        case OrderTriggered():
            order.status = Status.TRIGGERED
        case OrderModified():
            order.qty, order.limit_price = message.qty, message.limit_price
            order.trigger_price = message.trigger_price
        case OrderCancelled():
            order.status, order.reason = Status.CANCELLED, message.reason
        case Fill():
            _fill(order, message)
        case _:
            return
    order.updated_ns = message.event_ns


def _as_it_went_out(order: OrderState, terms: PlaceOrder | None) -> None:
    """Show what stands in the market: a MARKET order's protecting limit, the SL that an SL-M became."""
    if terms is not None:
        order.kind, order.limit_price, order.trigger_price = (
            terms.kind,
            terms.limit_price,
            terms.trigger_price,
        )


def _fill(order: OrderState, fill: Fill) -> None:
    order.filled_qty += fill.qty
    order.filled_value += fill.qty * fill.price
    order.average_price = average(order.filled_value, order.filled_qty)
    order.status = Status.FILLED if order.filled_qty >= order.qty else Status.PARTLY_FILLED


def average(value: Paise, qty: Units) -> Paise:
    """Return *value* per unit to the nearest paisa, half a paisa going up; both are above zero."""
    return (2 * value + qty) // (2 * qty)
