"""A fill or an order as the row of a table. Pure; the forms in which a database takes money and time are handed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from sauda.clock import UnixNs, to_ist
from sauda.contracts import Fill
from sauda.money import Paise, Units
from sauda_pnl.writers.lines import named_strategy
from sauda_pnl.writers.order_row import OrderRow, Traded, average_price, newest_ns, status

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Forms:
    """How one kind of database takes what we hold as ints."""

    rupees: Callable[[Paise], Any]
    paise: Callable[[Any], Paise]
    """The way back from `rupees`, exact."""
    quotient: Callable[[Paise, Units], Any]
    """An average price in rupees."""
    instant: Callable[[UnixNs], Any]


@lru_cache(maxsize=4096)
def ist_text(instant_ns: UnixNs) -> str:
    """Return the instant for people, to the microsecond; several points share one."""
    return to_ist(instant_ns).isoformat(timespec="microseconds")


def _ist(instant_ns: UnixNs) -> datetime:
    return to_ist(instant_ns)


SQLITE: Final = Forms(
    rupees=lambda amount: amount / 100,
    paise=lambda value: round(value * 100),
    quotient=lambda cost, qty: round(cost / qty / 100, 6),
    instant=ist_text,
)
POSTGRESQL: Final = Forms(
    rupees=lambda amount: Decimal(amount).scaleb(-2),
    paise=lambda value: int(value * 100),
    quotient=lambda cost, qty: round(Decimal(cost) / (qty * 100), 6),
    instant=_ist,
)


def fill_row(desk: str, fill: Fill, forms: Forms) -> Row:
    """Return the row of `fills`."""
    return {
        "desk": desk,
        "fill_id": fill.fill_id,
        "order_id": fill.order_id,
        "strategy": named_strategy(fill.strategy),
        "symbol": fill.instrument,
        "side": fill.side.value,
        "ts_ns": fill.event_ns,
        "ts": forms.instant(fill.event_ns),
        "quantity": fill.qty,
        "price": forms.rupees(fill.price),
        "charges": forms.rupees(fill.charges),
        "product": fill.product.value,
    }


def traded(row: Row, forms: Forms) -> Traded:
    """Return a row of `fills` as ints again."""
    return Traded(row["quantity"], forms.paise(row["price"]), forms.paise(row["charges"]), row["ts_ns"])


def row_of_order(desk: str, order: OrderRow, fills: Sequence[Traded], forms: Forms) -> Row:
    """Return the row of `orders`: the facts, and what they mean together with all *fills* of the order."""
    units, cost = average_price(fills)
    newest = newest_ns(order, fills)
    row: Row = msgspec.structs.asdict(order)
    for name in ("limit_price", "trigger_price"):
        row[name] = None if row[name] is None else forms.rupees(row[name])
    row |= {
        "desk": desk,
        "status": status(order, units),
        "filled_quantity": units,
        "average_price": forms.quotient(cost, units) if units else None,
        "charges": forms.rupees(sum(fill.charges for fill in fills)),
        "ts_ns": newest,
        "ts": forms.instant(newest),
    }
    return row


def order_of_row(row: Row, forms: Forms) -> OrderRow:
    """Return the facts that a row of `orders` holds."""
    known = {name: row[name] for name in OrderRow.__struct_fields__}
    for name in ("limit_price", "trigger_price"):
        known[name] = None if known[name] is None else forms.paise(known[name])
    return OrderRow(**known)
