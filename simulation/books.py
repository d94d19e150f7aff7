"""The books of a desk: every order ends once, and what is held and made adds up from the fills."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from sauda.codec import decode
from sauda.contracts import (
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
    RejectReason,
)
from sauda.errors import ContractError
from sauda.memory_log import MemoryLog


def orders(log: MemoryLog) -> Iterator[str]:
    """Each order id is used once and ends once; each fill is told once."""
    placed = Counter(m.order_id for m in messages(log, "orders") if isinstance(m, PlaceOrder))
    executions = messages(log, "executions")
    accepted = Counter(m.order_id for m in executions if isinstance(m, OrderAccepted))
    fills = Counter(m.fill_id for m in executions if isinstance(m, Fill))
    for what, counted in (("placed", placed), ("accepted", accepted), ("filled", fills)):
        yield from (f"{name} was {what} {times} times" for name, times in counted.items() if times > 1)
    ends = Counter(filter(None, map(_ended_by, executions)))
    for order_id in sorted({*placed, *accepted, *ends}):
        if ends[order_id] != 1:
            yield f"order {order_id} has {ends[order_id]} outcomes"


def _ended_by(message: Message) -> str | None:
    """Return the order that ended here; a refusal to cancel what was just filled ends nothing."""
    match message:
        case Fill() | OrderCancelled():
            return message.order_id
        case OrderRejected(reason=RejectReason.ORDER_DONE | RejectReason.UNKNOWN_ORDER):
            return None
        case OrderRejected():
            return message.order_id
        case _:
            return None


def positions(log: MemoryLog) -> Iterator[str]:
    """What exchange and valuation hold adds up from the fills, and so does what was made by who holds nothing."""
    held: dict[str, int] = defaultdict(int)
    cash: dict[str, int] = defaultdict(int)
    for fill in messages(log, "executions"):
        if isinstance(fill, Fill):
            held[f"{fill.strategy}|{fill.instrument}"] += fill.signed_qty
            cash[fill.strategy] -= fill.signed_qty * fill.price
    held = {key: qty for key, qty in held.items() if qty}
    at_exchange = {key: row["qty"] for key, row in _rows(log, "execution.paper", "held").items()}
    if at_exchange != held:
        yield f"execution holds {at_exchange}, the fills add up to {held}"
    holdings = _rows(log, "pnl.valuation", "holdings")
    valued = {key: row["position"]["qty"] for key, row in holdings.items() if row["position"]["qty"]}
    if valued != held:
        yield f"valuation holds {valued}, the fills add up to {held}"
    settled = _rows(log, "pnl.valuation", "settled")
    made = Counter({key: row["realised"] for key, row in settled.items()})
    for row in holdings.values():
        made[row["strategy"]] += row["position"]["realised"]
    for strategy, amount in cash.items():
        if made[strategy] != amount and not any(key.startswith(f"{strategy}|") for key in held):
            yield f"{strategy} made {made[strategy]} by the valuation, {amount} by its fills"


def messages(log: MemoryLog, stream: str) -> list[Message]:
    """Return what can be read of *stream*."""
    found: list[Message] = []
    for entry in log.entries(stream):
        try:
            found.append(decode(entry.data))
        except ContractError:
            continue
    return found


def _rows(log: MemoryLog, unit: str, table: str) -> dict[str, Any]:
    prefix = table.encode() + b"/"
    return {
        key.removeprefix(prefix).decode(): msgspec.json.decode(value)
        for key, value in log.state_of(unit).items()
        if key.startswith(prefix)
    }
