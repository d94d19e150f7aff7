"""How Noren says it: every value a string, prices in rupees, quotes as short keys.

| key | meaning | key | meaning |
|---|---|---|---|
| e, tk, ts | exchange, token, symbol | v, ap | day's volume, average price |
| lp, pc, c | last price, change in %, previous close | oi, poi, toi | open interest: now, yesterday, underlying's |
| o, h, l | the day's open, high, low | bp1 sp1 bq1 sq1 | best bid, offer, and their sizes |
| ft, ltt | feed time (whole seconds), time of last trade | bp2 … so5 | the rest of the book, with order counts |
"""

from datetime import date

from sauda.clock import NS_PER_S, to_ist
from sauda.contracts import InstrumentKind
from sauda.money import Paise, to_rupees
from sauda_simulator.market.day import MarketDay
from sauda_simulator.market.listing import Contract
from sauda_simulator.market.quotes import Level, Trade

DEPTH = 5
"""Levels of each side of the book that the depth feed shows."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
INSTRUMENT_NAMES = {
    InstrumentKind.INDEX: "UNDIND",
    InstrumentKind.FUTURE: "FUTIDX",
    InstrumentKind.OPTION: "OPTIDX",
}


def plain(amount: Paise) -> str:
    """Print rupees without trailing zeros, as the masters do: `24500`, `0.05`."""
    text = to_rupees(amount)
    return text.rstrip("0").rstrip(".")


def expiry_text(expiry: date) -> str:
    """Print an expiry: `01-DEC-2026`."""
    return f"{expiry.day:02d}-{_MONTHS[expiry.month - 1]}-{expiry.year}"


def option_type(contract: Contract) -> str:
    """Return `CE`, `PE`, or `XX` for what is no option."""
    return contract.right.value if contract.right else "XX"


def identity(contract: Contract) -> dict[str, str]:
    """Return the facts of a contract that only an acknowledgement carries."""
    facts = {
        "ts": contract.trading_symbol,
        "pp": "2",
        "ls": str(contract.lot_size),
        "ti": to_rupees(contract.tick_size),
    }
    return facts if contract.kind is InstrumentKind.INDEX else facts | {"ml": "1"}


def touchline(day: MarketDay, contract: Contract, quarter: int | None) -> dict[str, str]:
    """Return everything that a touchline shows of *contract*; *quarter* None is before the open."""
    close = day.previous_close(contract)
    values = {"c": to_rupees(close)} | _standing(day, contract)
    if quarter is None:
        return values
    pricer = day.pricer(contract)
    values |= _traded(day, contract, pricer.trade(quarter), quarter, close)
    quote = pricer.quote(quarter)
    if quote is not None:
        values |= {
            "bp1": to_rupees(quote.bid),
            "sp1": to_rupees(quote.ask),
            "bq1": str(quote.bid_qty),
            "sq1": str(quote.ask_qty),
        }
    values["ft"] = str(day.instant_ns(quarter) // NS_PER_S)
    return values


def depth(day: MarketDay, contract: Contract, quarter: int | None) -> dict[str, str]:
    """Return everything that the depth feed shows: the touchline, five levels, totals, limits."""
    values = touchline(day, contract, quarter)
    pricer = day.pricer(contract)
    quote = None if quarter is None else pricer.quote(quarter)
    if quarter is None or quote is None:
        return values
    trade = pricer.trade(quarter)
    bids, asks = pricer.levels(quote, quarter)
    for letter, levels in (("b", bids), ("s", asks)):
        for place in range(1, DEPTH + 1):
            # A level that is gone is told as zeros: a client that is told only what changed would keep it otherwise.
            level = levels[place - 1] if place <= len(levels) else Level(0, 0, 0)
            values[f"{letter}p{place}"] = to_rupees(level.price)
            values[f"{letter}q{place}"] = str(level.qty)
            values[f"{letter}o{place}"] = str(level.orders)
    traded_ns = day.hours.open_ns + trade.second * NS_PER_S
    return (
        values
        | {
            "ltq": str(trade.last_qty),
            "ltt": f"{to_ist(traded_ns):%H:%M:%S}",
            "tbq": str(sum(level.qty for level in bids) * 40),
            "tsq": str(sum(level.qty for level in asks) * 40),
        }
        | _limits(day, contract)
    )


def _standing(day: MarketDay, contract: Contract) -> dict[str, str]:
    if contract.kind is InstrumentKind.INDEX:
        return {}
    total = day.total_previous_oi(contract.underlying)
    return {"poi": str(day.pricer(contract).previous_oi), "toi": str(total)}


def _traded(day: MarketDay, contract: Contract, trade: Trade, quarter: int, close: Paise) -> dict[str, str]:
    summary = day.summary(contract)
    summary.advance(day.second(quarter))
    summary.seen(trade.ltp)
    values = {
        "lp": to_rupees(trade.ltp),
        "pc": _percent(trade.ltp - close, close),
        "o": to_rupees(summary.open),
        "h": to_rupees(summary.high),
        "l": to_rupees(summary.low),
    }
    if contract.kind is InstrumentKind.INDEX:
        return values
    average = summary.average
    if average is not None:
        values["ap"] = to_rupees(average)
    return values | {"v": str(trade.volume), "oi": str(trade.oi)}


def _limits(day: MarketDay, contract: Contract) -> dict[str, str]:
    """Return circuit limits and 52-week range: wide, and the same all day."""
    close, tick = day.previous_close(contract), contract.tick_size
    upper = (
        (close * 3 // tick + 400) * tick if contract.strike is not None else close * 11 // 10 // tick * tick
    )
    lower = tick if contract.strike is not None else close * 9 // 10 // tick * tick
    return {
        "uc": to_rupees(upper),
        "lc": to_rupees(lower),
        "52h": to_rupees(max(upper, close)),
        "52l": to_rupees(lower),
    }


def _percent(change: Paise, base: Paise) -> str:
    # Adding zero turns -0.0 into 0.0.
    return f"{round(change / base * 100, 2) + 0.0:.2f}"
