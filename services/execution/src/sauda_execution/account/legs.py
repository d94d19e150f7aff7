"""The orders that wait on an underlying, and what each would pay."""

from typing import NamedTuple

from sauda.contracts import Instrument, InstrumentKind, PlaceOrder, Product, Side
from sauda.money import Paise, Units
from sauda_execution.known import Known
from sauda_execution.market import Market
from sauda_execution.matching import take, take_whole


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
    kind = contract.kind
    return kind is InstrumentKind.OPTION or kind is InstrumentKind.FUTURE


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
    by_instrument = known.book.by_instrument
    contracts = (known.instruments.get(name) for name in by_instrument)
    theirs = {one.instrument: one for one in contracts if one is not None and one.underlying == underlying}
    for instrument, contract in sorted(theirs.items()) if len(theirs) > 1 else theirs.items():
        for order_id in by_instrument[instrument]:
            working = known.book.working(order_id)
            if working is None or order_id == without:
                continue
            if known.book.is_exit(working.order, working.filled) is exits:
                found.append(Entry(working.order, contract, working.order.side.sign * working.open_qty))
    return found
