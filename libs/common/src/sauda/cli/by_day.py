"""What each trading day made, worked out from the valuation's points.

A day's figures are the difference of the totals at its end and at the end of the day before: what the market moved
overnight belongs to the day that it opened. The drawdown is the deepest fall of the net from its best within the day.
"""

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from sauda.clock import ist_date
from sauda.contracts import DeskPnl, Message, StrategyPnl
from sauda.log import Entry
from sauda.money import Paise

_POSITION = b'{"type":"position_pnl"'


class DayPnl(msgspec.Struct, frozen=True):
    """One day of a strategy, or of the whole desk."""

    date: date
    strategy: str | None
    """None: the desk."""
    net: Paise
    realised: Paise
    unrealised: Paise
    """By how much the open profit changed: negative on the day that realises yesterday's."""
    charges: Paise
    drawdown: Paise
    peak_margin: Paise | None
    """The most that was blocked on that day."""


class _Day(msgspec.Struct):
    """A day that is being read."""

    before: tuple[Paise, Paise, Paise, Paise]
    """Net, realised, unrealised and charges at the end of the day before."""
    last: StrategyPnl | DeskPnl
    best: Paise
    drawdown: Paise = 0
    margin: Paise | None = None

    def take(self, point: StrategyPnl | DeskPnl) -> None:
        self.last = point
        self.best = max(self.best, point.net)
        self.drawdown = max(self.drawdown, self.best - point.net)
        if point.margin is not None:
            self.margin = max(self.margin or 0, point.margin)


def totals_only(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Leave out the positions' points: most of the stream, and never looked at here."""
    return (entry for entry in entries if not entry.data.startswith(_POSITION))


def days_of(messages: Iterable[Message]) -> list[DayPnl]:
    """Return every day of every strategy and of the desk, by date, the desk last.

    Args:
        messages: The valuation's points as they were said; others are passed over.
    """
    open_days: dict[tuple[date, str | None], _Day] = {}
    newest: dict[str | None, StrategyPnl | DeskPnl] = {}
    for point in messages:
        if not isinstance(point, StrategyPnl | DeskPnl):
            continue
        series = point.strategy if isinstance(point, StrategyPnl) else None
        key = (ist_date(point.event_ns), series)
        day = open_days.get(key)
        if day is None:
            before = _totals(newest.get(series))
            day = open_days[key] = _Day(before, point, best=before[0])
        day.take(point)
        newest[series] = point
    return [
        _closed(when, series, day)
        for (when, series), day in sorted(open_days.items(), key=lambda one: _place(*one[0]))
    ]


def _place(when: date, series: str | None) -> tuple[date, bool, str]:
    return when, series is None, series or ""


def _totals(point: StrategyPnl | DeskPnl | None) -> tuple[Paise, Paise, Paise, Paise]:
    return (0, 0, 0, 0) if point is None else (point.net, point.realised, point.unrealised, point.charges)


def _closed(when: date, series: str | None, day: _Day) -> DayPnl:
    made = [now - then for now, then in zip(_totals(day.last), day.before, strict=True)]
    net, realised, unrealised, charges = made
    return DayPnl(when, series, net, realised, unrealised, charges, day.drawdown, day.margin)
