"""Which ticks concern nobody? Thousands come for each that matters, so this is asked in well under a microsecond.

A tick is quiet if it can change nothing for any order of its instrument: not the last price nor either quote reaches a
limit that rests or a trigger that waits, nor shows the level at which an order queues. This is an economy and no rule:
a look at a quiet tick would find nothing to do (tests/unit/execution/test_attention.py holds it to that).
"""

from typing import NamedTuple

from sauda.contracts import InstrumentId, Tick
from sauda.money import Paise
from sauda_execution.book import Book, Stage, Working
from sauda_execution.liquidity import Liquidity
from sauda_execution.parts import Part, Parts

_NEVER: Paise = 2**62
"""Above every price."""


class Bounds(NamedTuple):
    """Prices strictly between these are quiet."""

    low: Paise
    high: Paise


class Attention:
    """Knows which instruments are worked in, within which bounds, and which a part watches."""

    def __init__(self, book: Book, liquidity: Liquidity, parts: Parts) -> None:
        self._book = book
        self._liquidity = liquidity
        self._watchers = [part for part in parts if type(part).watches is not Part.watches]

    def is_quiet(self, tick: Tick) -> bool:
        """Can everybody go on as if *tick* were only a price?"""
        instrument = tick.instrument
        if instrument in self._liquidity.used:
            return False
        if instrument in self._book.by_instrument:
            bounds = self._book.bounds.get(instrument) or self._bounds(instrument)
            if not _lies_within(tick, bounds):
                return False
        return not any(part.watches(instrument) for part in self._watchers) if self._watchers else True

    def _bounds(self, instrument: InstrumentId) -> Bounds:
        low, high = -_NEVER, _NEVER
        for order_id in self._book.by_instrument[instrument]:
            working = self._book.working(order_id)
            if working is not None:
                one = _bounds_of(working)
                low, high = max(low, one.low), min(high, one.high)
        self._book.bounds[instrument] = bounds = Bounds(low, high)
        return bounds


def _bounds_of(working: Working) -> Bounds:
    order = working.order
    match working.stage:
        case Stage.TRAVELLING:
            return Bounds(-_NEVER, _NEVER)
        case Stage.ARRIVING:
            return Bounds(_NEVER, -_NEVER)
        case Stage.WAITING:
            price, is_below = order.trigger_price or 0, order.side.sign < 0
        case Stage.RESTING:
            price, is_below = order.limit_price or 0, order.side.sign > 0
    return Bounds(price, _NEVER) if is_below else Bounds(-_NEVER, price)


def _lies_within(tick: Tick, bounds: Bounds) -> bool:
    low, high = bounds
    if not low < tick.ltp < high:
        return False
    bid, ask = tick.bid, tick.ask
    if bid is None or ask is None:
        # A side that is empty puts whoever rests there first; without any quote only the last price can matter.
        return bid is ask and tick.depth is None
    if bid <= low or ask >= high:
        return False
    depth = tick.depth
    if depth is None:
        return True
    bids, asks = depth.bids, depth.asks
    return bool(bids and asks) and bids[-1].price > low and asks[-1].price < high
