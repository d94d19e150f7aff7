"""OCO groups: of several orders that stand for one wish, what one trades the others give up.

Members that ask for the same (instrument and side) shrink with what one of them trades; all others are withdrawn at the
first trade. Members that ask for the same ask for equally much, so no trade of one can exceed what the group still wants.
"""

from collections.abc import Sequence

import msgspec

from sauda.contracts import Fill, PlaceOrder, RejectReason
from sauda.money import Units
from sauda.state import State
from sauda_execution.acts import Act, Fit
from sauda_execution.book import Book
from sauda_execution.checks import Moment, Refusal
from sauda_execution.parts import Part

_TRADED = "another order of its group has traded"


class OcoGroup(msgspec.Struct, frozen=True, omit_defaults=True):
    """The orders of one name."""

    members: tuple[str, ...] = ()
    """Ids of those that work."""
    traded: str | None = None
    """What was traded, as `_wish` names it; None while nothing was."""
    left: dict[str, Units] = {}
    """Wish -> what may still trade of it, where a trade or a change has made that less than its members asked for."""


class OcoGroups(Part):
    """Keeps groups from trading more than once."""

    def __init__(self, state: State, book: Book) -> None:
        self._book = book
        self._groups = state.table("oco", OcoGroup)

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Refuse who comes too late, or asks for more than the others."""
        if order.oco is None or moment.made:
            return None
        working = self._book.working(order.order_id)
        if moment.is_change:
            if working is None or order.qty <= working.order.qty:
                return None
            return _bad(f"{order.order_id!r} is of the OCO group {order.oco!r} and cannot be made larger")
        group = self._groups.get(_key(order)) or OcoGroup()
        alike = [w for w in map(self._book.working, group.members) if w and _wish(w.order) == _wish(order)]
        if group.traded is not None and (group.traded != _wish(order) or not alike):
            return _bad(f"the OCO group {order.oco!r} has traded already")
        for other in alike:
            if other.open_qty != order.qty:
                return _bad(
                    f"{other.order.order_id!r} of the OCO group {order.oco!r} asks for {other.open_qty},"
                    f" so {order.qty} cannot be its alternative"
                )
        return None

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """Let *order* join its group."""
        if order.oco is not None:
            group = self._groups.get(_key(order)) or OcoGroup()
            members = (*group.members, order.order_id)
            self._groups.put(_key(order), msgspec.structs.replace(group, members=members))
        return ()

    def fitting(self, order: PlaceOrder, open_qty: int) -> int:
        """Want of a member what its group has left for it."""
        group = self._groups.get(_key(order)) if order.oco is not None else None
        if group is None:
            return open_qty
        if group.traded not in (None, _wish(order)):
            return 0
        return min(open_qty, group.left.get(_wish(order), open_qty))

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """Take from the others what *order* has traded."""
        group = self._groups.get(_key(order)) if order.oco is not None else None
        if group is None:
            return ()
        return self._shrunk(order, msgspec.structs.replace(group, traded=_wish(order)))

    def on_modified(self, order: PlaceOrder, *, made: bool) -> Sequence[Act]:
        """Let the others follow a member that was made smaller."""
        group = self._groups.get(_key(order)) if order.oco is not None else None
        return () if group is None else self._shrunk(order, group)

    def _shrunk(self, order: PlaceOrder, group: OcoGroup) -> Sequence[Act]:
        """Leave to the group what *order* has left, and fit the others to it."""
        working = self._book.working(order.order_id)
        left = 0 if working is None else working.open_qty
        before = group.left.get(_wish(order))
        if before is None or left < before:
            group = msgspec.structs.replace(group, left={**group.left, _wish(order): left})
        if group != self._groups.get(_key(order)):
            self._groups.put(_key(order), group)
        return [Fit(member, _TRADED) for member in group.members if member != order.order_id]

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Let *order* leave its group; a group that never traded is forgotten with its last member."""
        group = self._groups.get(_key(order)) if order.oco is not None else None
        if group is not None:
            members = tuple(member for member in group.members if member != order.order_id)
            if members or group.traded is not None:
                self._groups.put(_key(order), msgspec.structs.replace(group, members=members))
            else:
                self._groups.drop(_key(order))
        return ()

    def on_day(self, day_ns: int) -> Sequence[Act]:
        """Forget groups of which nothing works any more."""
        for key in self._groups:
            if not self._groups[key].members:
                self._groups.drop(key)
        return ()


def _key(order: PlaceOrder) -> str:
    return f"{order.strategy}|{order.oco}"


def _wish(order: PlaceOrder) -> str:
    return f"{order.instrument}|{order.side.value}"


def _bad(detail: str) -> Refusal:
    return Refusal(RejectReason.BAD_GROUP, detail)
