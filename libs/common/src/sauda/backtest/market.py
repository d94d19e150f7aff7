"""The market of a backtest: it hands the data's ticks to the desk, beats its clock, and grants its wishes, as a feed does.

    ticks of an instant -> the clock, if it is a whole second -> first ticks of what was subscribed -> the next instant

Only what is subscribed is delivered, and indices. Between two ticks the clock beats every second (`every_second`), as the feed's
does, or only where a unit has something due (`due_ns` of its processor; one that has none is asked every second): of bars,
whose ticks lie 20 s apart, that saves nine beats of ten, and it changes no outcome.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, cast

import msgspec

from sauda.backtest.chart_prices import ChartPrices
from sauda.backtest.desk import Desk
from sauda.backtest.walk import NOWHERE, Walked
from sauda.bars.timeframes import midnight_after
from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import (
    ClockTick,
    HistoryReply,
    HistoryRequest,
    Instrument,
    InstrumentId,
    InstrumentKind,
    MarginReply,
    MarginRequest,
    Message,
    Subscribe,
    Tick,
    Unsubscribe,
)
from sauda.recordings.bar_path import WholeBar
from sauda.recordings.timeline import Steps
from sauda.subscriptions import Subscriptions

TICKS_OF_A_BAR: Final = 4

Answer = Callable[[HistoryRequest, UnixNs], Sequence[HistoryReply]]
"""Answers a question about bars of the past, as of an instant."""


class Market:
    """What stands in the feed's place."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        close_ns: Callable[[UnixNs], UnixNs],
        answer: Answer,
        *,
        every_second: bool = True,
    ) -> None:
        """Prepare.

        Args:
            instruments: Definitions, told before the first tick; indices among them are always delivered.
            close_ns: Tells, for the day's last tick, until when the clock goes on.
            answer: Knows the past.
            every_second: Whether the clock beats each second, or only where a unit has something due.
        """
        self._instruments = instruments
        self._close_ns = close_ns
        self._answer = answer
        self._every_second = every_second
        self._indices = frozenset(one.instrument for one in instruments if one.kind is InstrumentKind.INDEX)
        self._wishes = Subscriptions()
        self._sent: frozenset[InstrumentId] = self._indices
        self._questions: list[MarginRequest | HistoryRequest] = []
        self._resubscribed = False
        self._asked = False
        """Whether anything was asked since the last look."""
        self._latest: dict[InstrumentId, Tick] = {}
        """instrument -> its newest tick today, whether it was delivered or not: yesterday's price is none"""
        self._now_ns: UnixNs = 0
        """The instant of the newest tick or beat."""
        self._beat_ns: UnixNs = 0
        """The next whole second that the clock may show."""
        self._wake_ns: UnixNs = 0
        """A tick behind this instant finds something to do first."""
        self._due_ns: UnixNs = 0
        """When the first unit is due, as far as that was asked since anybody did anything; 0: it was not."""
        self._day_end_ns: UnixNs = 0
        self.ticks = 0
        """Ticks that the data had."""
        self.sessions: list[tuple[UnixNs, UnixNs]] = []
        """(first, last instant) of each day."""
        self.prices = ChartPrices(self._latest)
        """For the eye."""

    def ask(self, message: Message) -> None:
        """Take a unit's wish; it is granted when the present message is done with, or the present instant."""
        match message:
            case Subscribe() | Unsubscribe():
                self._wishes.apply(message)
                self._resubscribed = self._asked = True
            case MarginRequest() | HistoryRequest():
                self._questions.append(message)
                self._asked = True
            case _:
                pass

    def play(self, batches: Iterable[Steps], desk: Desk, tell: Callable[[UnixNs, int], None]) -> None:
        """Let *desk* live through the ticks of *batches*; *tell* hears how far it has come (instant, ticks)."""
        for one in self._instruments:
            desk.take("instruments", one)
        self._reply(desk)
        at_ns = 0
        for batch in batches:
            if not batch:
                continue
            if type(batch[0]) is WholeBar:
                at_ns = self._play_bars(batch, desk, at_ns)
                self.ticks += len(batch) * TICKS_OF_A_BAR
            else:
                at_ns = self._play_ticks(cast("list[Tick]", batch), desk, at_ns)
                self.ticks += len(batch)
            tell(at_ns, self.ticks)
        if self.ticks:
            self._end_day(desk, at_ns)

    def _play_ticks(self, ticks: Iterable[Tick], desk: Desk, at_ns: UnixNs) -> UnixNs:
        """Play *ticks* behind the instant *at_ns*; return the instant of the last."""
        latest, work = self._latest, desk.tick
        for tick in ticks:
            before_ns, at_ns = at_ns, tick.recv_ns
            if at_ns > self._wake_ns:
                self._pass_time(desk, before_ns, at_ns)
            instrument = tick.instrument
            latest[instrument] = tick
            if instrument in self._sent:
                work(tick)
                if self._asked:
                    self._hear(desk, at_ns)
        return at_ns

    def _play_bars(self, bars: Sequence[WholeBar], desk: Desk, at_ns: UnixNs) -> UnixNs:
        """Play *bars* behind the instant *at_ns*; return the instant of the last tick.

        As many as only one unit acts on go to that one alone, until it says something; of any other the open is played, then the
        clock, on which bars end and strategies act, and what is left is handed out in one piece where no unit has anything to do
        in it. Laws have it that this changes no outcome (tests/unit/backtest/test_whole_bars.py, test_walk.py).
        """
        number = 0
        while number < len(bars):
            before_ns = at_ns
            walked = self._walk(bars, number, desk)
            if walked.bars:
                number += walked.bars
                before_ns = at_ns = bars[number - 1].rest.last.recv_ns
            if number < len(bars):
                bar = bars[number]
                if walked.said is None:
                    self._open(bar.first, desk, before_ns)
                else:
                    self._follow(walked, bar.first, desk)
                at_ns = self._play_rest(bar, desk)
                number += 1
        # What comes next may be ticks: those look after all themselves.
        self._wake_ns = min(self._wake_ns, at_ns)
        return at_ns

    def _walk(self, bars: Sequence[WholeBar], number: int, desk: Desk) -> Walked:
        instrument = bars[number].first.instrument
        if self._every_second or self._resubscribed or instrument not in self._sent:
            return NOWHERE
        walked = desk.walk(bars, number, self._day_end_ns)
        if walked.bars:
            self.prices.look_along(bars[number : number + walked.bars], self._sent)
            bar = bars[number + walked.bars - 1]
            self._latest[instrument] = bar.rest.last
            # Until its end nobody was due. What comes next may not be a bar of this instrument.
            self._beat_ns, self._wake_ns = bar.first.recv_ns + NS_PER_S, bar.rest.last.recv_ns
        return walked

    def _open(self, first: Tick, desk: Desk, before_ns: UnixNs) -> None:
        """Play the *first* tick of a bar, and what lies between it and the instant *before_ns*."""
        at_ns, instrument = first.recv_ns, first.instrument
        if at_ns > self._wake_ns:
            self._pass_time(desk, before_ns, at_ns)
        else:
            self._beat_ns = _whole_second(at_ns)
            self.prices.look(at_ns, self._sent)
        self._latest[instrument] = first
        if instrument in self._sent:
            desk.tick(first)
            if self._asked:
                self._hear(desk, at_ns)

    def _follow(self, walked: Walked, first: Tick, desk: Desk) -> None:
        """Do what follows from what was said at the *first* tick of a bar, when the clock had beaten."""
        at_ns = self._now_ns = first.recv_ns
        self.prices.look(at_ns, self._sent)
        self._latest[first.instrument] = first
        self._beat_ns, self._due_ns = at_ns + NS_PER_S, 0
        desk.follow(walked, ClockTick(at_ns))
        if self._asked:
            self._reply(desk)

    def _play_rest(self, bar: WholeBar, desk: Desk) -> UnixNs:
        """Play what comes behind the first tick of *bar*; return the instant of its last."""
        at_ns, last, instrument = bar.first.recv_ns, bar.rest.last, bar.first.instrument
        self._pass_time(desk, at_ns, bar.second_ns)
        if self._due_ns <= last.recv_ns or instrument not in self._sent or not desk.glide(bar.rest):
            return self._play_ticks(bar.others, desk, at_ns)
        if last.recv_ns >= self.prices.due_ns:
            self.prices.look_within(bar, self._latest, self._sent)
        self._latest[instrument] = last
        # Nobody has done anything since it was asked when somebody is due: until then there is nothing to look at.
        self._wake_ns = min(self._due_ns, self._day_end_ns - 1)
        return last.recv_ns

    def _hear(self, desk: Desk, at_ns: UnixNs) -> None:
        """Answer questions now; first ticks of what was subscribed come when the instant *at_ns* is over."""
        self._now_ns = at_ns
        self._reply(desk)
        if self._resubscribed:
            self._wake_ns = at_ns

    def _pass_time(self, desk: Desk, before_ns: UnixNs, to_ns: UnixNs) -> None:
        """Do what lies between the instant *before_ns* and *to_ns*, the next: beats, first ticks, the night."""
        self._now_ns = before_ns
        is_new_day = to_ns >= self._day_end_ns
        if is_new_day:
            if before_ns:
                self._end_day(desk, before_ns)
            self._day_end_ns = midnight_after(to_ns)
            self._beat_ns, self._due_ns = _whole_second(to_ns), 0
            self.sessions.append((to_ns, to_ns))
        else:
            self._beat(desk, to_ns)
        if self._resubscribed:
            self._grant(desk)
            self._due_ns = 0
        if is_new_day:
            self._latest.clear()
        self._now_ns = to_ns
        # The beat of this very instant comes behind its last tick.
        self._wake_ns = self._beat_ns
        self.prices.look(to_ns, self._sent)

    def _beat(self, desk: Desk, until_ns: UnixNs) -> None:
        """Let the clock show the whole seconds before *until_ns* that it has not shown."""
        beat = desk.tick if self._every_second else desk.beat
        while self._beat_ns < until_ns:
            if self._resubscribed and self._beat_ns > self._now_ns:
                self._grant(desk)
            if not self._every_second:
                due_ns = self._due_ns = desk.due_ns
                # Whole seconds, by hand: bars come here twice each.
                due_ns += -due_ns % NS_PER_S
                if due_ns >= until_ns:
                    self._beat_ns = _whole_second(until_ns)
                    return
                if due_ns > self._beat_ns:  # noqa: PLR1730
                    self._beat_ns = due_ns
            self._now_ns = self._beat_ns
            self._beat_ns += NS_PER_S
            beat(ClockTick(self._now_ns))
            self._due_ns = 0
            if self._asked:
                self._reply(desk)

    def _end_day(self, desk: Desk, last_ns: UnixNs) -> None:
        self._now_ns = last_ns
        self.sessions[-1] = (self.sessions[-1][0], last_ns)
        self._beat(desk, max(last_ns + NS_PER_S, self._close_ns(last_ns)) + 1)
        self.prices.due_ns = 0
        self.prices.look(last_ns, self._sent)
        self.prices.due_ns = 0

    def _grant(self, desk: Desk) -> None:
        """Deliver from now on what is subscribed, and of what is new its newest earlier tick of the day."""
        while self._resubscribed:
            self._resubscribed = False
            sent = self._wishes.wanted | self._indices
            new, self._sent = sorted(sent - self._sent), sent
            for instrument in new:
                earlier = self._latest.get(instrument)
                if earlier is not None:
                    desk.tick(msgspec.structs.replace(earlier, recv_ns=self._now_ns))
                    self._reply(desk)

    def _reply(self, desk: Desk) -> None:
        """Answer what was asked: at once, as of the present instant."""
        self._asked = False
        while self._questions:
            question = self._questions.pop(0)
            if isinstance(question, HistoryRequest):
                for part in self._answer(question, self._now_ns or question.event_ns):
                    desk.take("replies", part)
            else:
                nobody = "a backtest has no broker to ask"
                desk.take("replies", MarginReply(question.request_id, self._now_ns, error=nobody))


def _whole_second(instant_ns: UnixNs) -> UnixNs:
    """Return the first whole second at or after *instant_ns*."""
    return -(-instant_ns // NS_PER_S) * NS_PER_S
