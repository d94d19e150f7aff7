"""Orders of others in the name of the strategy: the exchange's own, a trader's by hand. Pure bookkeeping."""

import msgspec

from sauda.clock import UnixNs
from sauda.money import Units
from sauda.state import State


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else's order that stands in the market."""

    leg: str
    since_ns: UnixNs
    """When it was accepted, or when we last asked for it to be taken back in vain."""
    qty: Units | None = None
    """What it asks for; None for a trader's: the exchange tells the terms of its own orders only."""
    filled: Units = 0
    cancel_asked: bool = False

    @property
    def done(self) -> bool:
        """Whether all of it has traded, as far as we can know."""
        return self.qty is not None and self.filled >= self.qty

    def having(self, **changes: object) -> "Foreign":
        """Return it with *changes*."""
        return msgspec.structs.replace(self, **changes)


class ForeignOrders:
    """The table of them."""

    def __init__(self, state: State) -> None:
        self._rows = state.table("foreign_orders", Foreign)
        """order id -> what is known of it, while it stands in the market"""

    def get(self, order_id: str) -> Foreign | None:
        """Return the order if it stands in the market."""
        return self._rows.get(order_id)

    def put(self, order_id: str, order: Foreign) -> None:
        """Bring it up to date; one that is done is forgotten."""
        if order.done:
            self._rows.drop(order_id)
        else:
            self._rows.put(order_id, order)

    def drop(self, order_id: str) -> None:
        """It left the market."""
        self._rows.drop(order_id)

    def of(self, leg: str) -> list[tuple[str, Foreign]]:
        """Return those that trade *leg*."""
        return [(name, row) for name, row in self._rows.items() if row.leg == leg]

    def forget(self, leg: str) -> None:
        """Drop those of a leg whose day is over."""
        for order_id, _ in self.of(leg):
            self._rows.drop(order_id)
