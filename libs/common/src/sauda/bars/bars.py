"""Ticks in, bars out, for whatever instruments and timeframes are watched. Pure; all that it remembers is in the state.

Which bar a tick belongs to is decided by `recv_ns`, the desk's market time: it alone rises from tick to tick, and it is what
whoever acts on the bar could know. `docs/bars.md` has all the rules.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import msgspec

from sauda.bars.minute import Minute, MinuteRow
from sauda.bars.minutes import Minutes
from sauda.bars.series import Series, SeriesRow
from sauda.bars.shelf import Shelf
from sauda.bars.timeframes import DAY_NS, MINUTE, OPENING_NS, Grid, Hours, length_ns, midnight_after
from sauda.bars.watched import Watched
from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Bar, FeedGap, HistoryReply, HistoryRequest, InstrumentId, Tick
from sauda.state import State
from sauda.stretch import Stretch

PATIENCE_NS: Final = 60 * NS_PER_S
"""Market time that bars wait behind a question that is not answered."""
KEPT: Final = 500
"""Bars of a series that `past` returns, unless its warm-up is longer."""

_NOTHING: Final[list[Bar]] = []
"""Nearly every tick's answer; nobody changes it."""


class Bars:
    """The bars of a strategy, or of the desk.

    Call `see` with every tick of what is watched, `reach` with the time of everything else, `lose_sight` with gaps, `take` with
    answers, and send what `wishes` returns; each but the last returns the bars that follow, which are said once, in order.
    Call `restored` after the state was loaded; `watch` may come before or after that.
    """

    def __init__(
        self,
        state: State,
        sessions: Callable[[str, date], Hours | None],
        by: str,
        *,
        keep: int = KEPT,
        patience_ns: int = PATIENCE_NS,
        at_once: int = 16,
    ) -> None:
        """Prepare.

        Args:
            state: Of the unit; the tables are named `bars_*`.
            sessions: An exchange's hours on a day, None if it is closed: `Calendar.session`.
            by: The unit's name, to which answers come.
            keep: Bars of each series that `past` returns, at the least those of its warm-up; 0: none at all.
            patience_ns: Market time that bars wait behind a question.
            at_once: Questions that may be open together.
        """
        self._grid = Grid(sessions)
        self._by = by
        self._limits = (keep, patience_ns, at_once)
        self._shelf = Shelf(state, self._write)
        self._declared: dict[tuple[InstrumentId, str], int] = {}
        """(instrument, timeframe) -> warm-up, as `watch` was called in this process"""
        self.restored()

    def restored(self) -> None:
        """Go on from the state that was loaded, and with what was declared in this process."""
        self._now_ns, self._day_end_ns, self._holes = self._shelf.market()
        self._due_ns: UnixNs = 0
        """Nothing happens before this market time; too early does no harm."""
        self._minutes = Minutes(self._grid, self._holes)
        self._minutes.update((minute.instrument, minute) for minute in self._shelf.minutes())
        self._watched = Watched(self._grid, *self._limits)
        for row in self._shelf.series():
            self._watched.add(row)
        for bar in self._shelf.past():
            if series := self._watched.find(bar.instrument, bar.timeframe):
                series.past.append(bar)
        for (instrument, timeframe), warmup in self._declared.items():
            self._begin_series(instrument, timeframe, warmup)

    def watch(self, instrument: InstrumentId, timeframes: Sequence[str], warmup: int = 0) -> None:
        """Make bars of *instrument* from now on; what is watched already stays as it is.

        Args:
            instrument: Ticks of it must come to `see`.
            timeframes: Some of `TIMEFRAMES`.
            warmup: So many bars of the past come first, from `take`.

        Raises:
            ConfigError: there is no such timeframe.
        """
        for timeframe in timeframes:
            length_ns(timeframe)
            self._declared[instrument, timeframe] = warmup
            self._begin_series(instrument, timeframe, warmup)

    def forget(self, instrument: InstrumentId) -> None:
        """Make no more bars of *instrument*, and forget those of the past."""
        for series in self._watched.drop(instrument):
            self._declared.pop((instrument, series.timeframe), None)
            self._shelf.forget(instrument, series.timeframe)
            for bar in series.past:
                self._shelf.drop_past(bar)
        self._minutes.pop(instrument, None)
        self._shelf.forget_minute(instrument)

    @property
    def instruments(self) -> list[InstrumentId]:
        """Return what is watched, in order."""
        return self._watched.instruments()

    @property
    def due_ns(self) -> UnixNs:
        """Return the first market time at which `reach` or `wishes` may have something to say; too early does no harm."""
        due_ns, ask_ns = self._due_ns, self._watched.ask_ns
        return due_ns if due_ns < ask_ns else ask_ns  # noqa: FURB136

    @property
    def ask_ns(self) -> UnixNs:
        """Return the first market time at which `wishes` may have something to say; too early does no harm."""
        return self._watched.ask_ns

    def last_day_ns(self, instrument: InstrumentId) -> UnixNs:
        """Return the opening of the newest session in which a tick of *instrument* came; 0: none yet."""
        return self._minutes[instrument].day_ns

    def see(self, tick: Tick) -> Sequence[Bar]:
        """Take a tick; return the bars that had ended before its instant. A tick is expected once, in the order of the stream."""
        now_ns = tick.recv_ns
        said = self._pass_time(now_ns - 1) if now_ns > self._due_ns else _NOTHING
        if now_ns > self._now_ns:  # noqa: PLR1730  (a call to max costs a tenth of all this)
            self._now_ns = now_ns
        minute = self._minutes.get(tick.instrument)
        if minute is None:
            return said
        price = tick.ltp
        if minute.ticks and minute.start_ns <= now_ns < minute.end_ns and price > 0:
            # The desk's hot path: nearly all ticks end here.
            if price > minute.high:
                minute.high = price
            elif price < minute.low:
                minute.low = price
            minute.close = price
            minute.ticks += 1
            if tick.volume is not None and tick.volume != minute.told:
                minute.trade(tick.volume)
            if tick.oi is not None:
                minute.oi = tick.oi
        elif price > 0 and now_ns >= minute.end_ns:
            self._begin_minute(minute, tick)
        return said

    def is_calm(self, stretch: Stretch) -> bool:
        """Would all its ticks only go on with the present minute?"""
        return stretch.last.recv_ns < self._due_ns and self._minutes[stretch.last.instrument].is_calm(stretch)

    def glide(self, stretch: Stretch) -> None:
        """Take ticks of which `is_calm` said so."""
        self._now_ns = stretch.last.recv_ns
        self._minutes[stretch.last.instrument].glide(stretch)

    def reach(self, past_ns: UnixNs) -> Sequence[Bar]:
        """Return the bars that are over at *past_ns*: up to there every tick has come (`ClockTick`, or 1 ns before a tick's time)."""
        if past_ns > self._now_ns:  # noqa: PLR1730
            self._now_ns = past_ns
        return self._pass_time(past_ns) if past_ns >= self._due_ns else _NOTHING

    def lose_sight(self, gap: FeedGap) -> None:
        """Take that the desk did not see the market: what it touches and is not said yet is torn, and asked for."""
        self._lose(gap.from_ns, gap.to_ns)

    def take(self, reply: HistoryReply) -> list[Bar]:
        """Take a part of an answer; with the last one, return what was asked for (`past`) and the live bars behind it, in order."""
        if reply.by != self._by:
            return []
        series = self._watched.find(reply.instrument, reply.timeframe)
        if series is None:
            return []
        # What ended before the answer's end is over, and comes before what is told of later bars.
        asked = (one.to_ns for one in series.questions[:1] if one.asked == reply.request_id)
        past_ns = max([self._now_ns, *asked])
        said = self._pass_time(past_ns) if past_ns >= self._due_ns else []
        return said + self._say(series, series.take(reply, max(self._now_ns, reply.event_ns)))

    def wishes(self, now_ns: UnixNs) -> list[HistoryRequest]:
        """Return the questions to send at *now_ns*, each once."""
        return self._watched.wishes(self._by, now_ns)

    def past(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """Return the newest bars that were said, oldest first: as many as are kept."""
        series = self._watched.find(instrument, timeframe)
        return () if series is None else tuple(series.past)

    def ready(self, instrument: InstrumentId, timeframe: str) -> bool:
        """Is the warm-up over: answered, or in vain? `past` says how many bars there are."""
        series = self._watched.find(instrument, timeframe)
        return series is not None and series.ready

    def _begin_series(self, instrument: InstrumentId, timeframe: str, warmup: int) -> None:
        if self._watched.find(instrument, timeframe) is not None:
            return
        now_ns = self._now_ns
        if instrument not in self._minutes:
            self._minutes[instrument] = Minute(instrument, MinuteRow(watched_ns=now_ns, since_ns=now_ns))
        series = self._watched.add(SeriesRow(instrument, timeframe, warmup))
        series.begin(now_ns)
        self._changed(series)

    def _begin_minute(self, minute: Minute, tick: Tick) -> None:
        due_ns = minute.turn(tick)
        if due_ns:
            self._due_ns = min(self._due_ns, due_ns)
            return
        was_seen = minute.seen
        end_ns = self._minutes.begin(minute, tick)
        if end_ns is None:
            return
        self._due_ns = min(self._due_ns, end_ns if minute.ended is None else minute.ended.event_ns)
        if not was_seen and minute.since_ns >= tick.recv_ns:
            for series in self._watched.of(tick.instrument):
                series.lose(minute.watched_ns, tick.recv_ns, tick.recv_ns)
                self._changed(series)

    def _lose(self, from_ns: UnixNs, to_ns: UnixNs) -> None:
        self._holes.add(from_ns, to_ns)
        self._minutes.lose(to_ns)
        for series in self._watched:
            series.lose(from_ns, to_ns, max(self._now_ns, to_ns))
            self._changed(series)

    def _pass_time(self, past_ns: UnixNs) -> list[Bar]:
        """Say what is over at *past_ns*."""
        if past_ns >= self._day_end_ns:
            self._begin_day(past_ns)
        said: list[Bar] = []
        for minute in self._minutes.over(past_ns):
            for series in self._watched.of(minute.instrument):
                said += self._add_minute(series, minute, past_ns)
        if self._watched.due_ns <= past_ns:
            for series in self._watched:
                if series.due_ns <= past_ns:
                    said += self._end(series, past_ns)
            self._watched.find_due()
        self._due_ns = min(self._minutes.due_ns(self._day_end_ns), self._watched.due_ns)
        if len(said) > 1:
            said.sort(key=lambda bar: (bar.event_ns, bar.event_ns - bar.start_ns, bar.instrument))
        return said

    def _begin_day(self, past_ns: UnixNs) -> None:
        """Take that the market was not seen this morning, if the day's first message comes after its opening."""
        self._day_end_ns = midnight_after(past_ns)
        for series in self._watched:
            series.begin(past_ns)
        self._lose(self._day_end_ns - DAY_NS, past_ns - OPENING_NS)

    def _add_minute(self, series: Series, minute: Bar, past_ns: UnixNs) -> list[Bar]:
        if series.timeframe == MINUTE:
            return self._offer(series, minute, past_ns)
        formed = series.take_formed(minute.start_ns)
        said = [] if formed is None else self._offer(series, formed, past_ns)
        series.add(minute)
        self._watched.changed(series)
        return said

    def _end(self, series: Series, past_ns: UnixNs) -> list[Bar]:
        """Say what is over in *series*: a bar, a wait."""
        formed = series.take_formed(past_ns)
        said = [] if formed is None else self._offer(series, formed, past_ns)
        series.recheck(past_ns)
        return said + self._say(series, series.give_up(past_ns))

    def _offer(self, series: Series, bar: Bar, past_ns: UnixNs) -> list[Bar]:
        if not self._minutes.saw_all(bar):
            bar = msgspec.structs.replace(bar, torn=True)
        elif not series.questions and not series.waiting and bar.start_ns >= series.said_ns:
            # Nearly always: nothing is missing before it.
            series.said_ns = bar.event_ns
            return self._say(series, [bar])
        return self._say(series, series.offer(bar, past_ns))

    def _say(self, series: Series, said: list[Bar]) -> list[Bar]:
        """Keep what is *said*, as far as it is to be kept."""
        if series.past.maxlen:
            for bar in said:
                self._shelf.keep(series.past, bar)
        self._changed(series)
        return said

    def _changed(self, series: Series) -> None:
        self._watched.changed(series)
        self._due_ns = min(self._due_ns, self._watched.due_ns)

    def _write(self) -> None:
        """Put what changed since the last commit into its rows."""
        self._shelf.put_market(self._now_ns, self._day_end_ns, self._holes)
        self._shelf.put_changed(self._minutes.values(), self._watched.take_changed())
