"""The market in which positions live and end: the real calendar, NIFTY, and an expiry that a holiday moved.

Monday 2026-11-23 is NIFTY's monthly expiry, because Tuesday the 24th is a holiday.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

from sauda.calendar import load_calendar
from sauda.contracts import (
    Alert,
    Fill,
    Instrument,
    InstrumentId,
    InstrumentKind,
    Message,
    Product,
    Right,
    Side,
    Tick,
)
from sauda.testing.builders import INDEX, a_tick, an_index, an_option, an_order, at
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House

MARKET = Path(__file__).parents[3] / "config/market"
CALENDAR = load_calendar(MARKET)
MONDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 25)
CALL = "NFO:NIFTY23NOV26C24500"
PUT = "NFO:NIFTY23NOV26P24500"
FUTURE = "NFO:NIFTY23NOV26F"


def a_house() -> House:
    """Return a house that knows when positions end, and nothing else."""
    return House(CALENDAR, closing=CALENDAR)


def an_expiring(instrument: InstrumentId = CALL, strike: int = 24_500_00) -> Instrument:
    """Build an option of 2026-11-23."""
    right = Right.CALL if "C" in instrument[15:] else Right.PUT
    return an_option(instrument, strike=strike, right=right, expiry="2026-11-23")


def a_future(
    instrument: InstrumentId = FUTURE, *, underlying: str = "NIFTY", expiry: str = "2026-11-23", lot: int = 65
) -> Instrument:
    """Build a future's definition."""
    exchange = instrument.partition(":")[0]
    return Instrument(
        instrument, exchange, "f", underlying, InstrumentKind.FUTURE, lot, tick_size=5, expiry=expiry
    )


def a_share(symbol: str = "RELIANCE") -> Instrument:
    """Build a share's definition."""
    return Instrument(f"NSE:{symbol}-EQ", "NSE", "s", symbol, InstrumentKind.EQUITY, tick_size=5)


MASTERS: list[Message] = [an_expiring(CALL), an_expiring(PUT), a_future(), an_index(), an_option()]


def index_at(price: int, clock: str, day: date = MONDAY) -> Tick:
    """Build a price of the index."""
    return a_tick(price, instrument=INDEX, at_ns=at(clock, day))


def quoted(instrument: InstrumentId, price: int, clock: str, day: date = MONDAY) -> Tick:
    """Build a price with a bid and an offer one tick away."""
    return a_tick(price, instrument=instrument, bid=price - 5, ask=price + 5, at_ns=at(clock, day))


def trades(
    instrument: InstrumentId,
    side: Side,
    price: int,
    clock: str,
    *,
    product: Product = Product.NRML,
    day: date = MONDAY,
    qty: int = 65,
    strategy: str = "straddle",
    order_id: str = "",
) -> list[Message]:
    """Build what makes *strategy* trade at about *price*."""
    order = an_order(
        side,
        order_id=order_id or f"{strategy}-{instrument}-{side.value}-{clock}",
        strategy=strategy,
        instrument=instrument,
        qty=qty,
        event_ns=at(clock, day),
    )
    return [quoted(instrument, price, clock, day), msgspec.structs.replace(order, product=product)]


def opened(*holdings: Iterable[Message], house: House | None = None) -> PaperExchange:
    """Return an exchange on which *holdings* were traded."""
    exchange = PaperExchange(house or a_house())
    play(exchange, [*MASTERS, *(message for holding in holdings for message in holding)])
    return exchange


def fills(said: list[Message]) -> list[Fill]:
    """Return the trades among *said*."""
    return [message for message in said if isinstance(message, Fill)]


def alerts(said: list[Message]) -> list[Alert]:
    """Return the alerts among *said*."""
    return [message for message in said if isinstance(message, Alert)]
