"""What a strategy wants: intents. How many lots, which orders, and what the exchange says are not its business.

Each becomes a signal; those that trade also become orders, sized by the instance's rules. Prices are paise.
"""

from typing import TypeAlias

import msgspec

from sauda.contracts import InstrumentId, Side
from sauda.money import Paise


class Buy(msgspec.Struct, frozen=True):
    """Buy, whatever is held."""

    instrument: InstrumentId
    reason: str
    lots: int | None = None
    """None: as many as the rules' sizing says."""
    confidence: float | None = None
    """From 0 to 1; it stands in the signal and scales nothing."""
    limit: Paise | None = None
    """None: at the market."""
    stop: Paise | None = None
    """Where it would be wrong: the exchange keeps a stop there, and `risk_percent` is measured to it."""
    target: Paise | None = None
    """Where the profit is taken."""


class Sell(msgspec.Struct, frozen=True):
    """Sell, whatever is held; the fields are those of `Buy`."""

    instrument: InstrumentId
    reason: str
    lots: int | None = None
    confidence: float | None = None
    limit: Paise | None = None
    stop: Paise | None = None
    target: Paise | None = None


class Target(msgspec.Struct, frozen=True):
    """Hold this position and no other: what is missing is traded, once, however often it is said."""

    instrument: InstrumentId
    side: Side | None
    """Long, short, or None: nothing."""
    reason: str
    lots: int | None = None
    """None: as many as the rules' sizing says when the position is opened; what is held stays as it is."""
    confidence: float | None = None
    stop: Paise | None = None
    target: Paise | None = None


class Exit(msgspec.Struct, frozen=True):
    """Close what is held of one instrument, or of all; working orders of it are taken back first."""

    reason: str
    instrument: InstrumentId | None = None


class Opinion(msgspec.Struct, frozen=True):
    """A signal alone: nothing is traded."""

    instrument: InstrumentId
    side: Side | None
    reason: str
    confidence: float | None = None


Intent: TypeAlias = Buy | Sell | Target | Exit | Opinion
