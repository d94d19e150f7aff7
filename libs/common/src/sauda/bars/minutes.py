"""The minutes of all instruments that are being built: how one begins, and when it is over."""

from sauda.bars.holes import Holes
from sauda.bars.minute import MINUTE_NS, NEVER_ENOUGH, SIGHTED, Minute
from sauda.bars.timeframes import OPENING_NS, Grid
from sauda.clock import UnixNs
from sauda.contracts import Bar, InstrumentId, Tick


class Minutes(dict[InstrumentId, Minute]):
    """instrument -> its present minute."""

    def __init__(self, grid: Grid, holes: Holes) -> None:
        super().__init__()
        self._grid = grid
        self._holes = holes

    def begin(self, minute: Minute, tick: Tick) -> UnixNs | None:
        """Begin the minute that *tick* is in; return its end, or None outside the session."""
        now_ns = tick.recv_ns
        hours = self._grid.hours(minute.exchange, now_ns)
        interval = self._grid.at(minute.exchange, MINUTE_NS, now_ns)
        if hours is None or interval is None or not hours.contains(now_ns):
            if tick.volume is not None:
                # Before the opening it is yesterday's figure, or that of the pre-open auction.
                minute.told = tick.volume
            return None
        if minute.ticks:
            # It ended at this very instant, at which others may still show prices.
            minute.ended = minute.finish()
        if minute.day_ns != hours.open_ns:
            self._begin_day(minute, hours.open_ns, now_ns)
        whole_day = minute.since_ns <= hours.open_ns + OPENING_NS
        minute.begin(*interval, tick, whole_day=whole_day)
        minute.until_ns = next((closes for opens, closes in hours.parts if opens <= now_ns < closes), 0)
        return interval.end_ns

    def _begin_day(self, minute: Minute, open_ns: UnixNs, now_ns: UnixNs) -> None:
        minute.first_of_day(open_ns)
        minute.blind = NEVER_ENOUGH if self._holes.touch(open_ns, now_ns) else SIGHTED
        if not minute.seen:
            minute.seen = True
            if minute.watched_ns > open_ns + OPENING_NS:
                # What happened between our wish and the first tick that the feed sent is not known.
                minute.since_ns = now_ns

    def over(self, past_ns: UnixNs) -> list[Bar]:
        """Return the bars of the minutes that are over at *past_ns*."""
        over: list[Bar] = []
        for minute in self.values():
            if minute.ended is not None and minute.ended.event_ns <= past_ns:
                over.append(minute.ended)
                minute.ended = None
            if minute.ticks and minute.end_ns <= past_ns:
                bar = minute.finish()
                if bar is not None:
                    over.append(bar)
        return over

    def due_ns(self, otherwise_ns: UnixNs) -> UnixNs:
        """Return when the next minute is over, or *otherwise_ns* if that is sooner."""
        first_ns = otherwise_ns
        for minute in self.values():
            if minute.ticks and minute.end_ns < first_ns:
                first_ns = minute.end_ns
            if minute.ended is not None and minute.ended.event_ns < first_ns:
                first_ns = minute.ended.event_ns
        return first_ns

    def lose(self, to_ns: UnixNs) -> None:
        """Take that nothing was seen until *to_ns*: volume traded unseen is no later bar's."""
        for minute in self.values():
            minute.lose(to_ns)

    def saw_all(self, bar: Bar) -> bool:
        """Was the whole interval of *bar* seen?"""
        minute = self[bar.instrument]
        return bar.start_ns >= minute.since_ns and not self._holes.touch(bar.start_ns, bar.event_ns)
