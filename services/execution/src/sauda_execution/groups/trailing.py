"""Trailing stops: a trigger that follows the best price at a distance, and never back.

Only instruments in which such a stop waits are looked at. What the stop has reached is its own trigger, so a tick costs one
comparison, and a row is written only when the trigger moves.
"""

from collections.abc import Sequence

from sauda.contracts import Instrument, InstrumentId, PlaceOrder, Tick
from sauda.state import Table
from sauda_execution.acts import Act, Reprice
from sauda_execution.book import Book, Stage, Working
from sauda_execution.checks import Moment, Refusal
from sauda_execution.groups.bracket_terms import is_bracket
from sauda_execution.groups.distance import STOPS, distance_refusal, trailed_trigger, trails
from sauda_execution.parts import Part


def is_trailing(order: PlaceOrder) -> bool:
    """Does the trigger of *order* itself follow the price?"""
    return order.kind in STOPS and trails(order) and not is_bracket(order)


class TrailingStops(Part):
    """Moves the triggers of stops that trail."""

    def __init__(self, book: Book, instruments: Table[Instrument]) -> None:
        self._book = book
        self._instruments = instruments
        self._by_instrument: dict[InstrumentId, list[str]] = {}
        """Instrument -> ids of its trailing stops, sorted: derived."""

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Refuse a distance that no stop can keep."""
        return None if moment.is_change else distance_refusal(order)

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
        tick_size = self._instruments[tick.instrument].tick_size
        return [
            act for order_id in ids for act in _followed(self._book.working(order_id), tick.ltp, tick_size)
        ]

    def restored(self) -> None:
        """Find the trailing stops again."""
        self._by_instrument = {}
        for working in self._book.all_working():
            self.on_accepted(working.order)


def _followed(working: Working | None, ltp: int, tick_size: int) -> Sequence[Act]:
    if working is None or working.stage is not Stage.WAITING or working.order.trigger_price is None:
        return ()
    order, trigger = working.order, working.order.trigger_price
    moved = trailed_trigger(order, order.side, ltp, tick_size) - trigger
    # A sell's trigger rises, a buy's falls.
    if order.side.sign * moved >= 0 or trigger + moved <= 0:
        return ()
    limit = None if order.limit_price is None else max(order.limit_price + moved, tick_size)
    return (Reprice(order.order_id, trigger_price=trigger + moved, limit_price=limit),)
