"""What would be held if what waits in the market traded: at its worst, by strategy, instrument and product.

Waiting buys and waiting sells do not help each other: the worse of the two counts. So a stop behind a position adds nothing
to it, and a second entry beside a waiting one does.
"""

from collections.abc import Iterator, Sequence
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

    def follow(self, order_id: str) -> None:
        """The order was accepted, changed, traded or ended: count it as it now stands."""
        before, now = self._counted.pop(order_id, None), self._book.working(order_id)
        if before is not None:
            self._count(before, -1)
        if now is not None:
            self._counted[order_id] = now
            self._count(now, 1)

    def restored(self) -> None:
        """Count again what the book says."""
        self._counted.clear()
        self._waiting.clear()
        for working in self._book.all_working():
            self.follow(working.order.order_id)

    def worst(self, strategy: str | None, instrument: InstrumentId, more: Sequence[PlaceOrder]) -> Units:
        """Return units of *instrument* at the worst, with *more*: of one strategy, or of all added up."""
        return sum(
            self._worst(place, more)
            for place in self._places(more)
            if place.instrument == instrument and strategy in (None, place.strategy)
        )

    def total(self, strategy: str | None, more: Sequence[PlaceOrder]) -> tuple[Units, Paise]:
        """Return units and value of everything at the worst, with *more*: of one strategy, or of all added up.

        An instrument that has not had a price today counts with none.
        """
        units, value = 0, 0
        for place in self._places(more):
            if strategy in (None, place.strategy):
                worst = self._worst(place, more)
                quote = self._market.quote(place.instrument)
                units += worst
                value += worst * (quote.ltp if quote else 0)
        return units, value

    def orders(self, strategy: str | None, instrument: InstrumentId | None) -> int:
        """Return how many orders wait, of one strategy or all, in one instrument or all."""
        return sum(
            waiting.orders
            for place, waiting in self._waiting.items()
            if strategy in (None, place.strategy) and instrument in (None, place.instrument)
        )

    def _count(self, working: Working, sign: int) -> None:
        order = working.order
        place = Spot(order.strategy, order.instrument, order.product)
        waiting = self._waiting.setdefault(place, Waiting())
        if order.side is Side.BUY:
            waiting.buys += sign * working.open_qty
        else:
            waiting.sells += sign * working.open_qty
        waiting.orders += sign
        if not waiting.orders:
            del self._waiting[place]

    def _places(self, more: Sequence[PlaceOrder]) -> Iterator[Spot]:
        places = {Spot(held.strategy, held.instrument, held.product): None for held in self._book.holdings()}
        places |= dict.fromkeys(self._waiting)
        places |= dict.fromkeys(Spot(one.strategy, one.instrument, one.product) for one in more)
        return iter(places)

    def _worst(self, place: Spot, more: Sequence[PlaceOrder]) -> Units:
        held = self._book.held_qty(*place)
        waiting = self._waiting.get(place) or Waiting()
        buys, sells = waiting.buys, waiting.sells
        for one in more:
            if place == (one.strategy, one.instrument, one.product):
                # New terms take the place of those that stand.
                stands = self._counted.get(one.order_id)
                adds = one.qty - (stands.order.qty if stands else 0)
                buys, sells = (buys + adds, sells) if one.side is Side.BUY else (buys, sells + adds)
        return max(abs(held + buys), abs(held - sells))
