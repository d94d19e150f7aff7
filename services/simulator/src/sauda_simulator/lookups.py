"""The REST calls that look something up: quotes, search, chains, limits, margin."""

from typing import TypeAlias

from sauda.clock import NS_PER_S
from sauda.contracts import InstrumentKind
from sauda.money import to_paise, to_rupees
from sauda_simulator.calls import Call
from sauda_simulator.login import BusinessError
from sauda_simulator.market.day import MarketDay
from sauda_simulator.market.listing import Contract
from sauda_simulator.market_clock import MarketClock
from sauda_simulator.wire import INSTRUMENT_NAMES, depth, expiry_text, option_type

Reply: TypeAlias = dict[str, object]
NO_DATA = 'Error Occurred : 5 "no data"'
_MOST_FOUND = 100


class Lookups:
    """Answers from the market as it is now."""

    def __init__(self, market: MarketClock) -> None:
        self._market = market

    def quotes(self, call: Call) -> Reply:
        """Answer GetQuotes."""
        day, quarter, contract = self._asked(call)
        values = depth(day, contract, quarter)
        # Before the open the last price is yesterday's close, as on a holiday.
        values.setdefault("lp", values["c"])
        lut = values.pop("ft", str(self._market.now_ns() // NS_PER_S))
        return _described(contract) | values | {"lut": lut}

    def security_info(self, call: Call) -> Reply:
        """Answer GetSecurityInfo."""
        _, _, contract = self._asked(call)
        return _described(contract) | {
            "frzqty": str(contract.lot_size * 27),
            "elmbmrg": "2.00",
            "varmrg": "9.30",
        }

    def search(self, call: Call) -> Reply:
        """Answer SearchScrip: all words must occur; at most a hundred are found, in no useful order."""
        exchange, words = call.text("exch"), call.text("stext").upper().split()
        found = [
            one
            for one in self._market.day().contracts
            if one.exchange == exchange and all(word in _searchable(one) for word in words)
        ]
        if not found:
            raise BusinessError("No Data :  ")
        return {"values": [_listed(one) for one in found[:_MOST_FOUND]]}

    def option_chain(self, call: Call) -> Reply:
        """Answer GetOptionChain: `cnt` strikes at or below `strprc` and as many above it."""
        day = self._market.day()
        asked = day.by_symbol.get((call.text("exch"), call.text("tsym")))
        if asked is None:
            raise BusinessError(NO_DATA)
        centre, count = to_paise(str(call.number("strprc"))), max(1, int(call.number("cnt", 5)))
        options = _chain(day, asked)
        strikes = sorted({one.strike for one in options if one.strike is not None})
        below = [strike for strike in strikes if strike <= centre][-count:]
        above = [strike for strike in strikes if strike > centre][:count]
        wanted = {*below, *above}
        values = [_listed(one) | _strike(one) for one in options if one.strike in wanted]
        if not values:
            raise BusinessError(NO_DATA)
        return {"values": values}

    def limits(self, call: Call) -> Reply:
        """Answer Limits: a paper account with ten lakh and nothing in use."""
        zero = dict.fromkeys(
            ("payin", "payout", "brkcollamt", "unclearedcash", "daycash", "marginused"), "0.00"
        )
        return {"actid": call.fields.get("actid"), "prd": "ALL", "cash": "1000000.00"} | zero

    def _asked(self, call: Call) -> tuple[MarketDay, int | None, Contract]:
        day, quarter = self._market.moment()
        contract = day.by_key.get(f"{call.text('exch')}|{call.text('token')}")
        if contract is None:
            raise BusinessError(NO_DATA)
        return day, quarter, contract


def _described(contract: Contract) -> Reply:
    facts: Reply = {
        "exch": contract.exchange,
        "tsym": contract.trading_symbol,
        "token": contract.token,
        "symname": contract.underlying,
        "cname": contract.trading_symbol,
        "seg": "EQT" if contract.kind is InstrumentKind.INDEX else "DER",
        "instname": INSTRUMENT_NAMES[contract.kind],
        "pp": "2",
        "ls": str(contract.lot_size),
        "ti": to_rupees(contract.tick_size),
        "mult": "1",
        "prcftr_d": "(1 / 1 ) * (1 / 1)",
    }
    if contract.expiry:
        facts |= {"exd": expiry_text(contract.expiry), "optt": option_type(contract)}
    return facts | _strike(contract)


def _strike(contract: Contract) -> Reply:
    return {} if contract.strike is None else {"strprc": to_rupees(contract.strike)}


def _listed(contract: Contract) -> Reply:
    found: Reply = {
        "exch": contract.exchange,
        "token": contract.token,
        "tsym": contract.trading_symbol,
        "instname": INSTRUMENT_NAMES[contract.kind],
        "pp": "2",
        "ls": str(contract.lot_size),
        "ti": to_rupees(contract.tick_size),
    }
    if contract.expiry:
        found |= {"optt": option_type(contract), "dname": _searchable(contract).rpartition(" ")[0]}
    return found


def _searchable(contract: Contract) -> str:
    parts = [contract.underlying]
    if contract.expiry:
        day = expiry_text(contract.expiry)
        parts.append(f"{day[:2]}{day[3:6]}{day[9:]}")
        parts.append("FUT" if contract.strike is None else str(contract.strike // 100))
        parts.extend([contract.right.value] if contract.right else [])
    return " ".join([*parts, contract.trading_symbol.upper()])


def _chain(day: MarketDay, asked: Contract) -> list[Contract]:
    """Return the options of *asked*'s underlying and expiry; the nearest expiry if it has no options."""
    options = [one for one in day.contracts if one.underlying == asked.underlying and one.strike is not None]
    expiries = sorted({one.expiry for one in options if one.expiry is not None})
    expiry = asked.expiry if asked.expiry in expiries else expiries[0]
    return [one for one in options if one.expiry == expiry]
