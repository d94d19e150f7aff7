"""Every order in a strategy's name, its own and those of others, and how far each has come. Pure bookkeeping."""

from enum import Enum

import msgspec

from sauda.clock import UnixNs, ist_date
from sauda.contracts import CancelOrder, InstrumentId, OrderAccepted, PlaceOrder
from sauda.money import Units
from sauda.state import State


class Purpose(str, Enum):
    """What an order is for."""

    ENTRY = "entry"
    EXIT = "exit"
    PROTECTION = "protection"
    """A bracket's stop or target, which the exchange placed."""
    OTHERS = "others"
    """Somebody else's: the exchange squares off, a trader trades by hand in our name."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order. It is over when all of its units were filled or given up."""

    instrument: InstrumentId
    purpose: Purpose
    qty: Units | None
    """None for a trader's: the exchange tells the terms of its own orders only."""
    limited: bool = False
    """Whether it waits at a price of our choice: it may rest."""
    filled: Units = 0
    unfilled: Units = 0
    """Units given up: cancelled or refused."""
    accepted: bool = False
    cancel_asked: bool = False
    since_ns: UnixNs | None = None
    """Since when it ought to trade."""

    @property
    def done(self) -> bool:
        """Whether the exchange can do nothing more with it.

        A cancellation counts the units that traded before it; while their fills have not arrived the order
        is not over, so nobody trades them a second time.
        """
        return self.qty is not None and self.filled + self.unfilled >= self.qty

    def rests_since(self, before_ns: UnixNs) -> bool:
        """Return whether it ought to have traded by *before_ns*, and nobody has asked for it to be taken back."""
        return self.since_ns is not None and self.since_ns <= before_ns and not self.cancel_asked


class Count(msgspec.Struct, frozen=True):
    """The last number given on one day."""

    day: str
    number: int


class Orders:
    """The table of orders; those that are over are forgotten."""

    def __init__(self, state: State, strategy: str) -> None:
        self._strategy = strategy
        self._rows = state.table("orders", Order)
        """order id -> the order, while it is not over"""
        self._count = state.table("count", Count)
        """`orders` -> the last number in an order id"""

    def new_id(self, now_ns: UnixNs) -> str:
        """Return `nifty_ema-20261123-7`: numbers count up through the day, so none is used twice."""
        day = f"{ist_date(now_ns):%Y%m%d}"
        last = self._count.get("orders")
        number = last.number + 1 if last is not None and last.day == day else 1
        self._count.put("orders", Count(day, number))
        return f"{self._strategy}-{day}-{number}"

    def get(self, order_id: str) -> Order | None:
        """Return an order that is not over."""
        return self._rows.get(order_id)

    def add(self, order_id: str, order: Order) -> None:
        """Add an order."""
        self._rows.put(order_id, order)

    def change(self, order_id: str, **changes: object) -> Order:
        """Change an order, forgetting it when that ends it; return it as it is now."""
        order = msgspec.structs.replace(self._rows[order_id], **changes)
        if order.done:
            self._rows.drop(order_id)
        else:
            self._rows.put(order_id, order)
        return order

    def drop(self, order_id: str) -> None:
        """Forget an order."""
        self._rows.drop(order_id)

    def all(self) -> list[tuple[str, Order]]:
        """Return every order that is not over."""
        return list(self._rows.items())

    def of(self, instrument: InstrumentId) -> list[tuple[str, Order]]:
        """Return those of one instrument."""
        return [(name, one) for name, one in self._rows.items() if one.instrument == instrument]

    def take_back(self, order_id: str, now_ns: UnixNs) -> list[CancelOrder]:
        """Return the wish to take an order back, once."""
        if self._rows[order_id].cancel_asked:
            return []
        self.change(order_id, cancel_asked=True)
        return [CancelOrder(order_id=order_id, strategy=self._strategy, event_ns=now_ns)]

    def accepted(self, answer: OrderAccepted, now_ns: UnixNs) -> None:
        """The exchange has it, whoever placed it."""
        order = self._rows.get(answer.order_id)
        if order is None:
            self.add(answer.order_id, _of_others(answer, now_ns))
        elif not order.accepted:
            self.change(answer.order_id, accepted=True, since_ns=None if order.limited else now_ns)


def _of_others(answer: OrderAccepted, now_ns: UnixNs) -> Order:
    terms: PlaceOrder | None = answer.terms
    is_child = terms is not None and terms.parent_id is not None and terms.oco is None
    return Order(
        instrument=answer.instrument,
        purpose=Purpose.PROTECTION if is_child else Purpose.OTHERS,
        qty=terms.qty if terms is not None else None,
        accepted=True,
        since_ns=None if is_child else now_ns,
    )
