"""The newest points of the valuation, and the holdings that they mark.

The last valuation at the end of the `pnl` stream names everything that is open, each strategy and the desk. What was
closed before stands there no more: its last point is the one that its last fill caused, shortly behind that fill.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from sauda.book.holdings import Holding, holdings_of
from sauda.clock import ist_date
from sauda.contracts import DeskPnl, Fill, InstrumentId, PositionPnl, StrategyPnl
from sauda.log import Entry
from sauda.reading import Read, end_of_day, id_at, read_entry

if TYPE_CHECKING:
    from sauda.record import Record

Series: TypeAlias = tuple[str, InstrumentId]
"""Strategy and instrument of a position."""
Fills: TypeAlias = list[tuple[Read, Fill]]


class Profit(msgspec.Struct, frozen=True):
    """What the desk has made, by its newest valuation."""

    desk: DeskPnl | None
    strategies: list[StrategyPnl]
    positions: list[Holding]


class Newest(msgspec.Struct):
    """The newest point of each series."""

    desk: DeskPnl | None
    strategies: dict[str, StrategyPnl]
    positions: dict[Series, PositionPnl]


def read_fills(view: "Record", until: date | None = None) -> Fills:
    """Return every fill, up to the end of *until*, in the order in which they were written."""
    reads = map(read_entry, view.forwards("executions"))
    fills = [(read, read.message) for read in reads if isinstance(read.message, Fill)]
    return [(read, fill) for read, fill in fills if until is None or ist_date(fill.event_ns) <= until]


def holdings_at(view: "Record", until: date | None = None) -> list[Holding]:
    """Return every position, as of the end of *until* or of now."""
    fills = read_fills(view, until)
    return holdings_of((fill for _, fill in fills), newest_points(view, fills, until).positions)


def profit_at(view: "Record", until: date | None, strategy: str | None) -> Profit:
    """Return the newest valuation, as of the end of *until* or of now; *strategy* None means all."""
    fills = read_fills(view, until)
    newest = newest_points(view, fills, until)
    return Profit(
        desk=newest.desk,
        strategies=[point for name, point in sorted(newest.strategies.items()) if strategy in (None, name)],
        positions=[
            holding
            for holding in holdings_of((fill for _, fill in fills), newest.positions)
            if strategy in (None, holding.strategy)
        ],
    )


def newest_points(view: "Record", fills: Fills, until: date | None = None) -> Newest:
    """Return the newest point of each series that *fills* tell must be there."""
    end = b"+" if until is None else end_of_day(view, "pnl", until)
    newest = _last_valuation(_points(view.backwards("pnl", end), until))
    if newest.desk is None:
        return newest
    missing: dict[Series, Fills] = {}
    for read, fill in fills:
        series = (fill.strategy, fill.instrument)
        if series not in newest.positions:
            missing.setdefault(series, []).append((read, fill))
    for series, its_fills in missing.items():
        # A fill from behind the last valuation has not been valued: no point of it needs to be looked for.
        valued = [(read, fill) for read, fill in its_fills if fill.event_ns <= newest.desk.event_ns]
        if (point := _closing_point(view, valued, end, until)) is not None:
            newest.positions[series] = point
    return newest


def _last_valuation(points: Iterable[tuple[bytes, object]]) -> Newest:
    """Take the newest valuation off *points*, newest first: it ends with the desk's point, as the one before does."""
    newest = Newest(None, {}, {})
    for _, point in points:
        match point:
            case DeskPnl():
                if newest.desk is not None:
                    break
                newest.desk = point
            case StrategyPnl():
                newest.strategies.setdefault(point.strategy, point)
            case PositionPnl():
                newest.positions.setdefault((point.strategy, point.instrument), point)
    return newest


def _closing_point(view: "Record", fills: Fills, end: bytes, until: date | None) -> PositionPnl | None:
    """Return the last point of the one series of *fills*: the one that its last valued fill caused."""
    for read, fill in reversed(fills):
        if (point := _point_behind(view, read.entry.id, read, fill, end=end, until=until)) is not None:
            return point
    if not fills:
        return None
    # The server's clock was put back in between, so ids do not tell: market time does.
    read, fill = fills[-1]
    return _point_behind(view, id_at(view, "pnl", fill.event_ns), read, fill, end=end, until=until)


def _point_behind(
    view: "Record", start: bytes, read: Read, fill: Fill, *, end: bytes, until: date | None
) -> PositionPnl | None:
    """Return the point that *fill* caused; where none from *start* on names it, the newest of its series."""
    cause = b"%s %s" % (read.entry.stream.encode(), read.entry.id)
    found: PositionPnl | None = None
    for because, point in _points(view.forwards("pnl", start, end), until):
        if isinstance(point, PositionPnl) and _is_of(point, fill):
            found = point
            if because == cause:
                break
    return found


def _is_of(point: PositionPnl, fill: Fill) -> bool:
    series = (point.strategy, point.instrument)
    return series == (fill.strategy, fill.instrument) and point.event_ns >= fill.event_ns


def _points(entries: Iterable[Entry], until: date | None) -> Iterator[tuple[bytes, object]]:
    """Yield the points up to the end of *until*, each with its cause."""
    for read in map(read_entry, entries):
        point = read.message
        if point is not None and (until is None or ist_date(getattr(point, "event_ns", 0)) <= until):
            yield read.entry.cause, point
