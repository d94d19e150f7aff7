"""Trailing stops: a trigger that follows the best price at a distance, and never back.

A trigger moves at most once in a second of market time: each move is a message to the exchange, and a lively market would
have hundreds. What the price reaches in between is remembered and caught up with at the first quote after that second.

Only instruments in which such a stop waits are looked at, and a row is written only when a trigger moves or is to move.
"""

from collections.abc import Sequence

import msgspec

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import InstrumentId, PlaceOrder, Side, Tick
from sauda.money import Paise
from sauda.state import State
from sauda_execution.acts import Act, Reprice
from sauda_execution.book import Stage
from sauda_execution.checks import Moment, Refusal
from sauda_execution.groups.bracket_terms import is_bracket
from sauda_execution.groups.distance import STOPS, distance_refusal, trailed_trigger, trails
from sauda_execution.known import Known
from sauda_execution.parts import Part

PAUSE_NS = NS_PER_S
"""The least market time between two moves of one trigger."""


class Trail(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a trigger has been moved."""

    moved_ns: UnixNs
    """When it was last moved."""
    trigger: Paise | None = None
    """Where the best price since then wants it; None: where it stands."""


def is_trailing(order: PlaceOrder) -> bool:
    """Does the trigger of *order* itself follow the price?"""
    return order.kind in STOPS and trails(order) and not is_bracket(order)


class TrailingStops(Part):
    """Moves the triggers of stops that trail."""

    def __init__(self, state: State, known: Known) -> None:
        self._known = known
        self._trails = state.table("trails", Trail)
        """Order id -> its last move; no row: it has not moved yet."""
        self._by_instrument: dict[InstrumentId, list[str]] = {}
        """Instrument -> ids of its trailing stops, sorted: derived."""

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Refuse a distance that no stop can keep."""
        if moment.is_change:
            return None
        return distance_refusal(order, None if moment.quote is None else moment.quote.ltp)

    def watches(self, instrument: str) -> bool:
        """Follow instruments in which a trailing stop works."""
        return instrument in self._by_instrument

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """Remember a stop that trails."""
        if is_trailing(order):
            ids = self._by_instrument.setdefault(order.instrument, [])
            ids.append(order.order_id)
            ids.sort()
        return ()

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Forget a stop that is over."""
        self._trails.drop(order.order_id)
        ids = self._by_instrument.get(order.instrument)
        if ids is not None and order.order_id in ids:
            ids.remove(order.order_id)
            if not ids:
                del self._by_instrument[order.instrument]
        return ()

    def on_quote(self, tick: Tick) -> Sequence[Act]:
        """Let the triggers follow."""
        ids = self._by_instrument.get(tick.instrument)
        if ids is None:
            return ()
        return [act for order_id in ids for act in self._followed(order_id, tick)]

    def restored(self) -> None:
        """Find the trailing stops again."""
        self._by_instrument = {}
        for working in self._known.book.all_working():
            self.on_accepted(working.order)

    def _followed(self, order_id: str, tick: Tick) -> Sequence[Act]:
        working, trail = self._known.book.working(order_id), self._trails.get(order_id)
        if working is None or working.stage is not Stage.WAITING or working.order.trigger_price is None:
            return ()
        order, stands = working.order, working.order.trigger_price
        wanted = trailed_trigger(
            order, order.side, tick.ltp, self._known.instruments[order.instrument].tick_size
        )
        if trail is not None and trail.trigger is not None:
            wanted = _nearer(order, wanted, trail.trigger)
        if wanted <= 0 or _nearer(order, wanted, stands) == stands:
            return ()
        now_ns = self._known.market.now_ns
        if trail is None or now_ns - trail.moved_ns >= PAUSE_NS:
            self._trails.put(order_id, Trail(now_ns))
            return (self._moved(order, wanted - stands),)
        if wanted != trail.trigger:
            self._trails.put(order_id, Trail(trail.moved_ns, wanted))
        return ()

    def _moved(self, order: PlaceOrder, by: Paise) -> Act:
        tick_size = self._known.instruments[order.instrument].tick_size
        limit = None if order.limit_price is None else max(order.limit_price + by, tick_size)
        trigger = None if order.trigger_price is None else order.trigger_price + by
        return Reprice(order.order_id, trigger_price=trigger, limit_price=limit)


def _nearer(order: PlaceOrder, one: Paise, other: Paise) -> Paise:
    """Return the trigger that lies nearer to the market: a sell's rises, a buy's falls."""
    return min(one, other) if order.side is Side.BUY else max(one, other)
