"""The orders of the legs, and how far each has come. Pure bookkeeping: `legs` decides what to send."""

from enum import Enum
from typing import Final, NamedTuple

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import CancelOrder, InstrumentId, ModifyOrder, OrderKind, PlaceOrder, Product, Side
from sauda.money import Paise, Units
from sauda.state import State


class Role(Enum):
    """What an order is for; the word stands in its id."""

    ENTRY = "entry"
    STOP = "stop"
    EXIT = "exit"
    SURPLUS = "surplus"
    """Takes back what an exit closed too much: ours crossed with somebody else's."""


OPENING: Final = frozenset({Role.ENTRY, Role.SURPLUS})
"""What trades in the direction of its leg; all others trade against it."""
CLOSING: Final = frozenset({Role.EXIT, Role.SURPLUS})
"""What brings a leg to flat; it is left in the market while others are taken back."""


class Stop(NamedTuple):
    """What makes an order a stop."""

    trigger_price: Paise
    parent_id: str
    """The order that it protects."""
    cost: Paise
    """What that order traded at."""
    trail_points: Paise | None = None
    trail_bps: int | None = None
    """How far behind the best price the exchange lets it follow, as in `PlaceOrder`."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order of a leg. It is over when all of its units were filled or given up."""

    leg: str
    role: Role
    qty: Units
    filled: Units = 0
    unfilled: Units = 0
    """Units given up: cancelled or refused."""
    accepted: bool = False
    cancel_asked: bool = False
    since_ns: UnixNs | None = None
    """Since when it ought to trade: an entry or exit was accepted, a stop was triggered."""
    cost: Paise | None = None
    """Of a stop: what the order that it protects traded at."""
    trigger: Paise | None = None
    """Of a stop: where it stands."""
    moving: bool = False
    """Whether it was asked to go to its cost."""

    @property
    def open_qty(self) -> Units:
        """What it may still trade."""
        return max(0, self.qty - self.filled - self.unfilled)

    def rests_since(self, before_ns: UnixNs) -> bool:
        """Return whether it ought to have traded by *before_ns*, and nobody has asked for it to be taken back."""
        return self.since_ns is not None and self.since_ns <= before_ns and not self.cancel_asked

    @property
    def done(self) -> bool:
        """Whether the exchange can do nothing more with it.

        A cancellation counts the units that traded before it; while their fills have not arrived the order
        is not over, so nobody buys them back a second time.
        """
        return self.filled + self.unfilled >= self.qty


class Orders:
    """The table of orders; every change is made here."""

    def __init__(self, state: State, strategy: str, product: Product = Product.NRML) -> None:
        self._strategy = strategy
        self.product = product
        """What new orders carry."""
        self._rows = state.table("orders", Order)
        """order id -> the order; kept until its leg's day is over, so that no id is used twice"""

    def get(self, order_id: str) -> Order | None:
        """Return the order if it is one of ours."""
        return self._rows.get(order_id)

    def place(
        self,
        leg: str,
        instrument: InstrumentId,
        side: Side,
        role: Role,
        qty: Units,
        *,
        now_ns: UnixNs,
        stop: Stop | None = None,
    ) -> PlaceOrder:
        """Add an order of *leg*, whose direction is *side*, and return it: a market order unless it is a *stop*."""
        order_id = self._new_id(leg, role)
        cost, trigger = (stop.cost, stop.trigger_price) if stop else (None, None)
        self._rows.put(order_id, Order(leg=leg, role=role, qty=qty, cost=cost, trigger=trigger))
        return PlaceOrder(
            order_id=order_id,
            strategy=self._strategy,
            instrument=instrument,
            side=side if role in OPENING else side.opposite,
            qty=qty,
            kind=OrderKind.SL_M if stop else OrderKind.MARKET,
            trigger_price=stop.trigger_price if stop else None,
            parent_id=stop.parent_id if stop else None,
            event_ns=now_ns,
            product=self.product,
            trail_points=stop.trail_points if stop else None,
            trail_bps=stop.trail_bps if stop else None,
        )

    def to_cost(self, order_id: str, now_ns: UnixNs) -> ModifyOrder:
        """Return the wish to move a stop to what the order that it protects traded at."""
        self._change(order_id, moving=True)
        cost = self._rows[order_id].cost
        return ModifyOrder(order_id, self._strategy, now_ns, trigger_price=cost)

    def cancel(self, order_id: str, now_ns: UnixNs) -> CancelOrder:
        """Return the wish to take an order back, and remember it."""
        self._change(order_id, cancel_asked=True)
        return CancelOrder(order_id=order_id, strategy=self._strategy, event_ns=now_ns)

    def _new_id(self, leg: str, role: Role) -> str:
        """Return `nifty_straddle-20261123-CE-stop`; a second one ends in `-2`."""
        number = self.count(leg, role) + 1
        return f"{self._strategy}-{leg}-{role.value}" + (f"-{number}" if number > 1 else "")

    def count(self, leg: str, role: Role) -> int:
        """Return how many orders of *role* the leg has had."""
        return sum(row.leg == leg and row.role is role for row in self._rows.values())

    def live(self, leg: str) -> list[tuple[str, Order]]:
        """Return the leg's orders with which the exchange may still do something."""
        return [(name, row) for name, row in self._rows.items() if row.leg == leg and not row.done]

    def accepted(self, order_id: str, now_ns: UnixNs) -> None:
        """The exchange has it; a stop waits for its trigger, all others ought to trade from now on."""
        row = self._rows[order_id]
        if not row.accepted:
            self._change(order_id, accepted=True, since_ns=None if row.role is Role.STOP else now_ns)

    def triggered(self, order_id: str, now_ns: UnixNs) -> None:
        """A stop was touched: it ought to trade from now on."""
        self._change(order_id, accepted=True, since_ns=now_ns)

    def modified(self, order_id: str, qty: Units, trigger: Paise | None) -> None:
        """Somebody changed it, or its trigger followed the price."""
        row = self._rows[order_id]
        moved = row.trigger if trigger is None else trigger
        self._change(order_id, qty=qty, trigger=moved, moving=row.moving and moved != row.cost)

    def filled(self, order_id: str, qty: Units) -> None:
        """*qty* units more of it traded."""
        self._change(order_id, filled=self._rows[order_id].filled + qty, accepted=True)

    def cancel_failed(self, order_id: str) -> None:
        """It stays in the market, we may ask again."""
        self._change(order_id, cancel_asked=False)

    def not_moved(self, order_id: str) -> None:
        """It stays where it is."""
        self._change(order_id, moving=False)

    def reducing(self, leg: str) -> Units:
        """Return what the leg's live orders against it can still trade."""
        return sum(row.open_qty for _, row in self.live(leg) if row.role not in OPENING)

    def cancelled(self, order_id: str, unfilled: Units) -> None:
        """It left the market with *unfilled* units untraded."""
        self._change(order_id, unfilled=unfilled)

    def refused(self, order_id: str) -> None:
        """It never got into the market, or nobody there knows it: what has not traded will not."""
        row = self._rows[order_id]
        self._change(order_id, unfilled=row.qty - row.filled)

    def forget(self, leg: str) -> None:
        """Drop the orders of a leg whose day is over."""
        for order_id in [name for name, row in self._rows.items() if row.leg == leg]:
            self._rows.drop(order_id)

    def _change(self, order_id: str, **changes: object) -> None:
        self._rows.put(order_id, msgspec.structs.replace(self._rows[order_id], **changes))
