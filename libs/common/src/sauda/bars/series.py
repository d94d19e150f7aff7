"""The bars of one instrument in one timeframe, in order: what history tells and what was seen, joined.

A bar is said once, in its turn, and never again. Behind an open question later bars wait; what the answer tells of them
(`past`) takes the place of torn ones, and those that were seen whole stay as they were seen.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from sauda.bars.questions import SETTLE_NS, Question
from sauda.bars.timeframes import OPENING_NS, Grid, Interval, length_ns
from sauda.clock import UnixNs
from sauda.contracts import Bar, HistoryReply, HistoryRequest, InstrumentId

_NEVER: Final = 2**63


class SeriesRow(msgspec.Struct, frozen=True, array_like=True):
    """All that a `Series` remembers, apart from the bars of the past."""

    instrument: InstrumentId
    timeframe: str
    warmup: int
    begun_ns: UnixNs = 0
    """Market time when it was first watched; 0: nobody knew it."""
    said_ns: UnixNs = 0
    """The end of the last bar that was said."""
    forming: Bar | None = None
    """What the minutes of the present interval make so far."""
    questions: tuple[Question, ...] = ()
    """The first is asked, or is the next to be."""
    waiting: tuple[Bar, ...] = ()
    """Complete bars behind the first question, in order."""
    recheck_ns: UnixNs = _NEVER
    """The end of an interval of which a part was not seen: then it is asked for, whatever ticks came."""
    asked_to_ns: UnixNs = 0
    """The newest end of any question; no two of them have the same, so that their ids differ."""
    ready: bool = False
    """The warm-up was answered, or nobody could, or none was wanted."""


class Series:
    """One series. `Bars` holds many, and turns their changes into rows."""

    def __init__(self, row: SeriesRow, grid: Grid, keep: int, patience_ns: int) -> None:
        self._grid = grid
        self._patience_ns = patience_ns
        self.instrument = row.instrument
        self.exchange = row.instrument.partition(":")[0]
        self.timeframe = row.timeframe
        self.length = length_ns(row.timeframe)
        self.warmup = row.warmup
        self.begun_ns = row.begun_ns
        self.said_ns = row.said_ns
        self.forming = row.forming
        self.questions = list(row.questions)
        self.waiting = list(row.waiting)
        self.recheck_ns = row.recheck_ns
        self.asked_to_ns = row.asked_to_ns
        self.ready = row.ready or not row.warmup
        self.past: deque[Bar] = deque(maxlen=keep)
        """The newest bars that were said; whoever says them adds them."""
        self.name = f"{row.instrument} {row.timeframe}"

    def row(self) -> SeriesRow:
        """Return all that it remembers."""
        return SeriesRow(
            self.instrument,
            self.timeframe,
            self.warmup,
            self.begun_ns,
            self.said_ns,
            self.forming,
            tuple(self.questions),
            tuple(self.waiting),
            self.recheck_ns,
            self.asked_to_ns,
            self.ready,
        )

    @property
    def due_ns(self) -> UnixNs:
        """Return when it has something to do again, apart from asking."""
        first_ns = self.recheck_ns
        if self.forming is not None and self.forming.event_ns < first_ns:
            first_ns = self.forming.event_ns
        if self.questions and self.questions[0].deadline_ns < first_ns:
            first_ns = self.questions[0].deadline_ns
        return first_ns

    @property
    def is_asking(self) -> bool:
        """Return whether it waits for an answer."""
        return bool(self.questions and self.questions[0].asked)

    @property
    def ask_ns(self) -> UnixNs:
        """Return when it has something to ask."""
        return self.questions[0].due_ns if self.questions and not self.questions[0].asked else _NEVER

    def add(self, minute: Bar) -> None:
        """Add a minute to the bar that is being built; that one ends in `pass_time`."""
        forming = self.forming
        if forming is None:
            interval = self._grid.at(self.exchange, self.length, minute.start_ns)
            # A minute lies in a session, so there is an interval around it.
            start_ns, end_ns = interval or Interval(minute.start_ns, minute.event_ns)
            self.forming = msgspec.structs.replace(
                minute, timeframe=self.timeframe, start_ns=start_ns, event_ns=end_ns
            )
            return
        volume = minute.volume if forming.volume is None else forming.volume + (minute.volume or 0)
        self.forming = Bar(
            forming.instrument,
            forming.timeframe,
            forming.start_ns,
            forming.event_ns,
            forming.open,
            max(forming.high, minute.high),
            min(forming.low, minute.low),
            minute.close,
            volume,
            forming.oi if minute.oi is None else minute.oi,
            forming.ticks + minute.ticks,
        )

    def take_formed(self, past_ns: UnixNs) -> Bar | None:
        """Return the bar that is over at *past_ns*, if there is one, and build the next."""
        formed = self.forming
        if formed is None or formed.event_ns > past_ns:
            return None
        self.forming = None
        return formed

    def offer(self, bar: Bar, now_ns: UnixNs) -> list[Bar]:
        """Take a complete bar; return what can be said now."""
        if bar.start_ns < self.said_ns:
            return []
        self.waiting.append(bar)
        if bar.torn:
            self.lack(bar.start_ns, bar.event_ns, now_ns)
        return self._flush()

    def begin(self, now_ns: UnixNs) -> None:
        """Take that market time is *now_ns*, 0 if nobody knows; from the first time that it is known the series counts.

        What trades now is seen in part; the newest bars of before now are asked for, if a warm-up is wanted.
        """
        if self.begun_ns or not now_ns:
            return
        self.begun_ns = now_ns
        if self.warmup:
            self.questions.append(Question(to_ns=now_ns, due_ns=now_ns, count=self.warmup))
            self._start_clock(now_ns)
        hours = self._grid.hours(self.exchange, now_ns)
        if hours and now_ns > hours.open_ns + OPENING_NS:
            self.lose(now_ns, now_ns, now_ns)

    def lose(self, from_ns: UnixNs, to_ns: UnixNs, now_ns: UnixNs) -> None:
        """Take that the market was not seen between the two instants: ask for what ended in it, and later for what did not."""
        self.recheck(to_ns)
        present = self._grid.at(self.exchange, self.length, to_ns)
        until_ns = present.start_ns if present else to_ns
        if present:
            self.recheck_ns = min(self.recheck_ns, present.end_ns)
        first_ns = max(self.said_ns, self._start_around(max(from_ns, self.begun_ns)))
        if first_ns < until_ns and self._grid.trades_between(self.exchange, first_ns, until_ns):
            self.lack(first_ns, until_ns, now_ns)

    def _start_around(self, instant_ns: UnixNs) -> UnixNs:
        around = self._grid.at(self.exchange, self.length, instant_ns)
        return around.start_ns if around else instant_ns

    def recheck(self, past_ns: UnixNs) -> None:
        """Ask for the interval that ended of which a part was not seen."""
        if self.recheck_ns > past_ns:
            return
        end_ns, self.recheck_ns = self.recheck_ns, _NEVER
        interval = self._grid.at(self.exchange, self.length, end_ns - 1)
        if interval and interval.start_ns >= self.said_ns:
            self.lack(interval.start_ns, end_ns, past_ns)

    def lack(self, from_ns: UnixNs, to_ns: UnixNs, now_ns: UnixNs) -> None:
        """Note that the bars between the two instants must be asked for."""
        if any(one.covers(from_ns, to_ns) for one in self.questions):
            return
        last = self.questions[-1] if self.questions else None
        if last and last.can_widen(to_ns):
            self.questions[-1] = last.widened(from_ns, to_ns)
            return
        self.questions.append(Question(to_ns=to_ns, due_ns=to_ns + SETTLE_NS, from_ns=from_ns))
        self._start_clock(now_ns)

    def ask(self, by: str, now_ns: UnixNs) -> HistoryRequest:
        """Return the first question, which is due."""
        question = self.questions[0]
        to_ns = now_ns if question.count else question.to_ns
        to_ns = self.asked_to_ns = max(to_ns, self.asked_to_ns + 1)
        question = msgspec.structs.replace(question, to_ns=to_ns, deadline_ns=now_ns + self._patience_ns)
        request = question.request(by, self.instrument, self.timeframe, now_ns)
        self.questions[0] = msgspec.structs.replace(question, asked=request.request_id)
        return request

    def take(self, reply: HistoryReply, now_ns: UnixNs) -> list[Bar]:
        """Take a part of an answer; return what can be said when it was the last."""
        if not self.questions or self.questions[0].asked != reply.request_id:
            return []
        self.questions[0] = self.questions[0].told(reply)
        return self._settle(now_ns) if self.questions[0].parts >= reply.parts else []

    def give_up(self, past_ns: UnixNs) -> list[Bar]:
        """Wait no longer for an answer whose time is over; return what can be said."""
        said: list[Bar] = []
        while self.questions and self.questions[0].deadline_ns <= past_ns:
            said += self._settle(past_ns)
        return said

    def _settle(self, now_ns: UnixNs) -> list[Bar]:
        question = self.questions.pop(0)
        if question.count:
            self.ready = True
        bars = question.answer(self._grid, self.instrument, self.timeframe)
        for bar in self.waiting:
            if not bar.torn or bar.start_ns not in bars:
                bars[bar.start_ns] = bar
        self.waiting = [bars[start_ns] for start_ns in sorted(bars) if start_ns >= self.said_ns]
        self._start_clock(now_ns)
        return self._flush()

    def _start_clock(self, now_ns: UnixNs) -> None:
        """Let the patience with the first question begin, if it has not yet."""
        if self.questions and self.questions[0].deadline_ns == _NEVER:
            deadline_ns = max(now_ns, self.questions[0].due_ns) + self._patience_ns
            self.questions[0] = msgspec.structs.replace(self.questions[0], deadline_ns=deadline_ns)

    def _flush(self) -> list[Bar]:
        ready: Sequence[Bar] = self.waiting
        if self.questions:
            first = self.questions[0]
            ready = [bar for bar in ready if not first.blocks(bar.start_ns)]
        if not ready:
            return []
        said = list(ready)
        self.waiting = self.waiting[len(said) :]
        self.said_ns = said[-1].event_ns
        return said
