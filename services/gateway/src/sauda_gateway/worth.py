"""What the desk is worth: the newest points of the stream `pnl`, and the curve of the present day. Pure."""

from typing import Final, NamedTuple

from sauda.clock import UnixNs, ist_date
from sauda.contracts import DeskPnl, InstrumentId, Message, PositionPnl, StrategyPnl
from sauda.money import Paise
from sauda.report.thinning import kept

MOST_POINTS: Final = 20_000
"""Points of the curve that are kept; at the grid of a second a day has 22,500, and half of them show as much."""


class CurvePoint(NamedTuple):
    """One point of the desk's curve."""

    event_ns: UnixNs
    net: Paise
    realised: Paise
    unrealised: Paise
    charges: Paise
    margin: Paise | None


class Worth:
    """The newest point of each series, and today's curve."""

    def __init__(self) -> None:
        self.desk: DeskPnl | None = None
        self.strategies: dict[str, StrategyPnl] = {}
        self.positions: dict[tuple[str, InstrumentId], PositionPnl] = {}
        self.curve: list[CurvePoint] = []

    def take(self, message: Message) -> None:
        """Take one message of its stream."""
        match message:
            case PositionPnl():
                self.positions[message.strategy, message.instrument] = message
            case StrategyPnl():
                self.strategies[message.strategy] = message
            case DeskPnl():
                self._point(message)

    def _point(self, point: DeskPnl) -> None:
        if self.desk is not None and ist_date(self.desk.event_ns) != ist_date(point.event_ns):
            self.curve.clear()
        self.desk = point
        self.curve.append(curve_point(point))
        if len(self.curve) > MOST_POINTS:
            self.curve = thinned(self.curve, MOST_POINTS // 2)


def curve_point(point: DeskPnl) -> CurvePoint:
    """Return what of a point the curve shows."""
    return CurvePoint(
        point.event_ns, point.net, point.realised, point.unrealised, point.charges, point.margin
    )


def thinned(curve: list[CurvePoint], most: int) -> list[CurvePoint]:
    """Return at most some *most* points, without losing a peak, a trough or either end."""
    return [curve[index] for index in kept([point.net for point in curve], most)]
