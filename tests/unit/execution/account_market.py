"""A small market for the account's tests: NIFTY at 24,500 with a future, options of one expiry, and a share."""

from functools import partial
from math import exp
from pathlib import Path

import msgspec

from sauda.clock import UnixNs, ist_date
from sauda.contracts import (
    Account,
    Instrument,
    InstrumentId,
    InstrumentKind,
    Message,
    OrderKind,
    OrderRejected,
    PlaceOrder,
    Product,
    Right,
    Side,
)
from sauda.margin import Leg, load_margins, requirement
from sauda.money import Paise, Units
from sauda.testing.builders import LOT, NOW, Weekdays, a_tick, an_index, an_option, an_order
from sauda.testing.restart import play
from sauda_execution.account.tenor import years_left
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House

CALL, PUT = "NFO:NIFTY01DEC26C24500", "NFO:NIFTY01DEC26P24500"
HIGH_CALL, LOW_PUT = "NFO:NIFTY01DEC26C24700", "NFO:NIFTY01DEC26P24300"
FUTURE, INDEX, SHARE = "NFO:NIFTY29DEC26F", "NSE:Nifty 50", "NSE:RELIANCE-EQ"
MARKET = Path(__file__).parents[3] / "config" / "market"
MARGINS = load_margins(MARKET)
LAKH: Paise = 1_00_000_00
PRICES: dict[InstrumentId, Paise] = {
    INDEX: 24_500_00,
    FUTURE: 24_600_00,
    CALL: 150_00,
    PUT: 140_00,
    HIGH_CALL: 70_00,
    LOW_PUT: 65_00,
    SHARE: 1_500_00,
}


def a_future(instrument: InstrumentId = FUTURE, expiry: str = "2026-12-29") -> Instrument:
    return Instrument(
        instrument=instrument,
        exchange="NFO",
        token="future",
        underlying="NIFTY",
        kind=InstrumentKind.FUTURE,
        lot_size=LOT,
        tick_size=5,
        expiry=expiry,
    )


def a_share() -> Instrument:
    return Instrument(
        instrument=SHARE,
        exchange="NSE",
        token="2885",
        underlying="RELIANCE",
        kind=InstrumentKind.EQUITY,
        tick_size=5,
    )


CONTRACTS = (
    an_option(CALL),
    an_option(PUT, right=Right.PUT),
    an_option(HIGH_CALL, strike=24_700_00),
    an_option(LOW_PUT, strike=24_300_00, right=Right.PUT),
    a_future(),
    an_index(),
    a_share(),
)


def quotes(at_ns: UnixNs = NOW, **moved: Paise) -> list[Message]:
    """Return a tick of everything without spread; *moved* says by how much (`CALL=500`)."""
    return [
        a_tick(price + moved.get(_NAMES[name], 0), instrument=name, bid=None, ask=None, at_ns=at_ns)
        for name, price in PRICES.items()
    ]


_NAMES = {
    INDEX: "INDEX",
    FUTURE: "FUTURE",
    CALL: "CALL",
    PUT: "PUT",
    HIGH_CALL: "HIGH_CALL",
    LOW_PUT: "LOW_PUT",
    SHARE: "SHARE",
}


def a_house(capital: Paise = 10 * LAKH, *, asks_broker: bool = False) -> House:
    return House(Weekdays(), capital=capital, margins=MARGINS, asks_broker=asks_broker)


def an_account(capital: Paise = 10 * LAKH, *, asks_broker: bool = False) -> PaperExchange:
    """Return an exchange with an account, in the middle of the session, that has seen a price of everything."""
    exchange = PaperExchange(a_house(capital, asks_broker=asks_broker))
    play(exchange, [*CONTRACTS, *quotes()])
    return exchange


def last_account(said: list[Message]) -> Account:
    return [message for message in said if isinstance(message, Account)][-1]


def order(
    side: Side,
    instrument: str,
    qty: Units = LOT,
    *,
    name: str | None = None,
    strategy: str = "s",
    product: Product = Product.NRML,
    limit: Paise | None = None,
    at_ns: int = NOW,
) -> PlaceOrder:
    made = an_order(
        side,
        order_id=name or f"{side.value}-{instrument}-{product.value}",
        strategy=strategy,
        instrument=instrument,
        qty=qty,
        kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
        limit_price=limit,
        event_ns=at_ns,
    )
    return msgspec.structs.replace(made, product=product)


buy, sell = partial(order, Side.BUY), partial(order, Side.SELL)


def rejection(said: list[Message]) -> OrderRejected:
    (found,) = [message for message in said if isinstance(message, OrderRejected)]
    return found


def contract_of(instrument: str) -> Instrument:
    return next(one for one in CONTRACTS if one.instrument == instrument)


def model(*held: tuple[str, Units]) -> Paise:
    """Return what the model asks for options of 1 December at this market, computed beside the exchange."""
    years = years_left("2026-12-01", NOW)
    rates = MARGINS.rates("NIFTY", ist_date(NOW))
    forward = PRICES[INDEX] * exp(rates.interest * years)
    legs = [
        Leg(qty, "2026-12-01", forward, PRICES[name], years, False, one.strike, one.right)
        for one, name, qty in ((contract_of(name), name, qty) for name, qty in held)
    ]
    return requirement(PRICES[INDEX], legs, rates).total
