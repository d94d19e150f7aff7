"""Messages for tests: every field has a sensible default, a test names only what matters to it.

The market of these messages is Monday 2026-11-23, 10:00 IST, in the middle of an ordinary session.
"""

from collections.abc import Sequence
from datetime import date, time

from sauda.calendar import Session
from sauda.clock import NS_PER_S, UnixNs, from_ist, ist_date
from sauda.contracts import (
    BookLevel,
    CancelOrder,
    ClockTick,
    Depth,
    FeedGap,
    Fill,
    Instrument,
    InstrumentId,
    InstrumentKind,
    ModifyOrder,
    OrderKind,
    PlaceOrder,
    Product,
    Right,
    Side,
    Tick,
    Validity,
)
from sauda.money import Paise, Units

DAY = date(2026, 11, 23)
"""An ordinary Monday."""
NOW: UnixNs = from_ist(DAY, time(10, 0))
OPTION: InstrumentId = "NFO:NIFTY01DEC26C24500"
INDEX: InstrumentId = "NSE:Nifty 50"
LOT: Units = 65


def at(clock: str, day: date = DAY) -> UnixNs:
    """Return the instant at which Indian clocks show *clock* (`"15:29:59"`) on *day*."""
    return from_ist(day, time.fromisoformat(clock))


def after(seconds: float, since_ns: UnixNs = NOW) -> UnixNs:
    """Return the instant *seconds* after *since_ns*."""
    return since_ns + round(seconds * NS_PER_S)


def a_tick(
    ltp: Paise = 100_00,
    *,
    instrument: InstrumentId = OPTION,
    bid: Paise | None = None,
    ask: Paise | None = None,
    bid_qty: Units | None = None,
    ask_qty: Units | None = None,
    volume: Units | None = None,
    depth: Depth | None = None,
    at_ns: UnixNs = NOW,
) -> Tick:
    """Build a tick; without *bid* and *ask* the market shows no quote."""
    return Tick(
        instrument=instrument,
        event_ns=at_ns,
        recv_ns=at_ns,
        ltp=ltp,
        bid=bid,
        ask=ask,
        bid_qty=bid_qty,
        ask_qty=ask_qty,
        volume=volume,
        depth=depth,
    )


def a_depth(bids: Sequence[tuple[Paise, Units]] = (), asks: Sequence[tuple[Paise, Units]] = ()) -> Depth:
    """Build an order book of levels `(price, qty)`, best first."""
    return Depth(
        bids=tuple(BookLevel(price, qty) for price, qty in bids),
        asks=tuple(BookLevel(price, qty) for price, qty in asks),
    )


def a_clock(at_ns: UnixNs = NOW) -> ClockTick:
    """Build a heartbeat of market time."""
    return ClockTick(event_ns=at_ns)


def a_gap(from_ns: UnixNs = NOW, to_ns: UnixNs = NOW + NS_PER_S) -> FeedGap:
    """Build a hole in the market data."""
    return FeedGap(from_ns=from_ns, to_ns=to_ns, reason="test")


def an_option(
    instrument: InstrumentId = OPTION,
    *,
    underlying: str = "NIFTY",
    strike: Paise = 24_500_00,
    right: Right = Right.CALL,
    expiry: str = "2026-12-01",
    lot_size: Units = LOT,
    tick_size: Paise = 5,
) -> Instrument:
    """Build an option's definition."""
    exchange, _, symbol = instrument.partition(":")
    return Instrument(
        instrument=instrument,
        exchange=exchange,
        token=f"token of {symbol}",
        underlying=underlying,
        kind=InstrumentKind.OPTION,
        lot_size=lot_size,
        tick_size=tick_size,
        expiry=expiry,
        strike=strike,
        right=right,
    )


def an_index(instrument: InstrumentId = INDEX, *, underlying: str = "NIFTY") -> Instrument:
    """Build an index's definition: it has a price and cannot be traded."""
    return Instrument(
        instrument=instrument,
        exchange=instrument.partition(":")[0],
        token="26000",  # noqa: S106  (the broker's number of the index, not a secret)
        underlying=underlying,
        kind=InstrumentKind.INDEX,
    )


def an_order(
    side: Side = Side.BUY,
    *,
    order_id: str = "o-1",
    strategy: str = "straddle",
    instrument: InstrumentId = OPTION,
    qty: Units = LOT,
    kind: OrderKind = OrderKind.MARKET,
    limit_price: Paise | None = None,
    trigger_price: Paise | None = None,
    parent_id: str | None = None,
    product: Product = Product.NRML,
    validity: Validity = Validity.DAY,
    event_ns: UnixNs = NOW,
) -> PlaceOrder:
    """Build an order: a market buy of one lot unless told otherwise."""
    return PlaceOrder(
        order_id=order_id,
        strategy=strategy,
        instrument=instrument,
        side=side,
        qty=qty,
        kind=kind,
        event_ns=event_ns,
        limit_price=limit_price,
        trigger_price=trigger_price,
        parent_id=parent_id,
        product=product,
        validity=validity,
    )


def a_cancel(order_id: str = "o-1", *, strategy: str = "straddle", event_ns: UnixNs = NOW) -> CancelOrder:
    """Build the request to take an order back."""
    return CancelOrder(order_id=order_id, strategy=strategy, event_ns=event_ns)


def a_change(
    order_id: str = "o-1",
    *,
    strategy: str = "straddle",
    qty: Units | None = None,
    limit_price: Paise | None = None,
    trigger_price: Paise | None = None,
    event_ns: UnixNs = NOW,
) -> ModifyOrder:
    """Build the request to change an order's terms."""
    return ModifyOrder(
        order_id=order_id,
        strategy=strategy,
        event_ns=event_ns,
        qty=qty,
        limit_price=limit_price,
        trigger_price=trigger_price,
    )


def a_fill(
    side: Side = Side.BUY,
    *,
    price: Paise = 100_00,
    qty: Units = LOT,
    order_id: str = "o-1",
    strategy: str = "straddle",
    instrument: InstrumentId = OPTION,
    charges: Paise = 0,
    event_ns: UnixNs = NOW,
) -> Fill:
    """Build a trade of one lot at 100.00 unless told otherwise."""
    return Fill(
        fill_id=f"{order_id}-1",
        order_id=order_id,
        strategy=strategy,
        instrument=instrument,
        side=side,
        qty=qty,
        price=price,
        charges=charges,
        event_ns=event_ns,
    )


class Weekdays:
    """A calendar for tests: every exchange trades from 09:15 to 15:30, Monday to Friday, and has no holidays."""

    def session(self, exchange: str, day: date, /) -> Session | None:
        """Return the hours of *day*, or None at a weekend."""
        if day.weekday() >= 5:
            return None
        opens, closes = at("09:15", day), at("15:30", day)
        return Session(opens, closes, ((opens, closes),))

    def is_open(self, exchange: str, instant_ns: UnixNs) -> bool:
        """Does *exchange* trade at that instant?"""
        hours = self.session(exchange, ist_date(instant_ns))
        return hours is not None and hours.open_ns <= instant_ns < hours.close_ns
