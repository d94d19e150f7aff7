"""Bars that are made of bars: a whole one, of which four ticks are made, begins a minute and ends the one before.

A backtest of minutes lives here. What happens is what `see`, `reach` and `glide` of its ticks would do, asked once for many bars
whether it may; whatever is not as it nearly always is (questions, holes, breaks of a session) is left to them.
"""

from collections.abc import Sequence
from typing import Final

from sauda.bars.bars import Bars
from sauda.bars.minute import MINUTE_NS, SIGHTED, Minute
from sauda.bars.series import Series
from sauda.bars.timeframes import MINUTE, OPENING_NS
from sauda.clock import UnixNs
from sauda.contracts import Bar, InstrumentId
from sauda.recordings.bar_path import WholeBar

_NEVER: Final = 2**63
_NOTHING: Final[Sequence[Bar]] = ()


class TurningBars(Bars):
    """`Bars` that can be handed whole ones."""

    def turns(self, instrument: InstrumentId) -> "Turns | None":
        """Return what takes whole bars of *instrument*, until anything else is heard; None where more is going on than minutes."""
        minute, series = self._minutes.get(instrument), self._watched.of(instrument)
        if minute is None or len(self._minutes) != 1 or not minute.ticks or minute.ended is not None:
            return None
        if self._watched.ask_ns < _NEVER or self._watched.due_ns < minute.end_ns:
            return None
        if any(one.questions or one.waiting or one.recheck_ns < _NEVER for one in series):
            return None
        from_ns = min([minute.start_ns, *(one.forming.start_ns for one in series if one.forming)])
        if not _is_whole(minute, from_ns) or self._holes.touch(from_ns, _NEVER):
            return None
        return Turns(self, minute, series)

    def end_minute(self, ended: Bar, series: Sequence[Series], now_ns: UnixNs) -> Sequence[Bar]:
        """Return the bars that are over with the minute *ended*, of which nothing was missed."""
        watched, said = self._watched, list[Bar]()
        for one in series:
            if one.timeframe == MINUTE and ended.start_ns >= one.said_ns:
                # As `_offer` and `_say`: nothing is missing, and a minute leaves nothing behind that is due later.
                one.said_ns = now_ns
                if one.past.maxlen:
                    self._shelf.keep(one.past, ended)
                said.append(ended)
            else:
                said += self._add_minute(one, ended, now_ns)
        if watched.due_ns <= now_ns:
            for one in series:
                if one.due_ns <= now_ns:
                    said += self._end(one, now_ns)
            watched.find_due()
        if len(said) > 1:
            said.sort(key=lambda bar: (bar.event_ns, bar.event_ns - bar.start_ns))
        return said

    def came_to(self, now_ns: UnixNs, series: Sequence[Series]) -> None:
        """Take that it is *now_ns*, and that *series* changed on the way."""
        self._now_ns = now_ns
        for one in series:
            self._watched.changed(one)
        self._due_ns = min(self._minutes.due_ns(self._day_end_ns), self._watched.due_ns)

    @property
    def day_end_ns(self) -> UnixNs:
        """Return when the day of the newest message ends."""
        return self._day_end_ns


class Turns:
    """The minutes of one instrument, one after the other, in one part of a session."""

    def __init__(self, bars: TurningBars, minute: Minute, series: Sequence[Series]) -> None:
        self._bars = bars
        self._minute = minute
        self._series = series
        self._last_ns = min(minute.until_ns, bars.day_end_ns) - MINUTE_NS
        """No minute begins behind it."""

    def end(self, bar: WholeBar) -> Sequence[Bar] | None:
        """End the present minute at the first instant of *bar*; return the bars that are over.

        None, and nothing was done, where *bar* is not what the next minute shows and nothing else.
        """
        minute, now_ns = self._minute, bar.first.recv_ns
        if now_ns != minute.end_ns or now_ns > self._last_ns or bar.rest.last.recv_ns >= now_ns + MINUTE_NS:
            return None
        ended = minute.finish()
        return _NOTHING if ended is None else self._bars.end_minute(ended, self._series, now_ns)

    def begin(self, bar: WholeBar) -> UnixNs:
        """Begin the next minute with the first tick of *bar*; return its instant."""
        minute, first = self._minute, bar.first
        now_ns = first.recv_ns
        minute.begin(
            now_ns, now_ns + MINUTE_NS, first, whole_day=minute.since_ns <= minute.day_ns + OPENING_NS
        )
        return now_ns

    def go_on(self, bar: WholeBar) -> UnixNs:
        """Take all of *bar*, the minute's first; return the instant of its last tick."""
        self.begin(bar)
        self._minute.glide(bar.rest)
        return bar.rest.last.recv_ns

    def over(self, now_ns: UnixNs) -> None:
        """Take that the last of them came to *now_ns*."""
        self._bars.came_to(now_ns, self._series)


def _is_whole(minute: Minute, from_ns: UnixNs) -> bool:
    """Was all seen since *from_ns*, and is it known how much of the day's volume is in earlier bars?"""
    is_told = minute.traded >= 0 or minute.since_ns <= minute.day_ns + OPENING_NS
    return is_told and minute.since_ns <= from_ns and minute.blind == SIGHTED
