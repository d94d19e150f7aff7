"""What was ordered, traded and is held: the streams `orders` and `executions`, folded. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sauda.book.holdings import Holding, Running
from sauda.book.orders import OVER, OrderBook, OrderState, Status
from sauda.clock import ist_date
from sauda.contract_note.drawing_up import added, costs_of
from sauda.contracts import (
    Account,
    ChargeLines,
    Fill,
    InstrumentId,
    Message,
    OrderAccepted,
    PlaceBasket,
    PlaceOrder,
)
from sauda.contracts import PositionPnl as Mark
from sauda.merge import IdParts, id_parts

STREAMS: Final = ("orders", "executions")
"""In this order: an answer stands behind what it answers, whatever the server's clock did."""


Series: TypeAlias = tuple[str, InstrumentId]
"""A strategy and what it holds."""


class Traded(NamedTuple):
    """A fill, and where it stands."""

    id: str
    cause: str
    fill: Fill


class Ordered(msgspec.Struct):
    """An order as it stands now, and where its last change stands."""

    state: OrderState
    terms: PlaceOrder | None
    """As it was placed, or as the exchange made it."""
    changed_id: str
    at: IdParts


class Ledger:
    """The orders, fills, positions and the account of one desk."""

    def __init__(self) -> None:
        self._book = OrderBook()
        self._terms: dict[str, PlaceOrder] = {}
        self._changed: dict[str, str] = {}
        """order id -> entry of its last change, the newest last"""
        self._stands: dict[str, Status] = {}
        self._counts = dict.fromkeys(Status, 0)
        self._working: dict[str, None] = {}
        self._seen: set[str] = set()
        self.fills: list[Traded] = []
        self.running: dict[Series, Running] = {}
        self.costs: dict[tuple[date, str], ChargeLines] = {}
        """(trading date, strategy) -> what was paid besides prices"""
        self.account: Account | None = None

    def take(self, entry_id: bytes, cause: bytes, message: Message) -> None:
        """Take one entry of its streams; a fill that was seen is no other one."""
        if isinstance(message, Fill) and message.fill_id in self._seen:
            return
        match message:
            case PlaceOrder():
                self._terms.setdefault(message.order_id, message)
            case PlaceBasket():
                for leg in message.legs:
                    self._terms.setdefault(leg.order_id, leg)
            case OrderAccepted(terms=PlaceOrder() as terms):
                self._terms.setdefault(message.order_id, terms)
            case Account():
                self.account = message
            case Fill():
                self._trade(entry_id, cause, message)
        for order_id in self._book.take(message):
            self._changed.pop(order_id, None)
            self._changed[order_id] = entry_id.decode()
            self._count(order_id, self._book.orders[order_id].status)

    def _count(self, order_id: str, status: Status) -> None:
        before = self._stands.get(order_id)
        if before is not None:
            self._counts[before] -= 1
        self._counts[status] += 1
        self._stands[order_id] = status
        if status in OVER:
            self._working.pop(order_id, None)
        else:
            self._working[order_id] = None

    def _trade(self, entry_id: bytes, cause: bytes, fill: Fill) -> None:
        self._seen.add(fill.fill_id)
        self.fills.append(Traded(entry_id.decode(), cause.decode(errors="replace"), fill))
        self.running.setdefault((fill.strategy, fill.instrument), Running()).apply(fill)
        paid_by = ist_date(fill.event_ns), fill.strategy
        self.costs[paid_by] = added([self.costs.get(paid_by, ChargeLines()), costs_of(fill)])

    def changes(self) -> list[tuple[str, OrderState]]:
        """Return every order with the entry of its last change, the one that changed longest ago first.

        They go on changing: `order` gives one as it stands. A copy of each that a desk ever had would cost seconds.
        """
        return [(changed_id, self._book.orders[order_id]) for order_id, changed_id in self._changed.items()]

    def order(self, order_id: str) -> Ordered | None:
        """Return one order."""
        changed_id = self._changed.get(order_id)
        return None if changed_id is None else self._ordered(order_id, changed_id)

    def is_known(self, text: str) -> bool:
        """Return whether an order or a fill is called so."""
        return text in self._changed or text in self._seen

    def placed(self, order_id: str) -> PlaceOrder | None:
        """Return the order as it was placed, or as the exchange made it."""
        return self._terms.get(order_id)

    def series(self, wanted: Callable[[str, Running], bool] = lambda *_: True) -> list[Series]:
        """Return the strategy and instrument of each position that was ever opened and is *wanted*, in their order."""
        return sorted(one for one, held in self.running.items() if wanted(one[0], held))

    def holdings(self, marks: dict[Series, Mark], series: Iterable[Series]) -> list[Holding]:
        """Return the positions *series*, those of them that there are, as the newest *marks* value them."""
        return [self.running[one].holding(*one, marks.get(one)) for one in series if one in self.running]

    def working(self) -> Iterator[Ordered]:
        """Yield the orders that wait in the market, or for the exchange's word."""
        return (self._ordered(order_id, self._changed[order_id]) for order_id in self._working)

    def counts(self) -> dict[str, int]:
        """Return how many orders stand where."""
        return {status.value: count for status, count in self._counts.items()}

    def _ordered(self, order_id: str, changed_id: str) -> Ordered:
        state = msgspec.structs.replace(self._book.orders[order_id])
        return Ordered(state, self._terms.get(order_id), changed_id, id_parts(changed_id.encode()))
