"""What a client can ask for by name, and how the name is read. Pure.

    ticks:NFO:NIFTY01DEC26C24500      newest price of one instrument          state
    chain:NIFTY:2026-12-01[:20]       option chain, 20 strikes on each side   state
    pnl · status                      what the desk has made; how it is       state
    fills · orders · signals · alerts · control                               events
    bars:NSE:Nifty 50:5m              bars of one instrument as they end      events

Of a *state* only the newest counts; of *events* each.
"""

from datetime import date
from typing import Final, NamedTuple

from sauda.bars.timeframes import TIMEFRAMES
from sauda.contracts import (
    Alert,
    Bar,
    CancelOrder,
    ChangeRules,
    Fill,
    Halt,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    ResetRisk,
    Resume,
    Signal,
    SquareOff,
    Start,
    Stop,
)
from sauda.errors import ContractError

AROUND: Final = 10
"""Strikes of a chain on each side of the money, unless the name says otherwise."""
MOST_AROUND: Final = 100
LONGEST_NAME: Final = 200

_CONTROL: Final = (Start, Stop, SquareOff, Halt, Resume, ResetRisk, ChangeRules)
_REQUESTS: Final = (PlaceOrder, PlaceBasket, ModifyOrder, CancelOrder)
_ANSWERS: Final = (OrderAccepted, OrderRejected, OrderTriggered, OrderModified, OrderCancelled)


class EventKind(NamedTuple):
    """Which messages of which streams a topic of events is made of."""

    streams: tuple[str, ...]
    kinds: tuple[type, ...]


EVENTS: Final = {
    "fills": EventKind(("executions",), (Fill,)),
    "orders": EventKind(("orders", "executions"), (*_REQUESTS, *_ANSWERS)),
    "signals": EventKind(("signals",), (Signal,)),
    "alerts": EventKind(("alerts",), (Alert,)),
    "control": EventKind(("control",), _CONTROL),
}
BARS: Final = EventKind(("bars",), (Bar,))
STATES: Final = ("ticks", "chain", "pnl", "status")


class UnknownTopicError(ContractError):
    """No topic is called so."""


class Name(NamedTuple):
    """A topic's name, understood."""

    text: str
    """As it was written, and as messages carry it."""
    family: str
    """`ticks`, `chain`, `fills`, …"""
    subject: str = ""
    """The instrument, or the chain's underlying."""
    detail: str = ""
    """The chain's expiry, or the bars' timeframe."""
    around: int = AROUND

    @property
    def is_state(self) -> bool:
        """Return whether only the newest counts."""
        return self.family in STATES

    def holds(self, message: Message) -> bool:
        """Return whether *message*, of one of its streams, is an event of it."""
        if self.family == "bars":
            return (
                isinstance(message, Bar)
                and message.instrument == self.subject
                and message.timeframe == self.detail
            )
        return isinstance(message, EVENTS[self.family].kinds)

    @property
    def streams(self) -> tuple[str, ...]:
        """Return where its events stand."""
        return (BARS if self.family == "bars" else EVENTS[self.family]).streams


def read_name(text: str) -> Name:
    """Understand a topic's name.

    Raises:
        UnknownTopicError: there is none of that name; says which there are.
    """
    family, colon, rest = text.partition(":")
    if len(text) <= LONGEST_NAME:
        if not colon and (family in EVENTS or family in ("pnl", "status")):
            return Name(text, family)
        if family == "ticks" and _is_instrument(rest):
            return Name(text, family, rest)
        if family == "bars":
            instrument, _, timeframe = rest.rpartition(":")
            if _is_instrument(instrument) and timeframe in TIMEFRAMES:
                return Name(text, family, instrument, timeframe)
        if family == "chain" and (found := _chain(text, rest)) is not None:
            return found
    raise UnknownTopicError(
        f"no topic is called {text[:80]!r}: there are ticks:EXCHANGE:SYMBOL, chain:UNDERLYING:YYYY-MM-DD, "
        f"bars:EXCHANGE:SYMBOL:1m, pnl, status, {', '.join(EVENTS)}"
    )


def _chain(text: str, rest: str) -> Name | None:
    underlying, _, rest = rest.partition(":")
    expiry, colon, around = rest.partition(":")
    is_number = around.isascii() and around.isdecimal() and len(around) < 4
    if not underlying or not _is_day(expiry) or (colon and not is_number):
        return None
    number = int(around) if colon else AROUND
    return Name(text, "chain", underlying, expiry, number) if 0 < number <= MOST_AROUND else None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_instrument(text: str) -> bool:
    exchange, _, symbol = text.partition(":")
    return bool(exchange and symbol)
