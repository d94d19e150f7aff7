"""What goes out for an order without a limit where naked ones are not taken: the same order with a protected limit.

A MARKET order becomes a LIMIT that reaches a little beyond the quote it would meet, an SL-M an SL whose limit lies a little
beyond its trigger. So it trades at once in an orderly market, and rests where the price has run away: as at a broker.
"""

from datetime import date

import msgspec

from sauda.contracts import Instrument, OrderKind, PlaceOrder, Side, Tick
from sauda.money import Paise
from sauda_execution.order_rules import Bounds, OrderRules


def protected_market(
    order: PlaceOrder, instrument: Instrument, quote: Tick, rules: OrderRules, day: date
) -> PlaceOrder:
    """Return the MARKET *order* as a LIMIT beyond the opposite quote; beyond the last price where none is shown."""
    opposite = quote.ask if order.side is Side.BUY else quote.bid
    start = quote.ltp if opposite is None else opposite
    bounds = rules.bounds(instrument, order.side, quote.ltp, day)
    limit = _limit(start, rules.protection(instrument, start, day), order.side, instrument, bounds)
    return msgspec.structs.replace(order, kind=OrderKind.LIMIT, limit_price=limit)


def protected_stop(order: PlaceOrder, instrument: Instrument, rules: OrderRules, day: date) -> PlaceOrder:
    """Return the SL-M *order* as an SL whose limit lies beyond its trigger."""
    trigger = order.trigger_price
    if trigger is None:
        return order
    bounds = rules.bounds(instrument, order.side, trigger, day)
    limit = _limit(trigger, rules.protection(instrument, trigger, day), order.side, instrument, bounds)
    # Circuit limits may cut the protection short, never past the trigger: such a stop is judged by its trigger.
    limit = max(limit, trigger) if order.side is Side.BUY else min(limit, trigger)
    return msgspec.structs.replace(order, kind=OrderKind.SL, limit_price=limit)


def _limit(start: Paise, hundredths: int, side: Side, instrument: Instrument, bounds: Bounds) -> Paise:
    """Return *start* and the protection, rounded to the tick in the order's favour but inside *bounds*."""
    tick = instrument.tick_size
    scaled = start * (100_00 + side.sign * hundredths)
    if side is Side.BUY:
        limit = -(-scaled // (100_00 * tick)) * tick
        return limit if bounds.high is None else min(limit, bounds.high // tick * tick)
    limit = scaled // (100_00 * tick) * tick
    lowest = tick if bounds.low is None else max(-(-bounds.low // tick) * tick, tick)
    return max(limit, lowest)
