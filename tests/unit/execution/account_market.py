"""A small market for the account's tests: NIFTY at 24,500 with a future, options of one expiry, and a share."""

from pathlib import Path

from sauda.clock import UnixNs
from sauda.contracts import (
    Account,
    Instrument,
    InstrumentId,
    InstrumentKind,
    Message,
    Right,
)
from sauda.margin import load_margins
from sauda.money import Paise
from sauda.testing.builders import LOT, NOW, Weekdays, a_tick, an_index, an_option
from sauda.testing.restart import play
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
