"""Exits that outlive their position: whoever was let in because it only led out may not open the other side unasked.

Two exits may stand side by side, a stop and a target of a strategy's own; when one has traded, the other would open. As long as
nobody has withdrawn it, it is an entry. Where none may be opened (the desk is halted, shares that are not held would be
delivered, the account cannot carry it), what is too much of it is withdrawn in the step of that trade.
"""

from collections.abc import Callable, Sequence

from sauda.contracts import Fill, InstrumentKind, PlaceOrder, Product, Side
from sauda.money import Paise
from sauda_execution.acts import Act, Fit
from sauda_execution.book import Working
from sauda_execution.known import Known
from sauda_execution.parts import Part

_GONE = "its position is gone, and as an entry it would be refused"


class LeftBehind(Part):
    """Looks at what waits beside an order that has traded. The last part: the others have their say first."""

    def __init__(self, known: Known, available: Callable[[], Paise] | None) -> None:
        """*available*: what the account may still use, waiting entries counted; None: there is no account."""
        self._known = known
        self._available = available
        self._asked: set[str] = set()
        """Orders to be looked at before the step ends: empty between two messages."""

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """Look at the other orders of its side, if *order* has led out."""
        book = self._known.book
        working = book.working(order.order_id)
        traded = order.qty if working is None else working.filled
        before = book.held_qty(order.strategy, order.instrument, order.product) - order.side.sign * traded
        if before * order.side.sign >= 0:
            return ()
        beside = (book.working(order_id) for order_id in book.by_instrument.get(fill.instrument, ()))
        found = [one.order.order_id for one in beside if one is not None and self._may_be_left(one, order)]
        self._asked.update(found)
        return [Fit(order_id, _GONE) for order_id in found]

    def fitting(self, order: PlaceOrder, open_qty: int) -> int:
        """Want no more of an order that was left behind than its position still needs, if it may not open."""
        if order.order_id not in self._asked:
            return open_qty
        self._asked.discard(order.order_id)
        book = self._known.book
        filled = order.qty - open_qty
        if book.is_exit(order, filled) or self._may_open(order):
            return open_qty
        held = book.held_qty(order.strategy, order.instrument, order.product)
        return min(open_qty, max(0, -held * order.side.sign))

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """Nothing is left of it to look at."""
        self._asked.discard(order.order_id)
        return ()

    def _may_be_left(self, working: Working, traded: PlaceOrder) -> bool:
        one = working.order
        return (
            one.order_id != traded.order_id
            and (one.strategy, one.product, one.side) == (traded.strategy, traded.product, traded.side)
            and not self._known.book.is_exit(one, working.filled)
        )

    def _may_open(self, order: PlaceOrder) -> bool:
        if self._known.control.get("halted") is not None:
            return False
        if self._available is not None and self._available() < 0:
            return False
        contract = self._known.instruments.get(order.instrument)
        is_share = contract is not None and contract.kind is InstrumentKind.EQUITY
        return not (is_share and order.product is Product.NRML and order.side is Side.SELL)
