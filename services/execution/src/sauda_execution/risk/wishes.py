"""What is to be closed, which orders do it, and what was refused: the rows of `flatten`."""

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, PlaceOrder, Product
from sauda_execution.book import Held


class Wish(msgspec.Struct, frozen=True):
    """Everything of a strategy, or of the desk, is to be closed."""

    strategy: str | None
    why: str
    since_ns: UnixNs
    """Market time."""
    tells: bool
    """Whether an alert says when it is done."""


class Closing(msgspec.Struct, frozen=True):
    """An order that closes a position."""

    strategy: str
    instrument: InstrumentId
    product: Product
    placed_ns: UnixNs


class Refused(msgspec.Struct, frozen=True):
    """A position whose closing was refused."""

    times: int
    again_ns: UnixNs


def named(kind: str, strategy: str | None) -> str:
    """Return what names a wish: each kind has one for a strategy at a time."""
    return f"{kind}|{strategy or '*'}"


def concerns(wish: Wish, strategy: str) -> bool:
    """Is all of *strategy* to be closed for the sake of *wish*?"""
    return wish.strategy in (None, strategy)


def spot(where: Held | PlaceOrder | Closing) -> str:
    """Return what names a position: strategy, instrument, product."""
    return f"{where.strategy}|{where.instrument}|{where.product.value}"
