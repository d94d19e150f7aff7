"""A strategy and an exchange of a few lines, for tests of what a strategy does with the answers it gets.

The exchange fills at the last price, as much at a time as it is told, refuses what it is told to refuse, and
squares off when told, as the real one does. Its answers are given at once, or kept until the test wants them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, repeat
from typing import TypeVar

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import (
    CancelOrder,
    Fill,
    InstrumentId,
    Message,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceOrder,
    RejectReason,
    Side,
    SquareOff,
    Tick,
)
from sauda.money import Paise, Units
from sauda.unit import Processor

M = TypeVar("M")


class TinyExchange:
    """Takes orders, keeps stops, answers."""

    def __init__(self) -> None:
        self.refuse: dict[str, RejectReason] = {}
        """Order ids that are refused, and why."""
        self.appetite: Iterator[Units] = repeat(2**31)
        """How much each meeting of an order with the market trades at the most; 0: it rests."""
        self.halted = False
        """Whether only exits are taken: a loss limit was broken."""
        self.held: dict[InstrumentId, Units] = {}
        """instrument -> what the strategy holds, a short is negative"""
        self.working: dict[str, PlaceOrder] = {}
        self.filled: dict[str, Units] = {}
        """order id -> units of it that traded"""
        self.triggered: set[str] = set()
        """Stops that were touched."""
        self._prices: dict[InstrumentId, Paise] = {}
        self._fills = count(1)

    def take(self, message: Message) -> list[Message]:
        """Take a tick, an order or a square-off; return the answers."""
        match message:
            case Tick():
                self._prices[message.instrument] = message.ltp
                return [answer for order in self._touched(message) for answer in self._meet(order)]
            case PlaceOrder():
                return self._place(message)
            case CancelOrder():
                return self._cancel(message)
            case SquareOff():
                return self._square_off(message)
            case ModifyOrder():
                return self._modify(message)
            case _:
                return []

    def flatten(self, strategy: str, at_ns: UnixNs) -> list[Message]:
        """Close everything and let nothing in any more, as a loss limit does: only the answers tell of it."""
        self.halted = True
        return self._square_off(SquareOff(strategy, "risk", at_ns))

    def _is_exit(self, order: PlaceOrder) -> bool:
        held = self.held.get(order.instrument, 0)
        return held * order.side.sign < 0 and order.qty <= abs(held)

    def _touched(self, tick: Tick) -> list[PlaceOrder]:
        return [
            order
            for order in list(self.working.values())
            if order.instrument == tick.instrument
            and (order.order_id in self.triggered or (order.trigger_price or 0) <= tick.ltp)
        ]

    def _place(self, order: PlaceOrder) -> list[Message]:
        reason = self.refuse.get(order.order_id)
        if self.halted and not self._is_exit(order):
            reason = RejectReason.DAILY_LOSS
        if reason is not None:
            return [self._rejected(order.order_id, order.strategy, order.instrument, reason)]
        accepted = OrderAccepted(order.order_id, order.strategy, order.instrument, order.event_ns)
        self.working[order.order_id] = order
        return [accepted, *(self._meet(order) if order.kind is OrderKind.MARKET else [])]

    def _cancel(self, cancel: CancelOrder) -> list[Message]:
        order = self.working.pop(cancel.order_id, None)
        if order is None:
            reason = RejectReason.UNKNOWN_ORDER if "question" in cancel.order_id else RejectReason.ORDER_DONE
            return [self._rejected(cancel.order_id, cancel.strategy, "", reason)]
        return [self._cancelled(order, "asked")]

    def _modify(self, change: ModifyOrder) -> list[Message]:
        order = self.working.get(change.order_id)
        if order is None or change.order_id in self.triggered:
            return [self._rejected(change.order_id, change.strategy, "", RejectReason.ORDER_DONE)]
        reason = self.refuse.get(change.order_id)
        if reason is not None:
            return [self._rejected(change.order_id, change.strategy, "", reason)]
        order = msgspec.structs.replace(
            order, qty=change.qty or order.qty, trigger_price=change.trigger_price or order.trigger_price
        )
        self.working[change.order_id] = order
        return [
            OrderModified(
                order.order_id,
                order.strategy,
                order.instrument,
                change.event_ns,
                order.qty,
                trigger_price=order.trigger_price,
            )
        ]

    def _square_off(self, request: SquareOff) -> list[Message]:
        """Cancel all and close all in one step, as the kill switch, MIS and a loss limit do."""
        out: list[Message] = [self._cancelled(order, "square-off") for order in self.working.values()]
        strategies = {order.strategy for order in self.working.values()}
        self.working.clear()
        for instrument, qty in list(self.held.items()):
            if qty:
                name = request.strategy or min(strategies, default="straddle")
                out += self._close(instrument, name, -qty, request.event_ns)
        return out

    def _close(self, instrument: InstrumentId, strategy: str, qty: Units, at_ns: UnixNs) -> list[Message]:
        order_id = f"squareoff-{instrument}-{at_ns}"
        side = Side.BUY if qty > 0 else Side.SELL
        order = PlaceOrder(order_id, strategy, instrument, side, abs(qty), OrderKind.MARKET, at_ns)
        self.working[order_id] = order
        return [OrderAccepted(order_id, strategy, instrument, at_ns, terms=order), *self._meet(order)]

    def _meet(self, order: PlaceOrder) -> list[Message]:
        """Let an order trade as much as the market takes now; the rest waits for the next tick."""
        out: list[Message] = []
        if order.kind is OrderKind.SL_M and order.order_id not in self.triggered:
            self.triggered.add(order.order_id)
            out.append(
                OrderTriggered(
                    order.order_id, order.strategy, order.instrument, order.event_ns, self._price(order)
                )
            )
        qty = min(self._open_qty(order), next(self.appetite))
        return [*out, *(self._fill(order, qty) if qty else [])]

    def _open_qty(self, order: PlaceOrder) -> Units:
        return order.qty - self.filled.get(order.order_id, 0)

    def _price(self, order: PlaceOrder) -> Paise:
        return self._prices.get(order.instrument, 100_00)

    def _fill(self, order: PlaceOrder, qty: Units) -> list[Message]:
        fill = Fill(
            fill_id=f"{order.order_id}-{next(self._fills)}",
            order_id=order.order_id,
            strategy=order.strategy,
            instrument=order.instrument,
            side=order.side,
            qty=qty,
            price=self._price(order),
            charges=0,
            event_ns=order.event_ns,
        )
        self.filled[order.order_id] = self.filled.get(order.order_id, 0) + qty
        if not self._open_qty(order):
            self.working.pop(order.order_id, None)
        self.held[order.instrument] = self.held.get(order.instrument, 0) + fill.signed_qty
        return [fill]

    def _cancelled(self, order: PlaceOrder, reason: str) -> OrderCancelled:
        return OrderCancelled(
            order.order_id,
            order.strategy,
            order.instrument,
            order.event_ns,
            self._open_qty(order),
            reason,
        )

    def _rejected(
        self, order_id: str, strategy: str, instrument: InstrumentId, reason: RejectReason
    ) -> OrderRejected:
        return OrderRejected(order_id, strategy, instrument, 0, reason, "told so")


class TinyDesk:
    """A strategy on a tiny exchange."""

    def __init__(self, strategy: Processor, after_each: Callable[["TinyDesk"], None] | None = None) -> None:
        """Make the desk; *after_each* is called after each message that the strategy worked."""
        self.strategy = strategy
        self.exchange = TinyExchange()
        self.said: list[Message] = []
        """All that the strategy said."""
        self._after_each = after_each

    def play(self, messages: Iterable[Message]) -> None:
        """Let the strategy have *messages* one by one, each with all that follows from it."""
        for message in messages:
            self.hear([message, *self.exchange.take(message)])

    def hear(self, messages: Iterable[Message]) -> None:
        """Let the strategy have *messages*, which the exchange knows or has said, with all that follows from them."""
        waiting = deque(messages)
        while waiting:
            for said in self.work(waiting.popleft()):
                waiting += self.exchange.take(said)

    def work(self, message: Message) -> list[Message]:
        """Let the strategy have one message and return what it says; the exchange hears nothing of it."""
        out = list(self.strategy.handle(message))
        self.said += out
        if self._after_each is not None:
            self._after_each(self)
        return out

    def heard(self, kind: type[M]) -> list[M]:
        """Return what the strategy said of one type."""
        return [one for one in self.said if isinstance(one, kind)]
