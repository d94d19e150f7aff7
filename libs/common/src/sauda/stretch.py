"""Prices of one instrument that nothing comes between: what the inside of a bar is to whoever has nothing to do there."""

from typing import NamedTuple

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Tick
from sauda.money import Paise


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """Ticks without bid, offer or depth that follow each other; the day's volume does not fall from one to the next."""

    last: Tick
    low: int
    """The lowest of all its prices, in paise, the last one among them."""
    high: int
    """The highest."""
    ticks: int
    """How many there are."""


class Calm(NamedTuple):
    """Where prices of an instrument are only prices to somebody, of which the newest alone matters, until he hears anything else."""

    low: Paise
    """Strictly above this one."""
    high: Paise
    """Strictly below this one."""
    until_ns: UnixNs
    """Before this instant, whatever the clock shows."""
