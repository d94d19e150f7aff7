"""Baskets: several orders as one wish. All legs are judged before any is placed, and one that fails is answered for.

A leg fails when it is refused, when its strategy cancels it, or when it was immediate and found no market. What the exchange
itself withdraws (a square-off, the kill switch) is no failure: whoever did that leads the position out. Nor can anything be
undone after the close: a leg that expires untraded is told with an alert.
"""

from collections.abc import Sequence

import msgspec

from sauda.contracts import Alert, Fill, LegFailure, Level, Message, PlaceBasket, PlaceOrder, RejectReason
from sauda.money import Units
from sauda.state import State
from sauda_execution.acts import Act, Place, Refuse, Say, Withdraw
from sauda_execution.admission import Admission
from sauda_execution.checks import Moment, Refusal
from sauda_execution.groups.basket_terms import basket_refusal, buys_first, undo_order
from sauda_execution.known import Known
from sauda_execution.parts import Part

FAILURES = frozenset(
    {"cancelled by its strategy", "immediate or cancel", "immediate or cancel: there is no fresh price"}
)
"""Reasons for which a leg that ends untraded has failed its basket, as the exchange words them."""
_EXPIRED = "session over"


class Leg(msgspec.Struct, frozen=True, omit_defaults=True):
    """One order of a basket."""

    order: PlaceOrder
    """As it was sent."""
    traded: Units = 0


class Basket(msgspec.Struct, frozen=True, omit_defaults=True):
    """A basket of which at least one leg was placed."""

    basket_id: str
    legs: tuple[Leg, ...]
    on_failure: LegFailure
    failed: str | None = None
    """The leg because of which it is being undone; once set, it stays."""


