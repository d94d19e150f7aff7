"""A trade as its charges see it."""

from typing import NamedTuple, Protocol

from sauda.clock import UnixNs
from sauda.contracts import ChargeLines, Instrument, Product, Side
from sauda.money import Paise, Units


class Trade(NamedTuple):
    """`qty` units at `price`, before anything was charged."""

    strategy: str
    instrument: Instrument
    side: Side
    qty: Units
    price: Paise
    product: Product
    order_id: str
    slices: int
    """Orders at the exchange, of those that this one was cut into, that have traded now: a flat brokerage is taken for each."""
    at_ns: UnixNs
    is_settlement: bool = False
    """Whether it is the settlement of an expired contract: no order, its own taxes."""

    @property
    def value(self) -> Paise:
        """Return price x quantity: an option's premium, or its intrinsic value at its settlement."""
        return self.qty * self.price


class Charges(Protocol):
    """Whoever charges trades; it may remember what it has charged for an order."""

    def charge(self, trade: Trade) -> ChargeLines:
        """Return what *trade* costs, and remember it."""


def slices_traded(filled: Units, qty: Units, slices: int) -> int:
    """Return how many of an order's *slices* have traded when *filled* of its *qty* units have: they go one after another."""
    return -(-filled * slices // qty)
