"""Positions and waiting entries of an underlying, as the margin's model wants them."""

from collections.abc import Iterable
from math import exp, sqrt
from typing import NamedTuple

from sauda.clock import UnixNs, ist_date
from sauda.contracts import Instrument, InstrumentKind, PlaceOrder, Product, Right, Side
from sauda.margin import Leg, Rates
from sauda.margin.black76 import value
from sauda.money import Paise, Units
from sauda_execution.account.prices import Prices
from sauda_execution.account.tenor import years_left
from sauda_execution.known import Known
from sauda_execution.market import Market
from sauda_execution.matching import take, take_whole

_UNSEEN_VOL = 0.6
"""What is sold without a price is taken to be as dear as at this yearly volatility: most indices have a quarter of it."""


class Entry(NamedTuple):
    """An order, or what is left of it, that opens or adds."""

    order: PlaceOrder
    contract: Instrument
    qty: Units
    """Signed."""


def entries(known: Known, underlying: str, without: str | None = None) -> list[Entry]:
    """Return what waits in the market on *underlying*, but for the order *without*.

    An order counts as long as it would not by itself only reduce what its strategy holds: also a stop that was left
    behind by its position.
    """
    return _waiting(known, underlying, without, exits=False)


def waiting_exits(known: Known, underlying: str, without: str | None = None) -> list[Entry]:
    """Return the other orders: those that by themselves only reduce what their strategy holds on *underlying*."""
    return _waiting(known, underlying, without, exits=True)


def is_derivative(contract: Instrument) -> bool:
    """Does margin depend on scenarios, together with others on the same underlying?"""
    return contract.kind in (InstrumentKind.FUTURE, InstrumentKind.OPTION)


def as_legs(
    held: Iterable[tuple[Instrument, Units]], prices: Prices, spot: Paise, rates: Rates, now_ns: UnixNs
) -> list[Leg]:
    """Return *held* as legs. Without a price, what is bought is worth nothing and what is sold is dear."""
    today = ist_date(now_ns).isoformat()
    legs = (
        _leg(contract, qty, prices, spot, rates, now_ns=now_ns, today=today)
        for contract, qty in held
        if qty and is_derivative(contract)
    )
    return [leg for leg in legs if leg is not None]


def price_of(order: PlaceOrder, market: Market) -> Paise:
    """Return what a unit of *order* would cost at the worst that is known: its limit, else its trigger or the quote."""
    if order.limit_price is not None:
        return order.limit_price
    quote = market.quote(order.instrument)
    now = 0
    if quote is not None:
        now = quote.ask if order.side is Side.BUY and quote.ask is not None else quote.ltp
    return max(order.trigger_price or 0, now)


def fills_at_once(order: PlaceOrder, contract: Instrument, known: Known) -> bool:
    """Would *order* trade whole with the quote that stands? If not, nobody knows whether it ever will."""
    quote = known.fresh_quote(order.instrument)
    if quote is None or order.trigger_price is not None:
        return False
    if known.limits.fills == "ltp":
        taking = take_whole(order, order.qty, quote.ltp)
    else:
        taken = known.liquidity.taken(order.instrument, order.side)
        taking = take(order, order.qty, quote, taken, instrument=contract, limits=known.limits)
    return sum(match.qty for match in taking.matches) == order.qty


def is_delivery(order: PlaceOrder, contract: Instrument) -> bool:
    """Are shares traded that change hands?"""
    return contract.kind is InstrumentKind.EQUITY and order.product is Product.NRML


def _waiting(known: Known, underlying: str, without: str | None, *, exits: bool) -> list[Entry]:
    found: list[Entry] = []
    for instrument in sorted(known.book.by_instrument):
        contract = known.instruments.get(instrument)
        if contract is None or contract.underlying != underlying:
            continue
        for order_id in known.book.by_instrument[instrument]:
            working = known.book.working(order_id)
            if working is None or order_id == without:
                continue
            if known.book.is_exit(working.order, working.filled) is exits:
                found.append(Entry(working.order, contract, working.order.side.sign * working.open_qty))
    return found


def _leg(
    contract: Instrument,
    qty: Units,
    prices: Prices,
    spot: Paise,
    rates: Rates,
    *,
    now_ns: UnixNs,
    today: str,
) -> Leg | None:
    years = years_left(contract.expiry, now_ns)
    forward = prices.forward(contract, spot, years, rates)
    price: float | None = prices.of(contract)
    if price is None and contract.strike is not None:
        if qty > 0:
            return None
        call, discount = contract.right is Right.CALL, exp(-rates.interest * years)
        price = value(forward, contract.strike, _UNSEEN_VOL * sqrt(years), discount, call=call)
    expiry = contract.expiry or ""
    return Leg(
        qty=qty,
        expiry=expiry,
        forward=forward,
        premium=forward if price is None else float(price),
        years=years,
        last_day=expiry <= today,
        strike=contract.strike,
        right=contract.right,
    )
