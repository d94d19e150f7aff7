"""What does this quote give an order that takes, and at what price? Pure.

An order that takes walks up to five levels of the order book, best first, each at its own price and up to what it
shows. Without levels it meets the best quote with its quantity; a quote that shows no quantity fills whole. Where the
market shows no quote on that side, the last price stands in for it, a modelled half spread worse; a limit then needs a
last price strictly *within* it, because a trade *at* it may have been somebody else's. Every fill of a taker is worse
by the slippage. No fill is ever beyond the limit.

What is pessimistic on purpose: the taker crosses the whole spread, always; only whole lots trade; what an order
has taken of a quote is gone for all others until the instrument ticks again.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sauda.contracts import Against, Instrument, InstrumentKind, PlaceOrder, Side, Tick
from sauda.money import Paise, Units
from sauda_execution.settings import Limits

_LEVELS = 5
_BPS = 10_000


class Offer(NamedTuple):
    """A price at which somebody else wants to trade."""

    price: Paise
    qty: Units | None
    """None: the feed does not tell how much."""
    against: Against


class Match(NamedTuple):
    """Some of an order trades."""

    price: Paise
    qty: Units
    against: Against
    quoted: Paise | None = None
    """The price of the level whose quantity this used; None: of no quote's."""
    is_volume: bool = False
    """Whether this is a share of what others traded."""


class Taking(NamedTuple):
    """What a quote gave."""

    matches: list[Match]
    goes_on: bool
    """Whether the rest takes from the next quote too: more may stand behind what was shown. Else it rests at its limit."""


def is_triggered(order: PlaceOrder, ltp: Paise) -> bool:
    """Has the last price reached the stop's trigger: upwards for a buy, downwards for a sell?"""
    if order.trigger_price is None:
        return False
    return order.side.sign * (ltp - order.trigger_price) >= 0


def offers_to(side: Side, tick: Tick) -> Sequence[Offer]:
    """Return what *tick* shows to an order of *side*, best first: levels, or else the best quote, or else nothing."""
    if tick.depth is not None:
        levels = tick.depth.asks if side is Side.BUY else tick.depth.bids
        if levels:
            return [Offer(level.price, level.qty, Against.DEPTH) for level in levels[:_LEVELS]]
    price, qty = (tick.ask, tick.ask_qty) if side is Side.BUY else (tick.bid, tick.bid_qty)
    return () if price is None else (Offer(price, qty, Against.TOUCH),)


def left_of(offer: Offer, wanted: Units, taken: Mapping[Paise, Units], lot: Units) -> Units:
    """Return how much of *wanted* the offer still gives, in whole lots.

    Args:
        offer: As the quote shows it.
        wanted: Whole lots.
        taken: Price -> units that were taken of this quote already.
        lot: Units of one lot.
    """
    if offer.qty is None:
        return wanted
    shown = max(0, offer.qty - taken.get(offer.price, 0))
    return min(wanted, shown - shown % lot)


def take(
    order: PlaceOrder,
    open_qty: Units,
    tick: Tick,
    taken: Mapping[Paise, Units],
    *,
    instrument: Instrument,
    limits: Limits,
) -> Taking:
    """Return what an order gets that meets *tick* as a taker.

    Args:
        order: With its present limit, if any.
        open_qty: What of it is left.
        tick: The quote.
        taken: Price -> units of the opposite side that were taken of this quote already.
        instrument: Gives lot and tick size.
        limits: Give slippage and half spread.
    """
    side, limit = order.side, order.limit_price
    offers = offers_to(side, tick)
    if not offers:
        return _take_last(order, open_qty, tick.ltp, instrument, limits)
    matches: list[Match] = []
    left = open_qty
    slip = limits.slippage_ticks * instrument.tick_size
    for offer in offers:
        if limit is not None and side.sign * (limit - offer.price) < 0:
            # The rest stands first at its own limit.
            return Taking(matches, goes_on=False)
        qty = left_of(offer, left, taken, instrument.lot_size)
        if qty:
            quoted = None if offer.qty is None else offer.price
            price = _worse(side, offer.price, slip, limit, instrument)
            matches.append(Match(price, qty, offer.against, quoted))
            left -= qty
    return Taking(matches, goes_on=limit is None or limit != offers[-1].price)


def take_whole(order: PlaceOrder, open_qty: Units, ltp: Paise) -> Taking:
    """Return what the crudest model gives, kept to compare with: all of it at the last price, if the limit allows."""
    if order.limit_price is not None and order.side.sign * (order.limit_price - ltp) < 0:
        return Taking([], goes_on=False)
    return Taking([Match(ltp, open_qty, Against.LAST)], goes_on=False)


def half_spread(ltp: Paise, instrument: Instrument, limits: Limits) -> Paise:
    """Return by how much the unseen quote is taken to be worse than the last price: a share of it, whole ticks, rounded up."""
    tick, bps = instrument.tick_size, limits.half_spread_bps
    if instrument.kind is InstrumentKind.FUTURE and limits.half_spread_future_bps is not None:
        bps = limits.half_spread_future_bps
    share = -(-ltp * bps // (_BPS * tick)) * tick
    return max(limits.half_spread_ticks * tick, share)


def _take_last(
    order: PlaceOrder, open_qty: Units, ltp: Paise, instrument: Instrument, limits: Limits
) -> Taking:
    limit = order.limit_price
    if limit is not None and order.side.sign * (limit - ltp) <= 0:
        return Taking([], goes_on=False)
    worse = half_spread(ltp, instrument, limits) + limits.slippage_ticks * instrument.tick_size
    price = _worse(order.side, ltp, worse, limit, instrument)
    return Taking([Match(price, open_qty, Against.LAST)], goes_on=False)


def _worse(side: Side, price: Paise, by: Paise, limit: Paise | None, instrument: Instrument) -> Paise:
    """Return *price* made worse, but not beyond the limit, and never a sale for nothing."""
    if side is Side.BUY:
        return price + by if limit is None else min(price + by, max(limit, price))
    # A sale at less than one tick would be a gift; the quote itself may be lower only if the feed shows it so.
    worst = min(price, instrument.tick_size) if limit is None else min(limit, price)
    worse = max(price - by, worst)
    return worse if limit is None else max(worse, limit)
