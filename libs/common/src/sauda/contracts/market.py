"""What the market says: ticks, its clock, its holes, and the contracts that trade on it."""

from enum import Enum
from typing import TypeAlias

import msgspec

from sauda.contracts.instants import UnixNs
from sauda.money import Paise, Units

InstrumentId: TypeAlias = str
"""`EXCHANGE:TRADINGSYMBOL`, as in `NFO:NIFTY01DEC26C24500` or `NSE:Nifty 50`."""


class Right(Enum):
    """What the holder of an option may do."""

    CALL = "CE"
    PUT = "PE"


class InstrumentKind(Enum):
    """What sort of thing is traded."""

    INDEX = "index"
    EQUITY = "equity"
    FUTURE = "future"
    OPTION = "option"


class BookLevel(msgspec.Struct, frozen=True, array_like=True):
    """One price of the order book: `[price, qty, orders]`."""

    price: Paise
    qty: Units
    orders: int = 0


class Depth(msgspec.Struct, frozen=True):
    """The order book, best price first; a side may be shorter than five levels."""

    bids: tuple[BookLevel, ...] = ()
    asks: tuple[BookLevel, ...] = ()


class Tick(msgspec.Struct, frozen=True, tag="tick", omit_defaults=True, gc=False):
    """Last trade and best quotes of one instrument at one instant."""

    instrument: InstrumentId
    event_ns: UnixNs
    """When it happened, by the exchange's clock; often whole seconds, so it neither orders nor identifies."""
    recv_ns: UnixNs
    """When it reached us, by the feed's market clock; timers and the age of a quote are measured on this."""
    ltp: Paise
    bid: Paise | None = None
    ask: Paise | None = None
    bid_qty: Units | None = None
    ask_qty: Units | None = None
    volume: Units | None = None
    """Traded since the day began."""
    oi: Units | None = None
    """Open interest."""
    depth: Depth | None = None


class Bar(msgspec.Struct, frozen=True, tag="bar", omit_defaults=True, gc=False):
    """What traded in one interval of a session: first, highest, lowest and last price."""

    instrument: InstrumentId
    timeframe: str
    """`1m`, `5m`, `15m`, `1h`, `1d`: see `sauda.bars.timeframes`."""
    start_ns: UnixNs
    """Its first instant; intervals are counted from the opening of the session, so an hour starts at 09:15."""
    event_ns: UnixNs
    """Its end: the first instant that is not in it; the session's close cuts the last one short."""
    open: Paise
    high: Paise
    low: Paise
    close: Paise
    volume: Units | None = None
    """Traded within it; None where the market shows no volume."""
    oi: Units | None = None
    """Open interest at its end."""
    ticks: int = 0
    """Ticks that it is made of; 0: it was made by somebody else (a broker's history, a file)."""
    past: bool = False
    """It was fetched after its time (warm-up, or the other side of a feed gap), not seen as it happened."""
    torn: bool = False
    """Part of its interval was not seen, and nobody could tell what happened there."""


class ClockTick(msgspec.Struct, frozen=True, tag="clock"):
    """A heartbeat of market time, at least each second of it, so that timers fire in a silent market."""

    event_ns: UnixNs


class FeedGap(msgspec.Struct, frozen=True, tag="feed_gap"):
    """From `from_ns` to `to_ns` the desk did not see the market, or not all of it."""

    from_ns: UnixNs
    to_ns: UnixNs
    reason: str


class Instrument(msgspec.Struct, frozen=True, tag="instrument", omit_defaults=True):
    """A contract as the broker's symbol master defines it today."""

    instrument: InstrumentId
    exchange: str
    token: str
    """The broker's number for it; recycled after expiry, so it identifies nothing from day to day."""
    underlying: str
    """`NIFTY`, `BANKNIFTY`, `CRUDEOIL`: the canonical name, see `sauda.instruments`."""
    kind: InstrumentKind
    lot_size: Units = 1
    tick_size: Paise = 5
    expiry: str | None = None
    """`YYYY-MM-DD`."""
    strike: Paise | None = None
    right: Right | None = None
    freeze_qty: Units | None = None
    """The most that one order may ask for, where the broker tells it."""
    low_limit: Paise | None = None
    """Today's circuit limits, where the broker tells them."""
    high_limit: Paise | None = None


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    """Somebody needs these instruments' ticks from now on."""

    by: str
    instruments: tuple[InstrumentId, ...]
    event_ns: UnixNs


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe"):
    """Somebody no longer needs these instruments' ticks; others may."""

    by: str
    instruments: tuple[InstrumentId, ...]
    event_ns: UnixNs


class BrokerUpdate(msgspec.Struct, frozen=True, tag="broker_update"):
    """The broker's own order update as received; nothing trades on it on paper."""

    payload: dict[str, str]
    recv_ns: UnixNs