class Baskets(Part):
    """Places the legs of baskets, and does what was agreed when one of them fails."""

    def __init__(self, state: State, known: Known, admission: Admission) -> None:
        self._known = known
        self._admission = admission
        self._rows = state.table("baskets", Basket)
        self._legs: dict[str, str] = {}
        """Leg's id -> its basket's: derived."""
        self._undone: dict[str, str] = {}
        """Id of the order that trades a leg back -> its basket's: derived."""

    # It comes in.

    def on_message(self, message: Message) -> Sequence[Act]:
        """Judge a basket as a whole and place its legs, what is bought first."""
        if not isinstance(message, PlaceBasket):
            return ()
        if message.basket_id in self._rows:
            return [self._again(leg, message.basket_id) for leg in buys_first(message)]
        refusal = basket_refusal(message)
        if refusal is not None and not message.legs:
            text, stamp_ns = refusal.detail, self._known.stamp_ns(message.event_ns)
            return (Say(Alert("execution", Level.WARNING, "BASKET_REFUSED", text, stamp_ns)),)
        return self._placed(message)

    def _placed(self, basket: PlaceBasket) -> Sequence[Act]:
        legs = buys_first(basket)
        whole = basket_refusal(basket) or self._known_leg(legs)
        if whole is not None:
            return [Refuse(leg, whole) for leg in legs]
        rulings = [(leg, self._admission.judge(leg, in_basket=True)) for leg in legs]
        refused = {leg.order_id: ruling.refusal for leg, ruling in rulings if ruling.refusal is not None}
        good = [(leg, ruling.order) for leg, ruling in rulings if leg.order_id not in refused]
        if good and (basket.on_failure is LegFailure.COMPLETE or not refused):
            whole = self._admission.basket_refusal([going for _, going in good])
        if not good or whole is not None or (refused and basket.on_failure is LegFailure.UNDO):
            return [Refuse(leg, _why(leg, refused, whole)) for leg in legs]
        row = Basket(basket.basket_id, tuple(Leg(leg) for leg, _ in good), basket.on_failure)
        self._rows.put(row.basket_id, row)
        self._index(row)
        acts: list[Act] = []
        for leg, _ in rulings:
            refusal = refused.get(leg.order_id)
            if refusal is None:
                acts.append(Place(leg, made=False, in_basket=True))
            else:
                acts += [Refuse(leg, refusal), self._failure(row, leg, _words(refusal))]
        return acts

    def _again(self, leg: PlaceOrder, basket_id: str) -> Act:
        """Answer a leg of a basket that comes again with its first answer, word for word; one that is new was no part of it."""
        first = self._known.book.answer(leg.order_id)
        if first is not None:
            return Say(first)
        return Refuse(
            leg, Refusal(RejectReason.BAD_GROUP, f"the basket {basket_id!r} was sent before, without it")
        )

    def _known_leg(self, legs: Sequence[PlaceOrder]) -> Refusal | None:
        for leg in legs:
            if self._known.book.answer(leg.order_id) is not None:
                return Refusal(RejectReason.BAD_GROUP, f"the leg {leg.order_id!r} was sent before")
        return None

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Let no leg in whose basket is being undone, and keep the names of what undoes it."""
        row = self._row_of(order)
        if row is not None and row.failed is not None and not moment.is_change:
            return Refusal(
                RejectReason.BAD_GROUP, f"its basket {row.basket_id!r} has failed with {row.failed!r}"
            )
        if order.order_id in self._undone and not moment.made:
            return Refusal(
                RejectReason.BAD_GROUP,
                f"the id {order.order_id!r} belongs to the basket {self._undone[order.order_id]!r}",
            )
        return None

    # What becomes of it?

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """Count what a leg has traded."""
        row = self._row_of(order)
        if row is not None:
            legs = tuple(
                msgspec.structs.replace(leg, traded=leg.traded + fill.qty)
                if leg.order.order_id == order.order_id
                else leg
                for leg in row.legs
            )
            self._rows.put(row.basket_id, msgspec.structs.replace(row, legs=legs))
        return ()

    def on_refused(self, order: PlaceOrder, refusal: Refusal) -> Sequence[Act]:
        """A leg that was good a moment ago fails because of what its sisters did; what undoes a leg may be refused too."""
        if order.order_id in self._undone and order.parent_id in self._legs:
            return (self._alert("BASKET_NOT_UNDONE", f"{order.order_id} was refused: {refusal.detail}"),)
        row = self._row_of(order)
        return () if row is None else self._failed(row, order, _words(refusal))

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """A leg that ends with something untraded may have failed its basket."""
        if not unfilled:
            return ()
        if order.order_id in self._undone:
            return (self._alert("BASKET_NOT_UNDONE", f"{order.order_id} left {unfilled} untraded: {reason}"),)
        row = self._row_of(order)
        if row is None:
            return ()
        if reason in FAILURES:
            return self._failed(row, order, reason)
        return (self._failure(row, order, reason),) if reason == _EXPIRED else ()

    def _failed(self, row: Basket, order: PlaceOrder, why: str) -> Sequence[Act]:
        if row.failed is not None:
            return ()
        alert = self._failure(row, order, why)
        if row.on_failure is LegFailure.COMPLETE:
            return (alert,)
        self._rows.put(row.basket_id, msgspec.structs.replace(row, failed=order.order_id))
        return [alert, *self._undoing(row, order)]

    def _undoing(self, row: Basket, failed: PlaceOrder) -> list[Act]:
        """Withdraw what works, then trade back what has traded, what was sold first: it is what the margin is for."""
        now_ns = self._known.market.now_ns
        others = [leg.order.order_id for leg in row.legs if leg.order.order_id != failed.order_id]
        acts: list[Act] = [
            Withdraw(order_id, f"{failed.order_id} of its basket has failed") for order_id in others
        ]
        back = [undo_order(leg.order, leg.traded, now_ns) for leg in row.legs if leg.traded]
        return acts + [Place(order) for order in sorted(back, key=lambda order: -order.side.sign)]

    def on_day(self, day_ns: int) -> Sequence[Act]:
        """Forget baskets of which nothing works any more."""
        for basket_id in self._rows:
            row = self._rows[basket_id]
            if not any(self._known.book.working(leg.order.order_id) for leg in row.legs):
                self._rows.drop(basket_id)
        self.restored()
        return ()

    def restored(self) -> None:
        """Find the legs again."""
        self._legs, self._undone = {}, {}
        for row in self._rows.values():
            self._index(row)

    def _index(self, row: Basket) -> None:
        for leg in row.legs:
            self._legs[leg.order.order_id] = row.basket_id
            self._undone[f"{leg.order.order_id}-undo"] = row.basket_id

    def _row_of(self, order: PlaceOrder) -> Basket | None:
        basket_id = self._legs.get(order.order_id)
        return None if basket_id is None else self._rows.get(basket_id)

    def _failure(self, row: Basket, order: PlaceOrder, why: str) -> Say:
        then = "the other legs go on" if row.on_failure is LegFailure.COMPLETE else "it is undone"
        if why == _EXPIRED:
            then = "nothing can be undone after the close"
        return self._alert("BASKET_LEG_FAILED", f"{order.order_id} of {row.basket_id}: {why}; {then}")

    def _alert(self, code: str, text: str) -> Say:
        return Say(Alert("execution", Level.WARNING, code, text, self._known.market.now_ns))


def _why(leg: PlaceOrder, refused: dict[str, Refusal], whole: Refusal | None) -> Refusal:
    """Return what a leg is answered whose basket is not placed."""
    if whole is not None:
        return whole
    own = refused.get(leg.order_id)
    if own is not None:
        return own
    first, refusal = next(iter(refused.items()))
    return Refusal(RejectReason.BAD_GROUP, f"the leg {first!r} of its basket was refused: {_words(refusal)}")


def _words(refusal: Refusal) -> str:
    return f"{refusal.reason.value}: {refusal.detail}"
