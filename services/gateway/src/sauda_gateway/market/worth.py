"""What the desk holds and has made, as its valuation says it. Pure.

A valuation says its points together, the desk's last; what was said is shown when it is whole, so that the parts and their sum agree.
"""

from typing import Any

from sauda.clock import ist_date
from sauda.contracts import DeskPnl, InstrumentId, PositionPnl, StrategyPnl
from sauda.money import Units


class Worth:
    """The newest points."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, str], PositionPnl] = {}
        self._strategies: dict[str, StrategyPnl] = {}
        self._coming: list[PositionPnl | StrategyPnl] = []
        self.desk: DeskPnl | None = None

    def take(self, point: PositionPnl | StrategyPnl | DeskPnl) -> bool:
        """Take a point; return whether the valuation is whole with it."""
        if not isinstance(point, DeskPnl):
            self._coming.append(point)
            return False
        for one in self._coming:
            if isinstance(one, PositionPnl):
                self._positions[one.strategy, one.instrument] = one
            else:
                self._strategies[one.strategy] = one
        self._coming = []
        self.desk = point
        return True

    def held(self) -> dict[InstrumentId, Units]:
        """Return what the desk holds, all strategies together; what is flat is left out."""
        found: dict[InstrumentId, Units] = {}
        for point in self._positions.values():
            found[point.instrument] = found.get(point.instrument, 0) + point.qty
        return {instrument: qty for instrument, qty in found.items() if qty}

    def said(self) -> dict[str, Any] | None:
        """Return all of it; None before the first valuation."""
        if self.desk is None:
            return None
        today = ist_date(self.desk.event_ns)
        points = [self._positions[key] for key in sorted(self._positions)]
        return {
            "desk": self.desk,
            "strategies": [self._strategies[name] for name in sorted(self._strategies)],
            # What was closed on an earlier day is nobody's position any more.
            "positions": [one for one in points if one.qty or ist_date(one.event_ns) == today],
        }
