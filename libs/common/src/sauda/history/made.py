"""Ticks of one instrument made into bars of sessions that are over, or part of them. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from sauda.clock import UnixNs
from sauda.contracts import PastBar, Tick
from sauda.history.knowers import Day
from sauda.history.timeframes import begin_of
from sauda.money import Units


def made(ticks: Iterable[Tick], days: Sequence[Day], timeframe: str) -> list[PastBar]:
    """Return the bars that *ticks*, in order, make in *days* (oldest first); volume is what the day's figure rises by."""
    found: list[PastBar] = []
    for day, group in groupby(_within(ticks, days), key=lambda pair: pair[0]):
        found += _of_day((tick for _, tick in group), day, timeframe)
    return found


def _within(ticks: Iterable[Tick], days: Sequence[Day]) -> Iterator[tuple[Day, Tick]]:
    begins = [day.span.from_ns for day in days]
    for tick in ticks:
        at = bisect_right(begins, tick.recv_ns) - 1
        if at >= 0 and tick.recv_ns < days[at].span.to_ns and days[at].session.contains(tick.recv_ns):
            yield days[at], tick


def _of_day(ticks: Iterator[Tick], day: Day, timeframe: str) -> Iterator[PastBar]:
    counted: Units | None = None
    """The day's volume that is in earlier bars; None: not known, the recording begins in the middle."""
    first_ns: UnixNs = begin_of(day.session.open_ns, timeframe, day.session)
    for start_ns, group in groupby(ticks, key=lambda tick: begin_of(tick.recv_ns, timeframe, day.session)):
        inside = list(group)
        prices = [tick.ltp for tick in inside]
        told = [tick.volume for tick in inside if tick.volume is not None]
        if start_ns == first_ns:
            counted = 0
        volume = None
        if told:
            before = told[0] if counted is None else counted
            volume = max(0, max(told) - before)
            counted = max(before, *told)
        interests = [tick.oi for tick in inside if tick.oi is not None]
        oi = interests[-1] if interests else None
        yield PastBar(start_ns, prices[0], max(prices), min(prices), prices[-1], volume, oi)
