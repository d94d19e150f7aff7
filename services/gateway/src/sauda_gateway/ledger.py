"""What was ordered, traded and is held: the streams `orders` and `executions`, folded. Pure."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import msgspec

from sauda.book.holdings import Holding, Running
from sauda.book.orders import OVER, OrderBook, OrderState, Status
from sauda.contracts import Account, Fill, InstrumentId, Message, OrderAccepted, PlaceBasket, PlaceOrder
from sauda.contracts import PositionPnl as Mark
from sauda.merge import IdParts, id_parts

STREAMS: Final = ("orders", "executions")
"""In this order: an answer stands behind what it answers, whatever the server's clock did."""


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
        self._seen: set[str] = set()
        self.fills: list[Traded] = []
        self.running: dict[tuple[str, InstrumentId], Running] = {}
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

    def _trade(self, entry_id: bytes, cause: bytes, fill: Fill) -> None:
        self._seen.add(fill.fill_id)
        self.fills.append(Traded(entry_id.decode(), cause.decode(errors="replace"), fill))
        self.running.setdefault((fill.strategy, fill.instrument), Running()).apply(fill)

    def orders(self, wanted: Callable[[OrderState], bool] = lambda _: True) -> Iterator[Ordered]:
        """Yield every order that is *wanted*, the one that changed longest ago first."""
        for order_id, changed_id in self._changed.items():
            # Asked first: a copy of each order that a desk ever had costs more than all else that is done with them.
            if wanted(self._book.orders[order_id]):
                yield self._ordered(order_id, changed_id)

    def order(self, order_id: str) -> Ordered | None:
        """Return one order."""
        changed_id = self._changed.get(order_id)
        return None if changed_id is None else self._ordered(order_id, changed_id)

    def placed(self, order_id: str) -> PlaceOrder | None:
        """Return the order as it was placed, or as the exchange made it."""
        return self._terms.get(order_id)

    def holdings(self, marks: dict[tuple[str, InstrumentId], Mark]) -> list[Holding]:
        """Return every position ever opened, as the newest *marks* value it."""
        return [held.holding(*series, marks.get(series)) for series, held in sorted(self.running.items())]

    def working(self) -> Iterator[Ordered]:
        """Yield the orders that wait in the market, or for the exchange's word."""
        return self.orders(lambda state: state.status not in OVER)

    def counts(self) -> dict[str, int]:
        """Return how many orders stand where."""
        counts = {status.value: 0 for status in Status}
        for state in self._book.orders.values():
            counts[state.status.value] += 1
        return counts

    def _ordered(self, order_id: str, changed_id: str) -> Ordered:
        state = msgspec.structs.replace(self._book.orders[order_id])
        return Ordered(state, self._terms.get(order_id), changed_id, id_parts(changed_id.encode()))
