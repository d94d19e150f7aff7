"""What became of an order, pieced together from messages that arrive in any order, twice, or in other replicas. Pure.

Every message leaves a fact in columns of its own; two messages that would set the same column are decided by their place in
the stream (the earlier `place_order`, the later `order_modified`), never by which came here first. What the facts mean, the
status above all, is worked out from all of them each time. So any sequence that holds the same messages gives the same row.
"""

from collections.abc import Iterable, Sequence

import msgspec

from sauda.batch import Record
from sauda.clock import UnixNs
from sauda.contracts import (
    Against,
    Fill,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
)
from sauda.merge import id_parts
from sauda.money import Paise, Units

OrderFact = (
    PlaceOrder | OrderAccepted | OrderRejected | OrderTriggered | OrderModified | OrderCancelled | Fill
)
ORDER_FACTS = (
    PlaceOrder,
    OrderAccepted,
    OrderRejected,
    OrderTriggered,
    OrderModified,
    OrderCancelled,
    Fill,
)


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about one order; None where the message that says it has not come."""

    order_id: str
    strategy: str | None = None
    symbol: str | None = None
    side: str | None = None
    kind: str | None = None
    parent_id: str | None = None
    quantity: Units | None = None
    """Of the whole order, as placed or last modified."""
    limit_price: Paise | None = None
    trigger_price: Paise | None = None
    reason: str | None = None
    """Of the latest refusal or cancellation."""
    detail: str | None = None
    placed_ns: UnixNs | None = None
    accepted_ns: UnixNs | None = None
    triggered_ns: UnixNs | None = None
    modified_ns: UnixNs | None = None
    cancelled_ns: UnixNs | None = None
    rejected_ns: UnixNs | None = None
    placed_entry: str | None = None
    """Where the `place_order` stands in its stream; so are the others."""
    seen_entry: str | None = None
    """The first execution: it names strategy and symbol while the order itself has not come."""
    terms_entry: str | None = None
    reason_entry: str | None = None


class Traded(msgspec.Struct, frozen=True):
    """One fill, as far as its order's row needs it."""

    qty: Units
    price: Paise
    charges: Paise
    event_ns: UnixNs


def with_fact(row: OrderRow, record: Record) -> OrderRow:
    """Return *row* with what *record* says about it."""
    entry = record.id.decode()
    match record.message:
        case PlaceOrder() as order:
            return _placed(row, order, entry)
        case OrderAccepted() as event:
            row = _seen(row, event, entry, accepted_ns=_first(row.accepted_ns, event.event_ns))
            return row if event.terms is None else _made_by_the_exchange(row, event.terms)
        case OrderTriggered() as event:
            return _seen(row, event, entry, triggered_ns=_first(row.triggered_ns, event.event_ns))
        case OrderModified() as event:
            return _modified(_seen(row, event, entry), event, entry)
        case OrderCancelled() as event:
            row = _seen(row, event, entry, cancelled_ns=_last(row.cancelled_ns, event.event_ns))
            return _reasoned(row, event.reason, None, entry)
        case OrderRejected() as event:
            row = _seen(row, event, entry, rejected_ns=_last(row.rejected_ns, event.event_ns))
            return _reasoned(row, event.reason.value, event.detail, entry)
        case Fill() as event:
            row = _seen(row, event, entry)
            return _settled(row, event) if event.against is Against.SETTLEMENT else row
        case _:
            return row


def status(row: OrderRow, filled: Units) -> str:
    """Say what became of the order, of which *filled* units have traded.

    A refusal after the order was accepted was of a change to it, and leaves it as it is.
    """
    if filled and row.quantity is not None and filled >= row.quantity:
        return "FILLED"
    if row.cancelled_ns is not None:
        return "CANCELLED"
    if filled:
        return "PARTLY_FILLED"
    if row.triggered_ns is not None:
        return "TRIGGERED"
    if row.accepted_ns is not None:
        return "ACCEPTED"
    return "REJECTED" if row.rejected_ns is not None else "PLACED"


def average_price(fills: Iterable[Traded]) -> tuple[Units, Paise]:
    """Return units traded and what they cost together; their quotient is the average price."""
    units = cost = 0
    for fill in fills:
        units += fill.qty
        cost += fill.qty * fill.price
    return units, cost


def newest_ns(row: OrderRow, fills: Sequence[Traded]) -> UnixNs:
    """Return the instant of the latest thing known about the order."""
    known = (
        row.placed_ns,
        row.accepted_ns,
        row.triggered_ns,
        row.modified_ns,
        row.cancelled_ns,
        row.rejected_ns,
    )
    return max(
        [instant for instant in known if instant is not None] + [fill.event_ns for fill in fills], default=0
    )


def _placed(row: OrderRow, order: PlaceOrder, entry: str) -> OrderRow:
    # An id that is used again is answered with the first answer, so the first order is the one that counts.
    if row.placed_entry is not None and not _before(entry, row.placed_entry):
        return row
    row = msgspec.structs.replace(
        row,
        strategy=order.strategy,
        symbol=order.instrument,
        side=order.side.value,
        kind=order.kind.value,
        parent_id=order.parent_id,
        placed_ns=order.event_ns,
        placed_entry=entry,
    )
    return _with_terms(row, order)


def _made_by_the_exchange(row: OrderRow, order: PlaceOrder) -> OrderRow:
    """Take what the order is from its acceptance, unless somebody placed it: then it is what was placed."""
    if row.placed_entry is not None:
        return row
    row = msgspec.structs.replace(
        row, side=order.side.value, kind=order.kind.value, parent_id=order.parent_id
    )
    return _with_terms(row, order)


def _with_terms(row: OrderRow, order: PlaceOrder) -> OrderRow:
    if row.terms_entry is not None:
        return row
    return msgspec.structs.replace(
        row, quantity=order.qty, limit_price=order.limit_price, trigger_price=order.trigger_price
    )


def _modified(row: OrderRow, event: OrderModified, entry: str) -> OrderRow:
    if row.terms_entry is not None and not _before(row.terms_entry, entry):
        return row
    return msgspec.structs.replace(
        row,
        quantity=event.qty,
        limit_price=event.limit_price,
        trigger_price=event.trigger_price,
        modified_ns=event.event_ns,
        terms_entry=entry,
    )


def _settled(row: OrderRow, fill: Fill) -> OrderRow:
    """Take what a settlement is from its fill: no order went before, and nothing of it is left."""
    return msgspec.structs.replace(row, side=fill.side.value, quantity=fill.qty)


def _reasoned(row: OrderRow, reason: str, detail: str | None, entry: str) -> OrderRow:
    if row.reason_entry is not None and not _before(row.reason_entry, entry):
        return row
    return msgspec.structs.replace(row, reason=reason, detail=detail, reason_entry=entry)


def _seen(row: OrderRow, event: OrderFact, entry: str, **facts: UnixNs) -> OrderRow:
    if row.seen_entry is None or _before(entry, row.seen_entry):
        row = msgspec.structs.replace(row, seen_entry=entry)
        if row.placed_entry is None:
            row = msgspec.structs.replace(row, strategy=event.strategy, symbol=event.instrument)
    return msgspec.structs.replace(row, **facts)


def _before(entry: str, other: str) -> bool:
    return id_parts(entry.encode()) < id_parts(other.encode())


def _first(known: UnixNs | None, new: UnixNs) -> UnixNs:
    return new if known is None else min(known, new)


def _last(known: UnixNs | None, new: UnixNs) -> UnixNs:
    return new if known is None else max(known, new)
