"""What the desk holds and has made, as its valuation says it.

A valuation says its points together, the desk's last; what was said is shown when it is whole, so that the parts and their sum agree.
"""

from collections.abc import Callable
from datetime import time
from typing import Any

from sauda.book.valuation import Newest, newest_points
from sauda.clock import UnixNs, from_ist, ist_date
from sauda.contracts import DeskPnl, Fill, InstrumentId, PositionPnl, StrategyPnl
from sauda.money import Units
from sauda.reading import id_at, read_entry
from sauda.record import Record


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

    def learn(self, newest: Newest) -> None:
        """Take what the record has of series of which nothing has come yet."""
        self._positions = newest.positions | self._positions
        self._strategies = newest.strategies | self._strategies
        self.desk = self.desk or newest.desk

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


def find_worth(open_record: Callable[[], Record], now_ns: UnixNs) -> Newest:
    """Return the newest points, those of what was closed today among them, from the record. For a thread.

    Raises:
        SaudaError: streams or archive cannot be read.
    """
    record = open_record()
    try:
        since = id_at(record, "executions", from_ist(ist_date(now_ns), time()))
        reads = [read_entry(entry) for entry in record.forwards("executions", since)]
        return newest_points(record, [(one, one.message) for one in reads if isinstance(one.message, Fill)])
    finally:
        record.close()
