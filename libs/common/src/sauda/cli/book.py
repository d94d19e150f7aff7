"""Orders and positions, read off what was ordered and what the exchange answered. Pure.

Prices are averages of whole fills: totals are kept, averages derived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    PositionPnl,
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


def orders_of(orders: Iterable[Message], executions: Iterable[Message]) -> list[OrderState]:
    """Return every order, in the order in which they were placed.

    An id that was placed twice is one order: the exchange answers the second with its first answer. Orders that the
    exchange made itself (a square-off, a bracket's stop) come last, by the terms that it gave them; a settlement, which
    is no order, as its fill tells it.
    """
    book: dict[str, OrderState] = {}
    for message in orders:
        for order in _asked_for(message):
            book.setdefault(order.order_id, _placed(order))
    for message in executions:
        order_id = getattr(message, "order_id", None)
        if isinstance(message, OrderAccepted) and message.terms is not None:
            book.setdefault(message.order_id, _placed(message.terms))
        if isinstance(message, Fill) and message.order_id not in book:
            book[message.order_id] = _settled(message)
        if order_id in book and not _is_no_news(book[order_id], message):
            _answer(book[order_id], message)
    return list(book.values())


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


class Holding(msgspec.Struct, frozen=True):
    """One strategy's position in one instrument."""

    strategy: str
    instrument: InstrumentId
    qty: Units
    """Signed: a short is negative."""
    cost: Paise
    """Cash paid to open what is held; negative when it was received."""
    ltp: Paise | None
    """Its newest mark; None before the first."""
    realised: Paise
    unrealised: Paise | None
    charges: Paise
    event_ns: UnixNs
    """Market time of the mark, or of the last fill where there is no mark since."""


@dataclass(slots=True)
class _Running:
    """A position at average cost, fill by fill."""

    qty: Units = 0
    cost: Paise = 0
    realised: Paise = 0
    charges: Paise = 0
    last_ns: UnixNs = field(default=0)

    def apply(self, fill: Fill) -> None:
        """Open, add to, reduce, close or flip."""
        signed = fill.signed_qty
        opposed = self.qty * signed < 0
        # What of the old position goes, with its sign; the rest of the fill opens.
        gone = min(abs(self.qty), abs(signed)) if opposed else 0
        closing = gone if self.qty > 0 else -gone
        released = self.cost * closing // self.qty if closing else 0
        self.realised += closing * fill.price - released
        self.cost += (signed + closing) * fill.price - released
        self.qty += signed
        self.charges += fill.charges
        self.last_ns = max(self.last_ns, fill.event_ns)


def holdings_of(
    fills: Iterable[Fill], marks: Mapping[tuple[str, InstrumentId], PositionPnl]
) -> list[Holding]:
    """Return every position ever opened, by strategy and instrument.

    The fills decide what is held and what it made, by the valuation's own arithmetic; its newest point gives the mark.
    (Its profit is not taken: it counts anew from the day on which a closed position is opened again.)
    """
    running: dict[tuple[str, InstrumentId], _Running] = {}
    for fill in fills:
        running.setdefault((fill.strategy, fill.instrument), _Running()).apply(fill)
    return [_holding(series, running[series], marks.get(series)) for series in sorted(running)]


def _holding(series: tuple[str, InstrumentId], held: _Running, mark: PositionPnl | None) -> Holding:
    unrealised = 0 if held.qty == 0 else None
    event_ns = held.last_ns
    if mark is not None:
        unrealised, event_ns = held.qty * mark.ltp - held.cost, max(event_ns, mark.event_ns)
    ltp = mark.ltp if mark else None
    return Holding(*series, held.qty, held.cost, ltp, held.realised, unrealised, held.charges, event_ns)
