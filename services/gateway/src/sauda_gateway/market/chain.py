"""The option chain of one expiry around the money, with what its prices imply. Pure.

Everything that was used for the model stands beside it: the forward and where it comes from, the interest rate, the time left.
"""

from collections.abc import Mapping, Sequence
from math import exp
from typing import Final, NamedTuple

import msgspec

from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.contracts import Instrument, InstrumentId, Tick
from sauda.money import Paise, Units
from sauda_gateway.market.catalogue import Catalogue, Pair
from sauda_gateway.market.greeks import greeks
from sauda_gateway.market.quotes import Quotes, Since

YEAR_NS: Final = 365 * 86_400 * NS_PER_S
LEAST_LEFT_NS: Final = 60 * NS_PER_S
"""In its last minute an option is taken to live for another one; once it has ended, its price implies nothing."""
_PARITY_PAIRS: Final = 3
"""Strikes whose call and put cost nearly the same: the middle one of their forwards is believed."""


class Leg(msgspec.Struct, frozen=True):
    """One option of the chain; None: not known."""

    instrument: InstrumentId
    ltp: Paise | None = None
    change: Paise | None = None
    change_from: Since | None = None
    bid: Paise | None = None
    ask: Paise | None = None
    oi: Units | None = None
    oi_change: Units | None = None
    volume: Units | None = None
    iv: float | None = None
    """Percent a year."""
    delta: float | None = None
    gamma: float | None = None
    """A rupee of the forward."""
    theta: Paise | None = None
    """A day, of one unit."""
    vega: Paise | None = None
    """A point of volatility, of one unit."""
    position: Units = 0
    """What the desk holds, signed."""
    recv_ns: UnixNs | None = None


class Row(msgspec.Struct, frozen=True):
    """The two options of one strike; null: it is not listed."""

    strike: Paise
    CE: Leg | None
    PE: Leg | None


class Chain(msgspec.Struct, frozen=True):
    """An option chain, and what its model was given."""

    underlying: str
    expiry: str
    expiries: list[str]
    """All days on which options of the underlying expire."""
    market_ns: UnixNs
    spot: Paise | None
    spot_instrument: InstrumentId | None
    """Whose price the spot is: the index or share, else the nearest future."""
    atm: Paise | None
    """The strike nearest to the spot."""
    forward: Paise | None
    forward_from: str | None
    """`future` of this expiry; `parity` of call and put; `spot` with interest; None: no price is known."""
    rate: float
    """A year, percent."""
    years: float
    """To the close of the expiry day."""
    rows: list[Row]


class Wanted(NamedTuple):
    """Which chain, and what it is computed by."""

    underlying: str
    """Its canonical name."""
    expiry: str
    """`YYYY-MM-DD`."""
    around: int
    """Strikes on each side of the money."""
    now_ns: UnixNs
    """The market's time."""
    end_ns: UnixNs
    """When these options end."""
    rate: float
    """Interest a year, a fraction."""


def chain(catalogue: Catalogue, quotes: Quotes, held: Mapping[InstrumentId, Units], wanted: Wanted) -> Chain:
    """Return the chain as it is sent.

    Args:
        catalogue: What there is.
        quotes: What it costs.
        held: What of it the desk holds.
        wanted: Which.
    """
    today = _day_of(wanted.now_ns)
    pairs = catalogue.pairs(wanted.underlying, wanted.expiry)
    spot = _spot(catalogue, quotes, wanted.underlying, today)
    years = max(wanted.end_ns - wanted.now_ns, LEAST_LEFT_NS) / YEAR_NS
    given = (wanted.underlying, wanted.expiry, years, wanted.rate)
    forward, forward_from = _forward(catalogue, quotes, pairs, spot, given)
    money = spot.ltp if spot is not None else forward
    terms = (forward if wanted.now_ns < wanted.end_ns else None, years, wanted.rate)
    shown = near_money(pairs, money, wanted.around)
    return Chain(
        underlying=wanted.underlying,
        expiry=wanted.expiry,
        expiries=catalogue.expiries(wanted.underlying, today),
        market_ns=wanted.now_ns,
        spot=None if spot is None else spot.ltp,
        spot_instrument=None if spot is None else spot.instrument,
        atm=None if money is None or not pairs else _nearest(pairs, money),
        forward=None if forward is None else round(forward),
        forward_from=forward_from,
        rate=wanted.rate * 100,
        years=round(years, 6),
        rows=[Row(one.strike, *(_leg(leg, quotes, held, terms) for leg in one[1:])) for one in shown],
    )


