"""What is traded on a day: indices, their futures of three months, and option chains around the open.

A contract's token is a function of the contract alone, so it stays the same all its life, as a real
broker's does.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sauda.contracts import InstrumentKind, Right
from sauda.errors import ConfigError
from sauda.instruments import ParsedSymbol, Underlying, format_symbol, underlying
from sauda.money import Paise, Units

STRIKES_EACH_SIDE = 20
FUTURE_MONTHS = 3
NEAREST_EXPIRIES = 4
"""Weekly ones where there are weekly options; the monthly ones come on top."""
MONTHLY_EXPIRIES = 3
_SEARCHED_EXPIRIES = 20
"""Weekly expiries that surely reach over the next three months."""
INDEX_TICK = 5
_FIRST_TOKEN = 40_000


class ContractTerms(Protocol):
    """The dated facts that a listing needs; `sauda.calendar.Calendar` has them."""

    def expiries(self, underlying: str, from_day: date, count: int) -> list[date]:
        """Return the next *count* expiries on or after *from_day*."""

    def lot_size(self, underlying: str, day: date) -> int:
        """Return the units in one lot of a contract traded on *day*."""

    def strike_step(self, underlying: str, day: date) -> Paise:
        """Return the distance between two strikes."""

    def tick_size(self, underlying: str, kind: InstrumentKind, day: date) -> Paise:
        """Return the price step of futures or options."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One thing that can be quoted."""

    exchange: str
    token: str
    trading_symbol: str
    """As the feed says it: `Nifty 50`, `NIFTY01DEC26C24500`."""
    underlying: str
    """Canonical name: `NIFTY`."""
    kind: InstrumentKind
    lot_size: Units
    tick_size: Paise
    expiry: date | None = None
    strike: Paise | None = None
    right: Right | None = None

    @property
    def key(self) -> str:
        """Return `EXCHANGE|TOKEN`, how subscriptions name it."""
        return f"{self.exchange}|{self.token}"


def list_contracts(
    name: str, day: date, opens_at: float, terms: ContractTerms, strikes_each_side: int = STRIKES_EACH_SIDE
) -> list[Contract]:
    """Return everything listed on the underlying *name* on *day*: index, futures, options.

    Args:
        name: Canonical name of an index.
        day: The trading day.
        opens_at: The index at the open, paise; the chains are centred on it.
        terms: Lot sizes, ticks, strike steps and expiries.
        strikes_each_side: Of the index at the open, in each chain.

    Raises:
        ConfigError: the underlying is not an index with derivatives on NFO.
    """
    about = underlying(name)
    if about.index_symbol is None or about.exchange_derivatives != "NFO":
        raise ConfigError(
            f"SAUDA_UNDERLYINGS: {name} cannot be simulated, only indices with options on NFO can"
        )
    expiries = terms.expiries(name, day, _SEARCHED_EXPIRIES)
    futures = [_future(about, day, expiry, terms) for expiry in monthly(expiries)[:FUTURE_MONTHS]]
    strikes = _strikes(opens_at, terms.strike_step(name, day), strikes_each_side)
    options = [
        _option(about, day, terms, expiry=expiry, strike=strike, right=right)
        for expiry in _option_expiries(expiries)
        for strike in strikes
        for right in (Right.CALL, Right.PUT)
    ]
    return [_index(about), *futures, *options]


def monthly(expiries: list[date]) -> list[date]:
    """Return the last of each month of *expiries*, in order."""
    last_by_month = {(expiry.year, expiry.month): expiry for expiry in sorted(expiries)}
    return list(last_by_month.values())


def _option_expiries(expiries: list[date]) -> list[date]:
    return sorted({*expiries[:NEAREST_EXPIRIES], *monthly(expiries)[:MONTHLY_EXPIRIES]})


def _strikes(opens_at: float, step: Paise, each_side: int) -> list[Paise]:
    centre = round(opens_at / step)
    return [(centre + offset) * step for offset in range(-each_side, each_side + 1)]


def _index(about: Underlying) -> Contract:
    return Contract(
        exchange=about.exchange_index or "",
        token=about.index_token or "",
        trading_symbol=about.index_symbol or "",
        underlying=about.name,
        kind=InstrumentKind.INDEX,
        lot_size=1,
        tick_size=INDEX_TICK,
    )


def _future(about: Underlying, day: date, expiry: date, terms: ContractTerms) -> Contract:
    return Contract(
        exchange=about.exchange_derivatives,
        token=_token(about, expiry, 0, 0),
        trading_symbol=format_symbol("NFO", ParsedSymbol(about.name, InstrumentKind.FUTURE, expiry)),
        underlying=about.name,
        kind=InstrumentKind.FUTURE,
        lot_size=terms.lot_size(about.name, day),
        tick_size=terms.tick_size(about.name, InstrumentKind.FUTURE, day),
        expiry=expiry,
    )


def _option(
    about: Underlying, day: date, terms: ContractTerms, *, expiry: date, strike: Paise, right: Right
) -> Contract:
    place = strike // terms.strike_step(about.name, day)
    symbol = ParsedSymbol(about.name, InstrumentKind.OPTION, expiry, strike, right)
    return Contract(
        exchange=about.exchange_derivatives,
        token=_token(about, expiry, place, 1 if right is Right.CALL else 2),
        trading_symbol=format_symbol("NFO", symbol),
        underlying=about.name,
        kind=InstrumentKind.OPTION,
        lot_size=terms.lot_size(about.name, day),
        tick_size=terms.tick_size(about.name, InstrumentKind.OPTION, day),
        expiry=expiry,
        strike=strike,
        right=right,
    )


def _token(about: Underlying, expiry: date, place: int, kind: int) -> str:
    # No underlying has two expiries in one week or more than 2048 strikes, and nothing is listed for
    # longer than 63 weeks: the number is unique among what is listed at the same time.
    series = (int(about.index_token or 0) - 26_000) % 128 * 64 + expiry.toordinal() // 7 % 64
    return str(_FIRST_TOKEN + (series * 2048 + place % 2048) * 3 + kind)
