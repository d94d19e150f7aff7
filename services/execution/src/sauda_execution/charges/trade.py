"""A trade as the tariff sees it."""

from typing import NamedTuple

from sauda.clock import UnixNs
from sauda.contracts import Instrument, Product, Side
from sauda.money import Paise, Units


class Trade(NamedTuple):
    """Some units of an order changed hands, or a position was settled at expiry."""

    strategy: str
    instrument: Instrument
    side: Side
    qty: Units
    price: Paise
    """Of a unit; what an option was settled at is its intrinsic value."""
    product: Product
    order_id: str
    slices: int
    """Orders that this order's trades have executed, this one among them: one, and one more for each slice begun
    where the freeze quantity cut it."""
    slices_before: int
    """The same without this trade."""
    at_ns: UnixNs
    is_settlement: bool = False
    """Whether the exchange settled it at expiry: nothing was traded in the market."""

    @property
    def value(self) -> Paise:
        """Return price x quantity: an option's premium."""
        return self.qty * self.price
