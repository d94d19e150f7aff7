"""What the desk trades, as figures: orders, fills, refusals by reason, the newest P&L. Told of what is committed, once."""

from typing import Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import (
    Alert,
    DeadLetter,
    DeskPnl,
    Fill,
    Message,
    OrderRejected,
    PlaceBasket,
    PlaceOrder,
    PositionPnl,
    StrategyPnl,
)
from sauda.metrics import measures
from sauda.metrics.measures import Measure, Reading
from sauda.metrics.tally import Counts
from sauda.money import Paise

DESK: Final = "ALL"
"""The strategy that stands for the whole desk, as in the databases."""


class TradingFigures:
    """What one unit said."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._sums: dict[Measure, Counts] = {}
        self._newest: dict[str, StrategyPnl | DeskPnl] = {}
        """strategy -> its newest point"""
        self._held: dict[str, set[str]] = {}
        """strategy -> instruments it holds"""
        self._market_ns: UnixNs | None = None

    def note(self, message: Message) -> None:
        """Count *message*, which is committed."""
        self._add(measures.MESSAGES, self._unit, str(message.__struct_config__.tag))
        match message:
            case PositionPnl():
                held = self._held.setdefault(message.strategy, set())
                (held.add if message.qty else held.discard)(message.instrument)
            case StrategyPnl():
                self._newest[message.strategy] = message
            case DeskPnl():
                self._newest[DESK] = message
                self._market_ns = message.event_ns
            case Alert():
                self._add(measures.ALERTS, message.level.value, message.code)
            case DeadLetter():
                self._add(measures.LETTERS, message.unit, message.stream)
            case _:
                self._note_order(message)

    def _note_order(self, message: Message) -> None:
        match message:
            case PlaceOrder():
                self._add(measures.ORDERS, message.strategy, message.kind.value)
            case PlaceBasket():
                for leg in message.legs:
                    self._add(measures.ORDERS, leg.strategy, leg.kind.value)
            case OrderRejected():
                self._add(measures.REFUSALS, message.strategy, message.reason.value)
            case Fill():
                self._add(measures.FILLS, message.strategy, message.side.value)
                self._add(measures.TRADED, message.strategy, more=_rupees(message.price * message.qty))
                self._add(measures.CHARGES, message.strategy, more=_rupees(message.charges))
            case _:
                pass

    def _add(self, measure: Measure, *labels: str, more: float = 1) -> None:
        self._sums.setdefault(measure, Counts()).add(labels, more)

    def forget(self) -> None:
        """Let go of the newest points: somebody else makes newer ones. What was counted was said here and stays."""
        self._newest, self._held, self._market_ns = {}, {}, None

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        found = [
            Reading(measure, labels, value)
            for measure, counts in list(self._sums.items())
            for labels, value in counts.all()
        ]
        for strategy, point in list(self._newest.items()):
            found += _standing(strategy, point)
        found += [Reading(measures.OPEN, (name,), len(held)) for name, held in list(self._held.items())]
        if self._market_ns is not None:
            found.append(Reading(measures.MARKET_TIME, (), self._market_ns / NS_PER_S))
        return found


def _standing(strategy: str, point: StrategyPnl | DeskPnl) -> list[Reading]:
    told: list[tuple[Measure, Paise | None]] = [
        (measures.NET, point.net),
        (measures.REALISED, point.realised),
        (measures.UNREALISED, point.unrealised),
        (measures.CHARGED, point.charges),
        (measures.MARGIN, point.margin),
        (measures.DRAWDOWN, point.drawdown),
    ]
    return [Reading(what, (strategy,), _rupees(paise)) for what, paise in told if paise is not None]


def _rupees(paise: Paise) -> float:
    """Return rupees as Prometheus keeps them, a float: for looking at, never for reckoning."""
    return paise / 100
