"""What would be held if what waits in the market traded: at its worst, by strategy, instrument and product.

Waiting buys and waiting sells do not help each other: the worse of the two counts. So a stop behind a position adds nothing
to it, and a second entry beside a waiting one does.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from sauda.contracts import InstrumentId, PlaceOrder, Product, Side
from sauda.money import Paise, Units
from sauda_execution.book import Book, Working
from sauda_execution.market import Market


class Spot(NamedTuple):
    """Where something is held or waits."""

    strategy: str
    instrument: InstrumentId
    product: Product


class Waiting(msgspec.Struct):
    """What waits there."""

    buys: Units = 0
    sells: Units = 0
    orders: int = 0


class Exposure:
    """Derived from the book alone; follows it order by order, so that a check costs no walk over all orders."""

    def __init__(self, book: Book, market: Market) -> None:
        self._book = book
        self._market = market
        self._counted: dict[str, Working] = {}
        """Order id -> the order as it was counted."""
        self._waiting: dict[Spot, Waiting] = {}
        self._worst: dict[Spot, Units] = {}
        """Where something is held or waits -> units at the worst."""
        self._orders: dict[tuple[str | None, InstrumentId | None], int] = {}
        """(strategy or all, instrument or all) -> orders that wait."""

    def follow(self, order: PlaceOrder) -> None:
        """The order was accepted, changed, traded or ended, or a position was settled: count it as it now stands."""
        before, now = self._counted.pop(order.order_id, None), self._book.working(order.order_id)
        place = _spot(order)
        if before is not None:
            self._count(before, place, -1)
        if now is not None:
            self._counted[order.order_id] = now
            self._count(now, place, 1)
        self._find_worst(place)

    def end(self, order: PlaceOrder) -> None:
        """The order has left the market; one that has traded whole was followed when it did."""
        if order.order_id in self._counted:
            self.follow(order)

    def restored(self) -> None:
        """Count again what the book says."""
        self._counted, self._waiting, self._worst, self._orders = {}, {}, {}, {}
        for working in self._book.all_working():
            self.follow(working.order)
        for held in self._book.holdings():
            self._find_worst(Spot(held.strategy, held.instrument, held.product))

    def worst(self, strategy: str | None, instrument: InstrumentId, more: Sequence[PlaceOrder]) -> Units:
        """Return units of *instrument* at the worst, with *more*: of one strategy, or of all added up."""
        units = 0
        for place, worst in self._worst.items():
            if place.instrument == instrument and (strategy is None or place.strategy == strategy):
                units += worst
        for place in {_spot(one): None for one in more}:
            if place.instrument == instrument and strategy in (None, place.strategy):
                units += self._worst_with(place, more) - self._worst.get(place, 0)
        return units

    def total(self, strategy: str | None, more: Sequence[PlaceOrder]) -> tuple[Units, Paise]:
        """Return units and value of everything at the worst, with *more*: of one strategy, or of all added up.

        An instrument that has not had a price today counts with none.
        """
        places = self._worst | {place: self._worst_with(place, more) for place in map(_spot, more)}
        units, value, quote_of = 0, 0, self._market.quote
        for place, worst in places.items():
            if strategy is None or place.strategy == strategy:
                quote = quote_of(place.instrument)
                units += worst
                value += worst * quote.ltp if quote else 0
        return units, value

    def orders(self, strategy: str | None, instrument: InstrumentId | None) -> int:
        """Return how many orders wait, of one strategy or all, in one instrument or all."""
        return self._orders.get((strategy, instrument), 0)

    def _count(self, working: Working, place: Spot, sign: int) -> None:
        order = working.order
        waiting = self._waiting.setdefault(place, Waiting())
        if order.side is Side.BUY:
            waiting.buys += sign * working.open_qty
        else:
            waiting.sells += sign * working.open_qty
        waiting.orders += sign
        if not waiting.orders:
            del self._waiting[place]
        strategy, instrument, orders = order.strategy, order.instrument, self._orders
        for key in ((strategy, instrument), (strategy, None), (None, instrument), (None, None)):
            orders[key] = orders.get(key, 0) + sign
            if not orders[key]:
                del orders[key]

    def _find_worst(self, place: Spot) -> None:
        worst = self._worst_with(place, ())
        if worst:
            self._worst[place] = worst
        else:
            self._worst.pop(place, None)

    def _worst_with(self, place: Spot, more: Sequence[PlaceOrder]) -> Units:
        held = self._book.held_qty(*place)
        waiting = self._waiting.get(place) or Waiting()
        buys, sells = waiting.buys, waiting.sells
        for one in more:
            if place == _spot(one):
                # New terms take the place of those that stand.
                stands = self._counted.get(one.order_id)
                adds = one.qty - (stands.order.qty if stands else 0)
                buys, sells = (buys + adds, sells) if one.side is Side.BUY else (buys, sells + adds)
        return max(abs(held + buys), abs(held - sells))


def _spot(order: PlaceOrder) -> Spot:
    return Spot(order.strategy, order.instrument, order.product)
