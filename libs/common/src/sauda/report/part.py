"""What the figures of one name are drawn from: its share of a run, within a window."""

from collections.abc import Sequence
from typing import NamedTuple

from sauda.backtest.outcome import Outcome
from sauda.contracts import Fill
from sauda.report.curve import DESK, Point, curve
from sauda.report.days import Day, Window
from sauda.report.round_trips import RoundTrip


class Part(NamedTuple):
    """A strategy's share of a run, or the whole desk's."""

    name: str
    window: Window
    days: Sequence[Day]
    """Those of the window."""
    points: Sequence[Point]
    """Those of the window."""
    orders: int
    """Placed within the window."""
    fills: Sequence[Fill]
    """All of the run: what was held when the window began is known from those before it."""
    trips: Sequence[RoundTrip]
    """All of the run."""

    @property
    def inside(self) -> list[Fill]:
        """Return the fills of the window."""
        return [fill for fill in self.fills if self.window.holds(fill.event_ns)]

    @property
    def closed(self) -> list[RoundTrip]:
        """Return the trades that ended in the window."""
        return [one for one in self.trips if one.closed_ns is not None and self.window.holds(one.closed_ns)]

    @property
    def open_trades(self) -> int:
        """Return how many trades had begun and not ended when the window did."""
        until = self.window.until_ns
        begun = (one for one in self.trips if one.opened_ns < until)
        return sum(1 for one in begun if one.closed_ns is None or one.closed_ns >= until)


def part_of(
    outcome: Outcome, name: str, window: Window, days: Sequence[Day], trips: Sequence[RoundTrip]
) -> Part:
    """Return what *name* did; `ALL` is the desk."""
    return Part(
        name=name,
        window=window,
        days=days,
        points=curve(outcome, name, window),
        orders=sum(
            1 for one in outcome.orders if name in (DESK, one.strategy) and window.holds(one.event_ns)
        ),
        fills=[one for one in outcome.fills if name in (DESK, one.strategy)],
        trips=[one for one in trips if name in (DESK, one.strategy)],
    )
