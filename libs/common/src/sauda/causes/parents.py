"""What one entry rests on: the cause it names, and what else belongs to it. Pure.

A fill has an order and a price, an order a reason, a point of P&L a fill and a mark: the entry does not name them, its
message and the journal do.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from sauda.causes import finding
from sauda.causes.course import Course
from sauda.causes.node import Node, Record, Ref, Why, named_cause, node_of
from sauda.causes.seen import Seen, inside, is_price_of
from sauda.contracts import (
    STREAMS,
    Against,
    CancelOrder,
    DeadLetter,
    DeskPnl,
    Fill,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    PositionPnl,
    Signal,
    StrategyPnl,
    Tick,
)
from sauda.merge import id_parts

_BREATH_MS: Final = 1_000
"""Messages of one step stand within so many milliseconds of one another; usually in the same one."""

EXCHANGE: Final = "execution."
VALUATION: Final = "pnl."
"""What the names of the units that fill and that value begin with."""


class Parent(NamedTuple):
    """One entry that another rests on."""

    why: Why
    node: Node


class Basis(NamedTuple):
    """All that an entry rests on, and what there is to say where something is missing."""

    parents: list[Parent]
    remarks: list[str]


class Parents:
    """Finds what entries of one record rest on."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._course = Course(record)
        self._seen = Seen(record, self._course)

    def of(self, node: Node) -> Basis:
        """Return what *node* rests on: its stamped cause first."""
        basis = Basis([], [])
        if node.entry is None:
            return basis
        cause = named_cause(node.entry)
        if cause is not None:
            basis.parents.append(Parent(Why.CAUSE, finding.at(self._record, cause)))
        elif node.entry.cause:
            basis.remarks.append(_elsewhere(node.entry.cause.decode(errors="backslashreplace")))
        else:
            basis.remarks.append(_origin(node))
        self._add_rest(node, cause, basis)
        return basis

    def _add_rest(self, node: Node, cause: Ref | None, basis: Basis) -> None:
        match node.message:
            case PlaceOrder() as order:
                self._add_reasons(node, order, cause, basis)
            case Fill() as fill:
                self._add_order(node, fill.order_id, basis)
                if cause is not None:
                    self._add_quote(node, fill, cause, basis)
            case (
                OrderAccepted()
                | OrderRejected()
                | OrderTriggered()
                | OrderModified()
                | OrderCancelled()
                | ModifyOrder()
                | CancelOrder()
            ) as word:
                self._add_order(node, word.order_id, basis)
                self._add_protected(node, basis)
            case PositionPnl() | StrategyPnl() | DeskPnl():
                if cause is not None:
                    self._add_fill_and_mark(node, cause, basis)
            case DeadLetter() as letter:
                inside = Ref(letter.stream, letter.entry_id.encode())
                self._add(basis, Why.ENTRY, finding.at(self._record, inside))
            case _:
                pass

    def _add(self, basis: Basis, why: Why, found: Node | None) -> bool:
        """Take *found* unless it is there already; return whether there was anything."""
        if found is not None and all(parent.node.at != found.at for parent in basis.parents):
            basis.parents.append(Parent(why, found))
        return found is not None

    # Orders.

    def _add_order(self, node: Node, order_id: str, basis: Basis) -> None:
        for parent in basis.parents:
            if any(order.order_id == order_id for order in finding.orders_in(parent.node.message)):
                return
        found = self._order(node, order_id)
        if found is not None and found.at == node.at:
            basis.remarks.append(f"the exchange made order {order_id} itself: it stands on no other stream")
        elif not self._add(basis, Why.ORDER, found) and node.at.stream == "executions":
            basis.remarks.append(
                f"order {order_id} stands on no stream: the exchange made it itself, or it was trimmed"
            )

    def _add_protected(self, node: Node, basis: Basis) -> None:
        """Add the order that one protects which the exchange made itself."""
        for order in finding.orders_in(node.message):
            if order.parent_id is not None:
                self._add(basis, Why.PROTECTS, self._order(node, order.parent_id))

    def _order(self, node: Node, order_id: str) -> Node | None:
        # An order stands before its answers; the millisecond may be the same.
        return finding.order(self._record, order_id, b"%d" % id_parts(node.at.id).ms)

    def _add_reasons(self, node: Node, order: PlaceOrder, cause: Ref | None, basis: Basis) -> None:
        if cause is not None:
            self._add(basis, Why.SIGNAL, self._signal(node, order, cause))
        if order.parent_id is not None:
            self._add(basis, Why.PROTECTS, self._order(node, order.parent_id))

    def _signal(self, node: Node, order: PlaceOrder, cause: Ref) -> Node | None:
        ms = id_parts(node.at.id).ms
        since = b"%d" % max(0, ms - _BREATH_MS)
        for entry in self._record.backwards("signals", b"%d" % ms, since):
            if entry.cause != cause.as_cause:
                continue
            said = node_of(entry)
            signal = said.message
            if isinstance(signal, Signal) and (signal.strategy, signal.instrument) == (
                order.strategy,
                order.instrument,
            ):
                return said
        return None

    # Prices.

    def _add_quote(self, node: Node, fill: Fill, cause: Ref, basis: Basis) -> None:
        """Add the price that filled, where it is not the tick that set the fill off."""
        if fill.against is Against.SETTLEMENT:
            basis.remarks.append("settled by the exchange at expiry: no quote gave this price")
            return
        if is_price_of(fill.instrument, inside(basis.parents[0].node)):
            return
        unit = self._course.unit_that_said(EXCHANGE, cause, node.at.id)
        found = self._seen.price(unit, fill.instrument, cause, node.at.id)
        if not self._add(basis, Why.QUOTE, found):
            basis.remarks.append(f"no earlier price of {fill.instrument} is in the record")

    def _add_fill_and_mark(self, node: Node, cause: Ref, basis: Basis) -> None:
        point = node.message
        unit = self._course.unit_that_said(VALUATION, cause, node.at.id)
        counts = _counted_in(point)
        fill = inside(basis.parents[0].node)
        if not (isinstance(fill, Fill) and counts(fill)):
            found = self._seen.fill(unit, counts, cause, node.at.id)
            if not self._add(basis, Why.FILL, found):
                basis.remarks.append("it rests on no fill that is in the record")
        if isinstance(point, PositionPnl):
            self._add_mark(point, self._seen.price(unit, point.instrument, cause, node.at.id), basis)

    def _add_mark(self, point: PositionPnl, last: Node | None, basis: Basis) -> None:
        # The valuation lets go of prices overnight: the newest tick before a fill may be older than its memory.
        if last is not None and isinstance(last.message, Tick) and last.message.ltp == point.ltp:
            self._add(basis, Why.MARK, last)
        else:
            basis.remarks.append("marked at the price of its fill: there was no tick before it")


def _counted_in(point: Message | None) -> Callable[[Fill], bool]:
    """Return which fills *point* is made of."""
    match point:
        case PositionPnl():
            series = (point.strategy, point.instrument)
            return lambda fill: (fill.strategy, fill.instrument) == series
        case StrategyPnl():
            strategy = point.strategy
            return lambda fill: fill.strategy == strategy
    return lambda _fill: True


def _elsewhere(cause: str) -> str:
    """Say what a cause that is no entry of this desk names; a replay names the desk and the entry that it repeats."""
    place, _, entry_id = cause.partition(" ")
    desk, _, stream = place.rpartition("/")
    if desk and stream in STREAMS:
        return f"replayed from desk {desk}: sauda why {stream} {entry_id} --desk {desk}"
    return f"the cause that it names is no entry: {cause!r}"


def _origin(node: Node) -> str:
    """Say where an entry without a cause comes from."""
    match node.at.stream:
        case "ticks":
            return "from the market"
        case "instruments":
            return "from the broker's list of contracts"
        case "control":
            return f"by {getattr(node.message, 'by', 'a person')}, from outside the desk"
        case "journal":
            return "kept by the log itself"
    return "written outside any unit: it has no cause"
