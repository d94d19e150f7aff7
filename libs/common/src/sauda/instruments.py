"""What can be traded: the underlyings with all their names, and how a contract's name is written.

A contract's trading symbol is the broker's grammar, one per exchange:

    NFO, CDS  NIFTY01DEC26C24500     NIFTY23NOV26F
    MCX       CRUDEOIL15OCT26C3750   CRUDEOIL19AUG26
    BFO       SENSEX2640992800PE     weekly: year, month (1-9, O, N, D), day
              SENSEX26SEP91000PE     monthly: no day, so the expiry comes from the symbol master
              SENSEX26SEPFUT
    NSE, BSE  Nifty 50, RELIANCE-EQ

`parse_symbol` and `format_symbol` are inverse to each other.
"""

import re
from datetime import date
from typing import NamedTuple

from sauda.contracts import InstrumentId, InstrumentKind, Right
from sauda.errors import ConfigError, ContractError
from sauda.money import Paise, to_paise, to_rupees

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKLY_MONTHS = "123456789OND"
_MONTH = "|".join(_MONTHS)
_STRIKE = r"(?P<strike>\d+(?:\.\d+)?)"

_DATED = re.compile(
    rf"(?P<base>.+)(?P<day>\d\d)(?P<month>{_MONTH})(?P<year>\d\d)(?:(?P<future>F?)|(?P<right>[CP]){_STRIKE})"
)
_MONTHLY = re.compile(
    rf"(?P<base>.+)(?P<year>\d\d)(?P<month>{_MONTH})(?:(?P<future>FUT)|{_STRIKE}(?P<right>[CP]E))"
)
_WEEKLY = re.compile(rf"(?P<base>\D+)(?P<year>\d\d)(?P<month>[1-9OND])(?P<day>\d\d){_STRIKE}(?P<right>[CP]E)")


class Underlying(NamedTuple):
    """What options and futures are written on."""

    name: str
    """The one name used in messages and rules: `NIFTY`, `CRUDEOILM`."""
    exchange_derivatives: str
    exchange_index: str | None = None
    """Where the index itself is quoted; a commodity has none, its nearest future takes the index's place."""
    index_symbol: str | None = None
    """The index as the broker's feed names it: `Nifty 50`."""
    index_token: str | None = None
    aliases: tuple[str, ...] = ()


class ParsedSymbol(NamedTuple):
    """What a trading symbol says; format it again with `format_symbol`."""

    underlying: str
    """As the exchange writes it, which for all that the desk knows is the canonical name."""
    kind: InstrumentKind
    expiry: date | None = None
    """None for what never expires, and for BFO's monthly symbols: those name no day."""
    strike: Paise | None = None
    right: Right | None = None
    expiry_month: tuple[int, int] | None = None
    """(year, month) of a BFO monthly symbol, where `expiry` is None."""
    series: str | None = None
    """`EQ`, `BE` of an equity on NSE."""


def _index(name: str, symbol: str, token: str, *aliases: str) -> Underlying:
    return Underlying(name, "NFO", "NSE", symbol, token, (symbol, *aliases))


def _bse_index(name: str, token: str, *aliases: str) -> Underlying:
    # BSE's indices stand in no symbol master; the tokens are those that other Noren clients use.
    return Underlying(name, "BFO", "BSE", name, token, aliases)


_UNDERLYINGS = {
    one.name: one
    for one in (
        _index("NIFTY", "Nifty 50", "26000", "NIFTY INDEX", "NIFTY50"),
        _index("BANKNIFTY", "Nifty Bank", "26009", "NIFTY BANK"),
        _index("FINNIFTY", "Nifty Fin Services", "26037", "NIFTY FIN SERVICE"),
        _index("MIDCPNIFTY", "NIFTY MID SELECT", "26074"),
        _index("NIFTYNXT50", "Nifty Next 50", "26013"),
        _bse_index("SENSEX", "1", "BSXOPT", "BSXFUT"),
        _bse_index("BANKEX", "12", "BKXOPT", "BKXFUT"),
        *(
            Underlying(name, "MCX")
            for name in ("CRUDEOIL", "CRUDEOILM", "GOLD", "GOLDM", "SILVER", "SILVERM")
        ),
        *(Underlying(name, "MCX") for name in ("COPPER", "NATURALGAS", "ZINC")),
    )
}
_CANONICAL = {alias.upper(): one.name for one in _UNDERLYINGS.values() for alias in (one.name, *one.aliases)}


def underlyings() -> tuple[Underlying, ...]:
    """Return all that the desk knows."""
    return tuple(_UNDERLYINGS.values())


def canonical(name: str) -> str:
    """Return the one name of an underlying: `Nifty 50`, `NIFTY INDEX` and `nifty` are all `NIFTY`.

    Raises:
        ConfigError: nobody calls an underlying that we know by this name.
    """
    found = _CANONICAL.get(" ".join(name.split()).upper())
    if found is None:
        raise ConfigError(f"unknown underlying {name!r}: take one of {', '.join(_UNDERLYINGS)}")
    return found


def underlying(name: str) -> Underlying:
    """Return the underlying that is called *name*, by any of its names.

    Raises:
        ConfigError: there is none.
    """
    return _UNDERLYINGS[canonical(name)]


def index_instrument(name: str) -> InstrumentId | None:
    """Return the index's instrument, `NSE:Nifty 50`; None for a commodity."""
    found = underlying(name)
    return f"{found.exchange_index}:{found.index_symbol}" if found.exchange_index else None


