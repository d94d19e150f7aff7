"""Prices of one instrument that nothing comes between: what the inside of a bar is to whoever has nothing to do there."""

import msgspec

from sauda.contracts import Tick


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """Ticks without bid, offer or depth that follow each other; the day's volume does not fall from one to the next."""

    last: Tick
    low: int
    """The lowest of all its prices, in paise, the last one among them."""
    high: int
    """The highest."""
    ticks: int
    """How many there are."""
