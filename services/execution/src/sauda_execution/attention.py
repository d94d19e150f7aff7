"""Which ticks concern nobody? Thousands come for each that matters, so this is asked in about a microsecond.

A tick is quiet if it can change nothing for any order of its instrument: the last price reaches no trigger, nothing has
traded at a limit that rests nor does an opposite quote reach it, and no order moves up in its queue. This is an economy
and no rule: a look at a quiet tick would find nothing to do (tests/unit/execution/test_fill_laws.py holds it to that).
"""

from typing import NamedTuple

from sauda.contracts import Depth, InstrumentId, Side, Tick
from sauda.money import Paise, Units
from sauda.stretch import Stretch
from sauda_execution.book import Stage, Working
from sauda_execution.known import Known
from sauda_execution.parts import Part, Parts
from sauda_execution.queueing import standing

_NEVER: Paise = 2**62
"""Above every price."""


class Queued(NamedTuple):
    """A limit order that rests."""

    side: Side
    limit: Paise
    ahead: Units | None


class Bounds(NamedTuple):
    """What an instrument's orders wait for."""

    stop_low: Paise
    stop_high: Paise
    """A last price strictly between these two reaches no trigger."""
    low: Paise
    high: Paise
    """The highest limit of a buy and the lowest of a sale that rest."""
    queued: tuple[Queued, ...]


class Attention:
    """Knows what the orders of each instrument wait for, and which instruments a part watches."""

    def __init__(self, known: Known, parts: Parts) -> None:
        self._book = known.book
        self._market = known.market
        self._liquidity = known.liquidity
        self._by_last_price = known.limits.fills == "ltp"
        self._watches = [part.watches for part in parts if type(part).watches is not Part.watches]
        self._bounds: dict[InstrumentId, Bounds] = {}
        """Of instruments in which orders work; the book takes out those whose orders change."""
        known.book.bounds = self._bounds

    def is_quiet(self, tick: Tick) -> bool:
        """Can everybody go on as if *tick* were only a price?"""
        instrument = tick.instrument
        bounds = self._bounds.get(instrument)
        if bounds is None and instrument in self._book.by_instrument:
            bounds = self._find_bounds(instrument)
        if bounds is not None and not self._lets_pass(tick, bounds):
            return False
        return self._is_unwatched(instrument)

    def is_calm(self, stretch: Stretch) -> bool:
        """Is each of its ticks quiet?"""
        between = self.calm_between(stretch.last.instrument)
        return between is not None and between[0] < stretch.low and stretch.high < between[1]

    def calm_between(self, instrument: InstrumentId) -> tuple[Paise, Paise] | None:
        """Return strictly between which last prices a tick without quotes is quiet; None: nowhere."""
        if not self._is_unwatched(instrument):
            return None
        if instrument not in self._book.by_instrument:
            return -_NEVER, _NEVER
        # Without quotes only the last price can matter.
        stop_low, stop_high, low, high, _ = self._bounds.get(instrument) or self._find_bounds(instrument)
        return max(stop_low, low), min(stop_high, high)

    def _is_unwatched(self, instrument: InstrumentId) -> bool:
        used = self._liquidity.used
        if used and instrument in used:
            return False
        # A plain loop: `any` over a generator made a quiet tick of the full house a third dearer.
        for watches in self._watches:  # noqa: SIM110
            if watches(instrument):
                return False
        return True

    def _lets_pass(self, tick: Tick, bounds: Bounds) -> bool:
        stop_low, stop_high, low, high, queued = bounds
        ltp = tick.ltp
        if not stop_low < ltp < stop_high:
            return False
        bid, ask = tick.bid, tick.ask
        if bid is None or ask is None:
            # A side that is empty puts whoever rests there first; without any quote only the last price can matter.
            return bid is ask and tick.depth is None and low < ltp < high
        if low < bid < high and low < ask < high and low < ltp < high:
            depth = tick.depth
            if depth is None or _shows_only(depth, low, high):
                return True
        elif ask <= low or bid >= high or (not low < ltp < high and self._has_traded(tick)):
            return False
        return all(_keeps_its_place(one, tick) for one in queued)

    def _has_traded(self, tick: Tick) -> bool:
        """Could *tick* tell of a trade? Not if the day's volume stands where it stood."""
        before = self._market.quote(tick.instrument)
        return before is None or tick.volume is None or before.volume != tick.volume

    def _find_bounds(self, instrument: InstrumentId) -> Bounds:
        found = Bounds(-_NEVER, _NEVER, -_NEVER, _NEVER, ())
        for order_id in self._book.by_instrument[instrument]:
            working = self._book.working(order_id)
            if working is not None:
                found = self._with(found, working)
        self._bounds[instrument] = found
        return found

    def _with(self, found: Bounds, working: Working) -> Bounds:
        order, stage = working.order, working.stage
        if stage is Stage.TRAVELLING:
            return found
        if stage is Stage.ARRIVING:
            # It takes whatever comes.
            return found._replace(stop_low=_NEVER)
        is_stop = stage is Stage.WAITING
        price = (order.trigger_price if is_stop else order.limit_price) or 0
        if is_stop or self._by_last_price:
            if (order.side is Side.SELL) is is_stop:
                return found._replace(stop_low=max(found.stop_low, price))
            return found._replace(stop_high=min(found.stop_high, price))
        queued = (*found.queued, Queued(order.side, price, self._book.ahead(order.order_id)))
        if order.side is Side.BUY:
            return found._replace(low=max(found.low, price), queued=queued)
        return found._replace(high=min(found.high, price), queued=queued)


def _shows_only(depth: Depth, low: Paise, high: Paise) -> bool:
    """Do all levels lie strictly between *low* and *high*?"""
    bids, asks = depth.bids, depth.asks
    return bool(bids and asks) and bids[-1].price > low and asks[-1].price < high


def _keeps_its_place(one: Queued, tick: Tick) -> bool:
    side, limit, ahead = one
    if ahead == 0:
        return True
    if tick.depth is None:
        # What `standing` finds at the best quote, without the detour by levels: there are quotes on both sides here.
        best, shown = (tick.bid, tick.bid_qty) if side is Side.BUY else (tick.ask, tick.ask_qty)
        if best is None or best != limit:
            return best is not None and (best > limit) is (side is Side.BUY)
    else:
        shown = standing(side, limit, tick)
    return shown is None or (ahead is not None and shown >= ahead)
