"""Does this quote fill this order, and at what price?

The model is pessimistic on purpose: a buy pays the offer, a sell gets the bid. Where the market shows no
quote (an index of trades, bars) the last price stands in for it; a limit then needs a trade strictly
*through* it, because a trade *at* it may have been somebody else's. Every order is filled whole.
"""

from sauda.contracts import PlaceOrder, Side, Tick
from sauda.money import Paise


def is_triggered(order: PlaceOrder, ltp: Paise) -> bool:
    """Has the last price reached the stop's trigger: upwards for a buy, downwards for a sell?"""
    if order.trigger_price is None:
        return False
    return order.side.sign * (ltp - order.trigger_price) >= 0


def arriving_price(order: PlaceOrder, tick: Tick) -> Paise | None:
    """Return what an order pays or gets that meets its first quote, or None if it has to rest."""
    if order.limit_price is None or _crosses(order.side, order.limit_price, tick):
        return _opposite_price(order.side, tick)
    return None


def resting_price(order: PlaceOrder, tick: Tick) -> Paise | None:
    """Return what a resting limit order trades at, its own limit, or None while nobody comes to it."""
    if order.limit_price is not None and _crosses(order.side, order.limit_price, tick):
        return order.limit_price
    return None


def _opposite_price(side: Side, tick: Tick) -> Paise:
    quoted = tick.ask if side is Side.BUY else tick.bid
    return tick.ltp if quoted is None else quoted


def _crosses(side: Side, limit: Paise, tick: Tick) -> bool:
    quoted = tick.ask if side is Side.BUY else tick.bid
    if quoted is None:
        return side.sign * (limit - tick.ltp) > 0
    return side.sign * (limit - quoted) >= 0
