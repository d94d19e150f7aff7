"""Finds single entries in a record: by their place, by an order's or a fill's id. Pure.

Orders and executions are short streams and are searched from their newest end, as bytes; ticks are never searched for an id.
"""

from collections.abc import Iterator

import msgspec

from sauda.causes.node import Node, Record, Ref, node_of
from sauda.contracts import STREAMS, Fill, Message, OrderAccepted, PlaceBasket, PlaceOrder
from sauda.merge import id_parts


def at(record: Record, ref: Ref) -> Node:
    """Return the entry that stands at *ref*, or the reason why the record does not hold it."""
    found = record.entries(ref.stream, ref.id, ref.id, 1)
    return node_of(found[0]) if found else Node(ref, None, None, _absence(record, ref))


def everywhere(record: Record, entry_id: bytes) -> list[Node]:
    """Return what stands at *entry_id*, in whichever streams: each counts by itself, so one id may be in several."""
    found = (record.entries(stream, entry_id, entry_id, 1) for stream in STREAMS)
    return [node_of(entries[0]) for entries in found if entries]


def orders_in(message: Message | None) -> tuple[PlaceOrder, ...]:
    """Return the orders that *message* brings: one, a basket's legs, or one that the exchange made or changed itself."""
    match message:
        case PlaceOrder():
            return (message,)
        case PlaceBasket():
            return message.legs
        case OrderAccepted(terms=PlaceOrder() as terms):
            return (terms,)
    return ()


def order(record: Record, order_id: str, end: bytes = b"+") -> Node | None:
    """Return where *order_id* was last placed up to *end*; an order of the exchange's own stands where it was accepted."""
    for stream in ("orders", "executions"):
        for node in _naming(record, stream, order_id, end):
            if any(one.order_id == order_id for one in orders_in(node.message)):
                return node
    return None


def fill(record: Record, fill_id: str) -> Node | None:
    """Return the fill *fill_id*."""
    for node in _naming(record, "executions", fill_id):
        if isinstance(node.message, Fill) and node.message.fill_id == fill_id:
            return node
    return None


def first_answer(record: Record, order_id: str) -> Node | None:
    """Return the exchange's first word on *order_id*: all there is of an order that the exchange made itself."""
    said = [node for node in _naming(record, "executions", order_id) if _order_id(node) == order_id]
    return said[-1] if said else None


def _order_id(node: Node) -> str | None:
    return getattr(node.message, "order_id", None)


def _naming(record: Record, stream: str, text: str, end: bytes = b"+") -> Iterator[Node]:
    """Yield the entries of *stream* in which *text* stands as a whole string, newest first."""
    needle = msgspec.json.encode(text)
    return (node_of(entry) for entry in record.backwards(stream, end) if needle in entry.data)


def _absence(record: Record, ref: Ref) -> str:
    """Say why the record does not hold *ref*, as far as it shows."""
    first = record.entries(ref.stream, count=1)
    if not first:
        return f"the record ends here: it holds nothing of {ref.stream}"
    if id_parts(ref.id) < id_parts(first[0].id):
        return f"the record ends here: what it holds of {ref.stream} begins with {first[0].id.decode()}"
    return f"no such entry in this record of {ref.stream}: it was left out, or it stands on another desk"
