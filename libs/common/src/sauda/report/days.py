"""Which days were played, and how long were their hours? A day without a trade is a day: it belongs in a Sharpe ratio."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import NamedTuple

from sauda.backtest.outcome import Outcome
from sauda.clock import UnixNs, from_ist, ist_date

_FOREVER_NS = 2**63


class Day(NamedTuple):
    """One trading day of the data."""

    date: date
    """In India."""
    first_ns: UnixNs
    last_ns: UnixNs


class Window(NamedTuple):
    """Part of a run, for the two parts of a sweep: from `from_ns` until just before `until_ns`."""

    from_ns: UnixNs = 0
    until_ns: UnixNs = _FOREVER_NS

    def holds(self, instant_ns: UnixNs) -> bool:
        """Does *instant_ns* lie in it?"""
        return self.from_ns <= instant_ns < self.until_ns


WHOLE = Window()


def days_of(outcome: Outcome, window: Window = WHOLE) -> list[Day]:
    """Return the days that were played within *window*, in order.

    An outcome that does not say has the days of its fills and points.
    """
    spans: Iterable[tuple[UnixNs, UnixNs]] = outcome.data.sessions
    if not outcome.data.sessions:
        instants = [point.event_ns for point in outcome.equity] + [fill.event_ns for fill in outcome.fills]
        spans = [(instant, instant) for instant in instants]
    found: dict[date, Day] = {}
    for first_ns, last_ns in spans:
        if window.holds(first_ns):
            day = ist_date(first_ns)
            old = found.get(day, Day(day, first_ns, last_ns))
            found[day] = Day(day, min(old.first_ns, first_ns), max(old.last_ns, last_ns))
    return [found[day] for day in sorted(found)]


def split_at(days: Sequence[Day], split: "date | float") -> UnixNs:
    """Return the instant at which the second part of *days* begins.

    Args:
        days: All that were played, at least one.
        split: The first day of the second part, or the share of days in the first, between 0 and 1.

    Raises:
        ValueError: one of the parts would be empty; says how many days there are.
    """
    if isinstance(split, date):
        first = sum(1 for day in days if day.date < split)
    else:
        first = round(len(days) * split)
    if not 0 < first < len(days):
        raise ValueError(f"a split at {split} leaves one part of {len(days)} days empty")
    return from_ist(days[first].date, time())


def held_ns(spells: Iterable[tuple[UnixNs, UnixNs]], days: Sequence[Day]) -> int:
    """Return for how long of the hours of *days* at least one of *spells* (begin, end) lasted."""
    total = 0
    at = 0
    merged = sorted(spells)
    for day in days:
        reached = day.first_ns
        while at < len(merged) and merged[at][1] <= day.first_ns:
            at += 1
        for begin, end in merged[at:]:
            if begin >= day.last_ns:
                break
            total += max(0, min(end, day.last_ns) - max(begin, reached))
            reached = max(reached, min(end, day.last_ns))
    return total
