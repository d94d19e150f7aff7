"""What the units of a backtest said, kept in order until it is an `Outcome`."""

from collections.abc import Callable
from typing import Final

from sauda.backtest.outcome import EquityPoint
from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import (
    STREAM_OF,
    Alert,
    DeskPnl,
    Fill,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    Signal,
    StrategyPnl,
)
from sauda.money import Paise

PRICE_EVERY_NS: Final = 60 * NS_PER_S
DESK: Final = "ALL"


class Told:
    """Takes everything that a unit says; what is meant for the market goes to *ask*."""

    def __init__(self, ask: Callable[[Message], None] = lambda _message: None) -> None:
        self._ask = ask
        self.signals: list[Signal] = []
        self.orders: list[PlaceOrder] = []
        self.executions: list[Message] = []
        self.fills: list[Fill] = []
        self.alerts: list[Alert] = []
        self._points: list[StrategyPnl | DeskPnl] = []
        self._sent: dict[str, PlaceOrder] = {}
        """order id -> the order as it was sent, until it is accepted or refused"""
        self.prices: dict[InstrumentId, list[tuple[UnixNs, Paise]]] = {}
        """instrument -> (instant, last price), for the eye; the market fills it in"""

    def take(self, message: Message) -> None:
        """Keep *message*, or hand it on."""
        stream = STREAM_OF[type(message)]
        if stream == "pnl":
            if isinstance(message, StrategyPnl | DeskPnl):
                self._points.append(message)
        elif stream == "executions":
            self.executions.append(message)
            self._note(message)
        elif stream == "orders":
            self._send(message)
        elif stream == "signals" and isinstance(message, Signal):
            self.signals.append(message)
        elif stream == "alerts" and isinstance(message, Alert):
            self.alerts.append(message)
        elif stream == "subscriptions":
            self._ask(message)

    @property
    def equity(self) -> tuple[EquityPoint, ...]:
        """Return the points of strategies and desk, in order."""
        return tuple(_point(one) for one in self._points)

    def _send(self, message: Message) -> None:
        for order in message.legs if isinstance(message, PlaceBasket) else (message,):
            if isinstance(order, PlaceOrder):
                self._sent.setdefault(order.order_id, order)

    def _note(self, message: Message) -> None:
        if isinstance(message, Fill):
            self.fills.append(message)
        elif isinstance(message, OrderAccepted):
            sent = self._sent.pop(message.order_id, None)
            order = message.terms or sent
            if order is not None:
                self.orders.append(order)
        elif isinstance(message, OrderRejected):
            # After its acceptance it is a change that is refused, and the order stands here already.
            sent = self._sent.pop(message.order_id, None)
            if sent is not None:
                self.orders.append(sent)


def _point(one: StrategyPnl | DeskPnl) -> EquityPoint:
    strategy = one.strategy if isinstance(one, StrategyPnl) else DESK
    return EquityPoint(
        one.event_ns, strategy, one.realised, one.unrealised, one.charges, one.net, one.margin or 0
    )
