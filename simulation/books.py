"""The books of a desk: every order ends once, and what is held and made adds up from the fills."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from sauda.codec import decode
from sauda.contracts import Fill, Message, OrderAccepted
from sauda.errors import ContractError
from sauda.memory_log import MemoryLog
from sauda.testing.outcomes import outcomes, sent, strays


def orders(log: MemoryLog) -> Iterator[str]:
    """Each order id is used once and ends once, and adds up; each fill is told once."""
    asked, executions = messages(log, "orders"), messages(log, "executions")
    placed = Counter(order.order_id for order in sent(asked))
    accepted = Counter(m.order_id for m in executions if isinstance(m, OrderAccepted))
    fills = Counter(m.fill_id for m in executions if isinstance(m, Fill))
    for what, counted in (("placed", placed), ("accepted", accepted), ("filled", fills)):
        yield from (f"{name} was {what} {times} times" for name, times in counted.items() if times > 1)
    found = outcomes(asked, executions)
    for order_id in sorted(found):
        yield from found[order_id].flaws()
    yield from strays(asked, executions)


def positions(log: MemoryLog) -> Iterator[str]:
    """What exchange and valuation hold adds up from the fills, and so does what was made by who holds nothing."""
    held: dict[str, int] = defaultdict(int)
    cash: dict[str, int] = defaultdict(int)
    for fill in messages(log, "executions"):
        if isinstance(fill, Fill):
            held[f"{fill.strategy}|{fill.instrument}"] += fill.signed_qty
            cash[fill.strategy] -= fill.signed_qty * fill.price
    held = {key: qty for key, qty in held.items() if qty}
    # Products are held side by side: the valuation knows one position of them all.
    at_exchange: Counter[str] = Counter()
    for row in _rows(log, "execution.paper", "held").values():
        at_exchange[f"{row['strategy']}|{row['instrument']}"] += row["qty"]
    if {key: qty for key, qty in at_exchange.items() if qty} != held:
        yield f"execution holds {dict(at_exchange)}, the fills add up to {held}"
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
