"""The newest points of the valuation, and the holdings that they mark.

A desk writes a point a second for each series: the `pnl` stream is read from its end, and only as far as a series that
must be there has not been met.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

import msgspec

from sauda.cli.book import Holding, holdings_of
from sauda.cli.reading import Read, end_of_day, read_entry, readable
from sauda.clock import ist_date
from sauda.contracts import DeskPnl, Fill, PositionPnl, StrategyPnl

if TYPE_CHECKING:
    from sauda.redis_view import RedisView

_DEEPEST: Final = 20_000
"""Points looked at before a series counts as not valued: at twenty series, a quarter of an hour of market time."""


class Profit(msgspec.Struct, frozen=True):
    """What the desk has made, by its newest valuation."""

    desk: DeskPnl | None
    strategies: list[StrategyPnl]
    positions: list[Holding]


class Newest(msgspec.Struct):
    """The newest point of each series."""

    desk: DeskPnl | None
    strategies: dict[str, StrategyPnl]
    positions: dict[tuple[str, str], PositionPnl]


def read_fills(view: "RedisView", until: date | None = None) -> list[tuple[Read, Fill]]:
    """Return every fill, up to the end of *until*, in the order in which they were written."""
    reads = map(read_entry, view.forwards("executions"))
    fills = [(read, read.message) for read in reads if isinstance(read.message, Fill)]
    return [(read, fill) for read, fill in fills if until is None or ist_date(fill.event_ns) <= until]


def holdings_at(view: "RedisView", until: date | None = None) -> list[Holding]:
    """Return every position, as of the end of *until* or of now."""
    fills = [fill for _, fill in read_fills(view, until)]
    return holdings_of(fills, newest_points(view, fills, until).positions)


def profit_at(view: "RedisView", until: date | None, strategy: str | None) -> Profit:
    """Return the newest valuation, as of the end of *until* or of now; *strategy* None means all."""
    fills = [fill for _, fill in read_fills(view, until)]
    newest = newest_points(view, fills, until)
    return Profit(
        desk=newest.desk,
        strategies=[point for name, point in sorted(newest.strategies.items()) if strategy in (None, name)],
        positions=[
            holding
            for holding in holdings_of(fills, newest.positions)
            if strategy in (None, holding.strategy)
        ],
    )


def newest_points(view: "RedisView", fills: list[Fill], until: date | None = None) -> Newest:
    """Return the newest point of each series that *fills* tell must be there."""
    newest = Newest(None, {}, {})
    strategies = {fill.strategy for fill in fills}
    opened = {(fill.strategy, fill.instrument) for fill in fills}
    for point in _points(view, until):
        match point:
            case DeskPnl():
                newest.desk = newest.desk or point
            case StrategyPnl():
                newest.strategies.setdefault(point.strategy, point)
            case PositionPnl():
                newest.positions.setdefault((point.strategy, point.instrument), point)
        if newest.desk and strategies <= newest.strategies.keys() and opened <= newest.positions.keys():
            break
    return newest


def _points(view: "RedisView", until: date | None) -> Iterator[object]:
    end = b"+" if until is None else end_of_day(view, "pnl", until)
    entries = view.backwards("pnl", end)
    for depth, point in enumerate(readable(entries)):
        if depth >= _DEEPEST:
            return
        if until is None or ist_date(getattr(point, "event_ns", 0)) <= until:
            yield point
