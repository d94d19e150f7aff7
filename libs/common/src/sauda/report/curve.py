"""What a strategy, or the desk, was worth over time, and how deep it stood below its best."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import NamedTuple

import msgspec

from sauda.backtest.outcome import Outcome
from sauda.clock import UnixNs, from_ist
from sauda.money import Paise
from sauda.report.days import WHOLE, Day, Window

DESK = "ALL"
"""The name under which an outcome keeps the desk's points."""


_FOREVER_NS = 2**63


class Point(NamedTuple):
    """One instant of a curve."""

    event_ns: UnixNs
    net: Paise
    """Made since the beginning of the window."""
    drawdown: Paise
    """Below the best so far; the best is never below zero."""
    margin: Paise


class DayResult(msgspec.Struct, frozen=True):
    """What one day made."""

    date: date
    net: Paise
    """Of this day alone."""
    closing: Paise
    """Made from the beginning until its end."""
    drawdown: Paise
    """At its end, below the best end of a day so far."""


class Drawdown(NamedTuple):
    """The deepest fall of a curve."""

    amount: Paise
    height: Paise
    """Made when the fall began; never below zero."""
    from_ns: UnixNs | None
    """When the height was reached from which it fell; None: there was no fall."""
    to_ns: UnixNs | None
    """When the depth was reached."""
    recovered_ns: UnixNs | None
    """When the height was reached again; None: not before the end."""


def curve(outcome: Outcome, name: str, window: Window = WHOLE) -> list[Point]:
    """Return the curve of the strategy *name*, or of the desk, as it would be had it begun with *window*."""
    base = best = 0
    points: list[Point] = []
    for point in outcome.equity:
        if point.strategy != name:
            continue
        if point.event_ns < window.from_ns:
            base = point.net
        elif window.holds(point.event_ns):
            net = point.net - base
            best = max(best, net)
            points.append(Point(point.event_ns, net, best - net, point.margin))
    return points


def deepest(points: Iterable[Point]) -> Drawdown:
    """Return the deepest fall; of several equally deep ones, the first."""
    found = Drawdown(0, 0, None, None, None)
    best_ns: UnixNs | None = None
    for point in points:
        if point.drawdown == 0:
            if found.to_ns is not None and found.recovered_ns is None:
                found = found._replace(recovered_ns=point.event_ns)
            best_ns = point.event_ns
        elif point.drawdown > found.amount:
            # A curve that falls at once fell from the zero it began with.
            began_ns = point.event_ns if best_ns is None else best_ns
            height = point.net + point.drawdown
            found = Drawdown(point.drawdown, height, began_ns, point.event_ns, None)
    return found


def by_day(points: Sequence[Point], days: Sequence[Day]) -> list[DayResult]:
    """Return what each of *days* made.

    A day lasts from midnight in India until the midnight before the next day that was played, as on the desk itself.
    """
    results: list[DayResult] = []
    at = closing = best = 0
    for index, day in enumerate(days):
        ends_ns = _dawn(days[index + 1]) if index + 1 < len(days) else _FOREVER_NS
        before = closing
        while at < len(points) and points[at].event_ns < ends_ns:
            closing = points[at].net
            at += 1
        best = max(best, closing)
        results.append(DayResult(day.date, closing - before, closing, best - closing))
    return results


def longest_under_water(results: Iterable[DayResult]) -> int:
    """Return the most days in a row that ended below the best end of a day before them."""
    longest = spell = 0
    for result in results:
        spell = spell + 1 if result.drawdown else 0
        longest = max(longest, spell)
    return longest


def average_margin(points: Sequence[Point], days: Sequence[Day]) -> Paise:
    """Return the margin, averaged over the time of the sessions in which any was blocked; whole paise, 0 if never.

    A point's margin stands until the next point, at the latest until the end of its day.
    """
    weighted = lasted = 0
    at = 0
    for day in days:
        while at < len(points) and points[at].event_ns <= day.last_ns:
            until = points[at + 1].event_ns if at + 1 < len(points) else day.last_ns
            span = max(0, min(until, day.last_ns) - max(points[at].event_ns, day.first_ns))
            if points[at].margin:
                weighted += points[at].margin * span
                lasted += span
            at += 1
    return weighted // lasted if lasted else 0


def names_of(outcome: Outcome) -> list[str]:
    """Return every strategy of the run, in its order, and the desk last."""
    said = {fill.strategy for fill in outcome.fills} | {point.strategy for point in outcome.equity}
    others = said - {DESK, *outcome.strategies}
    return [*outcome.strategies, *sorted(others), DESK]


def _dawn(day: Day) -> UnixNs:
    return from_ist(day.date, time())