def near_money(pairs: Sequence[Pair], money: float | None, around: int) -> Sequence[Pair]:
    """Return *around* strikes on each side of the one nearest to *money*, the middle of the chain where that is not known."""
    if not pairs:
        return ()
    if money is None:
        middle = len(pairs) // 2
    else:
        strikes = [pair.strike for pair in pairs]
        middle = strikes.index(_nearest(pairs, money))
    return pairs[max(0, middle - around) : middle + around + 1]


def spot_of(catalogue: Catalogue, quotes: Quotes, underlying: str, now_ns: UnixNs) -> Tick | None:
    """Return what the underlying costs: the index or share itself, else its nearest future that is quoted."""
    return _spot(catalogue, quotes, underlying, _day_of(now_ns))


def _spot(catalogue: Catalogue, quotes: Quotes, underlying: str, today: str) -> Tick | None:
    cash = catalogue.cash(underlying)
    if cash is not None and (tick := quotes.tick(cash.instrument)) is not None:
        return tick
    found = (quotes.tick(one.instrument) for one in catalogue.futures(underlying, today))
    return next((tick for tick in found if tick is not None), None)


def _forward(
    catalogue: Catalogue,
    quotes: Quotes,
    pairs: Sequence[Pair],
    spot: Tick | None,
    terms: tuple[str, str, float, float],
) -> tuple[float | None, str | None]:
    underlying, expiry, years, rate = terms
    for future in catalogue.futures(underlying, expiry):
        tick = quotes.tick(future.instrument) if future.expiry == expiry else None
        if tick is not None:
            return _price(tick), "future"
    growth = exp(rate * years)
    if (parity := _parity(quotes, pairs, growth)) is not None:
        return parity, "parity"
    return (None, None) if spot is None else (spot.ltp * growth, "spot")


def _parity(quotes: Quotes, pairs: Sequence[Pair], growth: float) -> float | None:
    """Return strike + (call - put) x growth, the middle one of the strikes where both cost nearly the same."""
    known: list[tuple[float, float]] = []
    for pair in pairs:
        call = None if pair.call is None else quotes.tick(pair.call.instrument)
        put = None if pair.put is None else quotes.tick(pair.put.instrument)
        if call is not None and put is not None:
            differs = _price(call) - _price(put)
            known.append((abs(differs), pair.strike + differs * growth))
    found = sorted(forward for _, forward in sorted(known)[:_PARITY_PAIRS])
    return found[len(found) // 2] if found else None


def _leg(
    contract: Instrument | None,
    quotes: Quotes,
    held: Mapping[InstrumentId, Units],
    terms: tuple[float | None, float, float],
) -> Leg | None:
    if contract is None:
        return None
    name = contract.instrument
    position = held.get(name, 0)
    quote, tick = quotes.quote(name), quotes.tick(name)
    if quote is None or tick is None:
        return Leg(name, position=position)
    forward, years, rate = terms
    implied = None
    if forward is not None and forward > 0 and contract.strike:
        is_call = contract.right is not None and contract.right.value == "CE"
        implied = greeks(_price(tick), forward, contract.strike, years, rate, call=is_call)
    return Leg(
        instrument=name,
        ltp=quote.ltp,
        change=quote.change,
        change_from=quote.change_from,
        bid=quote.bid,
        ask=quote.ask,
        oi=quote.oi,
        oi_change=quote.oi_change,
        volume=quote.volume,
        iv=implied.iv if implied else None,
        delta=implied.delta if implied else None,
        gamma=implied.gamma if implied else None,
        theta=implied.theta if implied else None,
        vega=implied.vega if implied else None,
        position=position,
        recv_ns=quote.recv_ns,
    )


def _price(tick: Tick) -> float:
    """Return the middle of bid and ask where both are shown, else the last price."""
    return tick.ltp if not tick.bid or not tick.ask else (tick.bid + tick.ask) / 2


def _nearest(pairs: Sequence[Pair], money: float) -> Paise:
    """Return the strike nearest to *money*, the lower of two."""
    return min((pair.strike for pair in pairs), key=lambda strike: (abs(strike - money), strike))


def _day_of(now_ns: UnixNs) -> str:
    return ist_date(now_ns).isoformat()
