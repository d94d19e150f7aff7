"""What a part of the exchange wants done. The exchange does it, so that every order and every trade takes one way.

A part (`sauda_execution.parts`) never touches the book's working orders itself: it looks, and returns acts.
"""

from typing import NamedTuple, TypeAlias

from sauda.contracts import InstrumentId, Message, PlaceOrder, Product, Side
from sauda.money import Paise, Units
from sauda_execution.checks import Refusal


class Place(NamedTuple):
    """Put an order of the exchange's own making into the market: a bracket's stop, a square-off, a hedge's undoing."""

    order: PlaceOrder
    made: bool = True
    """Whether the exchange made it; False: a strategy sent it, as the leg of a basket."""
    in_basket: bool = False
    """Whether it was judged together with others (`Admission.basket_refusal`)."""


class Refuse(NamedTuple):
    """Answer an order that was sent, as the leg of a basket, with No."""

    order: PlaceOrder
    refusal: Refusal


class Withdraw(NamedTuple):
    """Cancel a working order; nothing happens if it is over already."""

    order_id: str
    reason: str


class Reprice(NamedTuple):
    """Move a working order's terms; None leaves one as it is."""

    order_id: str
    trigger_price: Paise | None = None
    limit_price: Paise | None = None


class Fit(NamedTuple):
    """Make a working order as large as the parts now want it (`Part.fitting`); withdraw it if they want it no more."""

    order_id: str
    reason: str
    """Told if it is withdrawn."""


class Settle(NamedTuple):
    """Trade a position away at a price that the exchange sets, with no order: expiry."""

    order_id: str
    """Names the settlement: `settle-<strategy>-<instrument>-<date>`."""
    strategy: str
    instrument: InstrumentId
    product: Product
    side: Side
    qty: Units
    price: Paise


class Say(NamedTuple):
    """Write a message."""

    message: Message


Act: TypeAlias = Place | Refuse | Withdraw | Reprice | Fit | Settle | Say
