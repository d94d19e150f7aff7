"""Brackets: what an entry trades gets a stop and a target at once, and never more of them than is held.

The pair grows with each trade of the entry (its quantity is changed, no orders pile up) and shrinks with each trade of
either child, and with whatever else the strategy does to the position. When a child trades, the rest of the entry is
withdrawn: the bracket is on its way out.
"""

from collections.abc import Sequence

import msgspec

from sauda.contracts import Alert, Fill, InstrumentId, Level, PlaceOrder, Product, RejectReason, Side
from sauda.money import Units
from sauda.state import State
from sauda_execution.acts import Act, Fit, Place, Say, Withdraw
from sauda_execution.book import Book
from sauda_execution.checks import Moment, Refusal
from sauda_execution.groups.bracket_terms import (
    child_ids,
    first_trigger,
    has_stop,
    is_bracket,
    stop_order,
    target_order,
    terms_refusal,
)
from sauda_execution.known import Known
from sauda_execution.parts import Part

_OVER = "the bracket needs it no more"


class Bracket(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry and what its pair of children protects."""

    entry_id: str
    strategy: str
    instrument: InstrumentId
    side: Side
    """The entry's."""
    product: Product
    seen: Units = 0
    """What the entry has traded."""
    open: Units = 0
    """What each child still has to trade."""
    pairs: int = 0
    """Pairs of children placed so far."""

    @property
    def children(self) -> tuple[str, str]:
        """Return the ids of the present stop and target, whether they stand or not."""
        return child_ids(self.entry_id, self.pairs)


class Brackets(Part):
    """Arms entries with stops and targets."""

    def __init__(self, state: State, known: Known) -> None:
        self._book: Book = known.book
        self._instruments = known.instruments
        self._market = known.market
        self._rows = state.table("brackets", Bracket)
        self._parents: dict[str, str] = {}
        """Child's id -> its entry's: derived."""

    # May it come in?

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Refuse brackets whose terms contradict each other, and whoever lays hands on a bracket's children."""
        row = self._bracket_of(order)
        if row is not None and not moment.made:
            return self._child_refusal(order, row, moment)
        if not is_bracket(order) or moment.made or moment.instrument is None:
            return None
        return self._entry_refusal(order, moment) or terms_refusal(
            order, moment.quote, moment.instrument.tick_size
        )

    def _child_refusal(self, order: PlaceOrder, row: Bracket, moment: Moment) -> Refusal | None:
        if not moment.is_change:
            return _bad(f"the id {order.order_id!r} belongs to the bracket of {row.entry_id!r}")
        if order.qty - moment.filled > row.open:
            return _bad(f"{order.order_id!r} protects {row.open} units and cannot be made larger")
        return None

    def _entry_refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        held = self._book.held_qty(order.strategy, order.instrument, order.product)
        if held * order.side.sign < 0:
            return _bad(
                f"{order.strategy} holds {held} of {order.instrument}: a bracket's entry must open or add"
            )
        for child_id in child_ids(order.order_id, 1):
            if not moment.is_change and self._book.answer(child_id) is not None:
                return _bad(f"a bracket's child would be called {child_id!r}, and that order exists already")
        return None

    # What has become of it?

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """Note an entry; see that a child is as large as its bracket, which may have shrunk while the child was asked for."""
        if is_bracket(order):
            row = Bracket(order.order_id, order.strategy, order.instrument, order.side, order.product)
            self._put(row)
            return ()
        return () if self._bracket_of(order) is None else (Fit(order.order_id, _OVER),)

    def fitting(self, order: PlaceOrder, open_qty: int) -> int:
        """Want a child as large as what its bracket protects."""
        row = self._bracket_of(order)
        return open_qty if row is None else row.open

    def on_modified(self, order: PlaceOrder, *, made: bool) -> Sequence[Act]:
        """Let the other child follow one that its strategy made smaller."""
        row, working = self._bracket_of(order), self._book.working(order.order_id)
        if row is None or working is None or working.open_qty >= row.open:
            return ()
        return self._sized(msgspec.structs.replace(row, open=working.open_qty))

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """Grow with the entry, shrink with a child, and never exceed what is held."""
        acts: list[Act] = []
        own = self._bracket_of(order)
        if own is not None:
            acts += self._child_traded(own, fill)
        elif order.order_id in self._rows:
            acts += self._entry_traded(self._rows[order.order_id], order, fill)
        return acts + self._capped(fill)

    def on_refused(self, order: PlaceOrder, refusal: Refusal) -> Sequence[Act]:
        """Cry out if a child could not be placed: what it should protect stands naked."""
        row = self._bracket_of(order)
        if row is None or order.parent_id != row.entry_id or order.side is row.side:
            return ()
        text = (
            f"{order.order_id} was refused ({refusal.reason.value}: {refusal.detail});"
            f" {row.open} of {order.instrument} of {order.strategy} stand without it"
        )
        alert = Alert("execution", Level.CRITICAL, "BRACKET_CHILD_REFUSED", text, self._market.now_ns)
        return (Say(alert),)

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Leave what a strategy has taken both children off to that strategy."""
        row = self._bracket_of(order)
        if row is None or not unfilled or any(self._book.working(child) for child in row.children):
            return ()
        self._put(msgspec.structs.replace(row, open=0))
        return ()

    def on_day(self, day_ns: int) -> Sequence[Act]:
        """Forget brackets of which nothing works any more."""
        for entry_id in self._rows:
            row = self._rows[entry_id]
            if not any(self._book.working(name) for name in (entry_id, *row.children)):
                self._rows.drop(entry_id)
        self.restored()
        return ()

    def restored(self) -> None:
        """Find the children again."""
        self._parents = {}
        for row in self._rows.values():
            self._index(row)

    # The arithmetic.

    def _entry_traded(self, row: Bracket, order: PlaceOrder, fill: Fill) -> list[Act]:
        # All trades of one meeting are booked before the first is told: one pair for all of them.
        working = self._book.working(order.order_id)
        traded = max(order.qty if working is None else working.filled, row.seen)
        more = traded - row.seen
        if not more:
            return []
        grown = msgspec.structs.replace(row, seen=traded, open=row.open + more)
        if row.open:
            return self._sized(grown)
        grown = msgspec.structs.replace(grown, pairs=row.pairs + 1)
        self._put(grown)
        return self._pair(grown, order, fill)

    def _pair(self, row: Bracket, entry: PlaceOrder, fill: Fill) -> list[Act]:
        stop_id, target_id = row.children
        acts: list[Act] = []
        if has_stop(entry):
            trigger = first_trigger(entry, fill.price, self._instruments[entry.instrument].tick_size)
            acts.append(Place(stop_order(entry, stop_id, row.open, trigger, fill.event_ns)))
        if entry.take_profit is not None:
            acts.append(Place(target_order(entry, target_id, row.open, entry.take_profit, fill.event_ns)))
        return acts

    def _child_traded(self, row: Bracket, fill: Fill) -> list[Act]:
        acts: list[Act] = []
        if self._book.working(row.entry_id) is not None:
            acts.append(Withdraw(row.entry_id, "its bracket is being left"))
        child = self._book.working(fill.order_id)
        left = 0 if child is None else min(row.open, child.open_qty)
        return acts + self._sized(msgspec.structs.replace(row, open=left))

    def _capped(self, fill: Fill) -> list[Act]:
        """Shrink the pairs of the position that *fill* changed to what is held, the oldest entry's being kept longest."""
        rows = [
            row
            for row in self._rows.values()
            if row.open
            and (row.strategy, row.instrument, row.product) == (fill.strategy, fill.instrument, fill.product)
        ]
        acts: list[Act] = []
        left = self._book.held_qty(fill.strategy, fill.instrument, fill.product)
        for row in rows:
            allowed = min(row.open, max(left * row.side.sign, 0))
            left -= row.side.sign * allowed
            if allowed < row.open:
                acts += self._sized(msgspec.structs.replace(row, open=allowed))
        return acts

    def _sized(self, row: Bracket) -> list[Act]:
        self._put(row)
        return [Fit(child, _OVER) for child in row.children]

    def _put(self, row: Bracket) -> None:
        self._rows.put(row.entry_id, row)
        self._index(row)

    def _index(self, row: Bracket) -> None:
        for number in range(max(row.pairs, 1)):
            for child_id in child_ids(row.entry_id, number + 1):
                self._parents[child_id] = row.entry_id

    def _bracket_of(self, order: PlaceOrder) -> Bracket | None:
        """Return the bracket whose child *order* is."""
        entry_id = self._parents.get(order.order_id)
        return None if entry_id is None else self._rows.get(entry_id)


def _bad(detail: str) -> Refusal:
    return Refusal(RejectReason.BAD_GROUP, detail)