def parse_symbol(exchange: str, trading_symbol: str) -> ParsedSymbol:
    """Read a trading symbol of *exchange* (NSE, BSE, NFO, BFO, CDS, MCX).

    Raises:
        ContractError: the exchange is unknown, or it writes no symbol like this.
    """
    match exchange:
        case "NSE" | "BSE":
            return _parse_cash(exchange, trading_symbol)
        case "NFO" | "CDS" | "MCX":
            found = _DATED.fullmatch(trading_symbol)
            # MCX alone writes its futures without the F.
            if found and (found["right"] or bool(found["future"]) is (exchange != "MCX")):
                return _parsed(found, trading_symbol)
        case "BFO":
            found = _MONTHLY.fullmatch(trading_symbol) or _WEEKLY.fullmatch(trading_symbol)
            if found:
                return _parsed(found, trading_symbol)
        case _:
            raise ContractError(f"unknown exchange {exchange!r} of symbol {trading_symbol!r}")
    raise ContractError(f"{trading_symbol!r} is not a trading symbol of {exchange}")


def _parse_cash(exchange: str, trading_symbol: str) -> ParsedSymbol:
    known = _CANONICAL.get(trading_symbol.upper())
    if known and _UNDERLYINGS[known].exchange_index == exchange:
        return ParsedSymbol(known, InstrumentKind.INDEX)
    base, dash, series = trading_symbol.rpartition("-")
    if exchange == "NSE" and dash and base and series:
        return ParsedSymbol(base, InstrumentKind.EQUITY, series=series)
    if not trading_symbol:
        raise ContractError(f"an empty trading symbol on {exchange}")
    return ParsedSymbol(trading_symbol, InstrumentKind.EQUITY)


def _parsed(found: re.Match[str], symbol: str) -> ParsedSymbol:
    parts = found.groupdict()
    year, month = 2000 + int(parts["year"]), _month(parts["month"])
    strike = None
    if parts["strike"] is not None:
        strike = to_paise(parts["strike"])
        if _strike_text(strike) != parts["strike"]:
            raise ContractError(f"strike of {symbol!r} is not written in whole paise")
    expiry = None
    if "day" in parts:
        try:
            expiry = date(year, month, int(parts["day"]))
        except ValueError as error:
            raise ContractError(f"{symbol!r} expires on a day that does not exist: {error}") from error
    return ParsedSymbol(
        underlying=parts["base"],
        kind=InstrumentKind.FUTURE if strike is None else InstrumentKind.OPTION,
        expiry=expiry,
        strike=strike,
        right=Right(f"{parts['right'][0]}E") if parts["right"] else None,
        expiry_month=None if expiry else (year, month),
    )


def _month(text: str) -> int:
    return (_WEEKLY_MONTHS.index(text) if len(text) == 1 else _MONTHS.index(text)) + 1


def _strike_text(strike: Paise) -> str:
    whole, _, paise = to_rupees(strike).partition(".")
    paise = paise.rstrip("0")
    return f"{whole}.{paise}" if paise else whole


def format_symbol(exchange: str, symbol: ParsedSymbol) -> str:
    """Write a trading symbol the way *exchange* does.

    On BFO a contract with an `expiry` is written as a weekly, one with an `expiry_month` as a monthly.

    Raises:
        ContractError: the exchange has no such contract.
    """
    match exchange, symbol:
        case (("NFO" | "CDS" | "MCX"), ParsedSymbol(expiry=date() as expiry)):
            day = f"{expiry.day:02d}{_MONTHS[expiry.month - 1]}{expiry.year % 100:02d}"
            if symbol.strike is None or symbol.right is None:
                return f"{symbol.underlying}{day}{'' if exchange == 'MCX' else 'F'}"
            return f"{symbol.underlying}{day}{symbol.right.value[0]}{_strike_text(symbol.strike)}"
        case "BFO", ParsedSymbol(expiry_month=(int() as year, int() as month)):
            head = f"{symbol.underlying}{year % 100:02d}{_MONTHS[month - 1]}"
            if symbol.strike is None or symbol.right is None:
                return f"{head}FUT"
            return f"{head}{_strike_text(symbol.strike)}{symbol.right.value}"
        case "BFO", ParsedSymbol(expiry=date() as expiry, strike=int() as strike, right=Right() as right):
            day = f"{expiry.year % 100:02d}{_WEEKLY_MONTHS[expiry.month - 1]}{expiry.day:02d}"
            return f"{symbol.underlying}{day}{_strike_text(strike)}{right.value}"
        case (("NSE" | "BSE"), ParsedSymbol(kind=InstrumentKind.INDEX)):
            return underlying(symbol.underlying).index_symbol or symbol.underlying
        case (("NSE" | "BSE"), ParsedSymbol(kind=InstrumentKind.EQUITY)):
            return f"{symbol.underlying}-{symbol.series}" if symbol.series else symbol.underlying
    raise ContractError(f"{exchange} writes no symbol for {symbol}")


def split_instrument(instrument: InstrumentId) -> tuple[str, str]:
    """Return (exchange, trading symbol) of `NFO:NIFTY01DEC26C24500`.

    Raises:
        ContractError: there is no exchange before a colon.
    """
    exchange, colon, symbol = instrument.partition(":")
    if not (colon and exchange and symbol):
        raise ContractError(f"instrument {instrument!r} is not EXCHANGE:TRADINGSYMBOL")
    return exchange, symbol
