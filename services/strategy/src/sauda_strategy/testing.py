"""A strategy and an exchange of a few lines, for tests of what a strategy does with the answers it gets.

The exchange fills at the last price, refuses what it is told to refuse, and squares off when told, as the
real one does. Its answers are given at once, or kept until the test wants them.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from sauda.contracts import (
    CancelOrder,
    Fill,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    OrderRejected,
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
        self.held: dict[InstrumentId, Units] = {}
        """instrument -> what the strategy holds, a short is negative"""
        self.working: dict[str, PlaceOrder] = {}
        self._prices: dict[InstrumentId, Paise] = {}

    def take(self, message: Message) -> list[Message]:
        """Take a tick, an order or a square-off; return the answers."""
        match message:
            case Tick():
                self._prices[message.instrument] = message.ltp
                return [answer for order in self._touched(message) for answer in self._fill(order)]
            case PlaceOrder():
                return self._place(message)
            case CancelOrder():
                return self._cancel(message)
            case SquareOff():
                return self._square_off(message)
            case _:
                return []

    def _touched(self, tick: Tick) -> list[PlaceOrder]:
        return [
            order
            for order in list(self.working.values())
            if order.instrument == tick.instrument and (order.trigger_price or 0) <= tick.ltp
        ]

    def _place(self, order: PlaceOrder) -> list[Message]:
        reason = self.refuse.get(order.order_id)
        if reason is not None:
            return [self._rejected(order.order_id, order.strategy, order.instrument, reason)]
        accepted = OrderAccepted(order.order_id, order.strategy, order.instrument, order.event_ns)
        self.working[order.order_id] = order
        return [accepted, *(self._fill(order) if order.kind is OrderKind.MARKET else [])]

    def _cancel(self, cancel: CancelOrder) -> list[Message]:
        order = self.working.pop(cancel.order_id, None)
        if order is None:
            reason = RejectReason.UNKNOWN_ORDER if "question" in cancel.order_id else RejectReason.ORDER_DONE
            return [self._rejected(cancel.order_id, cancel.strategy, "", reason)]
        return [self._cancelled(order, "asked")]

    def _square_off(self, request: SquareOff) -> list[Message]:
        out: list[Message] = [self._cancelled(order, "square-off") for order in self.working.values()]
        strategies = {order.strategy for order in self.working.values()}
        self.working.clear()
        for instrument, qty in list(self.held.items()):
            if qty < 0:
                name = request.strategy or min(strategies, default="straddle")
                out += self._place(
                    PlaceOrder(
                        f"squareoff-{instrument}",
                        name,
                        instrument,
                        Side.BUY,
                        -qty,
                        OrderKind.MARKET,
                        request.event_ns,
                    )
                )
        return out

    def _fill(self, order: PlaceOrder) -> list[Message]:
        self.working.pop(order.order_id, None)
        fill = Fill(
            fill_id=f"{order.order_id}-1",
            order_id=order.order_id,
            strategy=order.strategy,
            instrument=order.instrument,
            side=order.side,
            qty=order.qty,
            price=self._prices.get(order.instrument, 100_00),
            charges=0,
            event_ns=order.event_ns,
        )
        self.held[order.instrument] = self.held.get(order.instrument, 0) + fill.signed_qty
        return [fill]

    def _cancelled(self, order: PlaceOrder, reason: str) -> OrderCancelled:
        return OrderCancelled(
            order.order_id, order.strategy, order.instrument, order.event_ns, order.qty, reason
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
            waiting = deque([message, *self.exchange.take(message)])
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
