"""A strategy that sells options at a time of day and is flat at another: straddle, strangle, iron fly, iron condor.

    09:15 instruments, prices   subscribe to index, future and the strikes around the money
    entry_time                  ATM = the chain's strike nearest to the underlying's price; wings, then what they cover
    each fill                   a stop for what was sold
    quotes                      targets; what all legs make together
    exit_time                   stops cancelled, everything bought back, then the wings sold

All times are market time. What cannot be done is said once in a signal and an alert, and tried until the exit.
"""

from collections.abc import Callable, Sequence
from datetime import date

from sauda.clock import UnixNs
from sauda.contracts import (
    ChangeRules,
    ClockTick,
    FeedGap,
    Halt,
    Instrument,
    Level,
    Message,
    SquareOff,
    Start,
    Stop,
    Tick,
)
from sauda_strategy.attention import Attention
from sauda_strategy.covers import Covers
from sauda_strategy.day import every_day
from sauda_strategy.dry_market import DryMarket
from sauda_strategy.entries import Entries
from sauda_strategy.entry import Obstacle
from sauda_strategy.instance import Instance
from sauda_strategy.judging import Judging
from sauda_strategy.new_rules import NewRules
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.others import Answer
from sauda_strategy.turns import Turns


class OptionSeller:
    """One instance of the strategy; see `sauda.unit.Processor`."""

    def __init__(self, name: str, rules: OptionRules, trades_on: Callable[[date], bool] = every_day) -> None:
        """Make the instance *name*; *trades_on* knows the days on which its exchange is open."""
        self._my = Instance(name, rules, trades_on)
        self.state, self._time = self._my.state, self._my.time
        self._entries = Entries(self._my)
        self._turns = Turns(self._my)
        self._judging = Judging(self._my)
        self._covers = Covers(self._my.book, self._my.legs, self._entries.comes_again)
        self._dry = DryMarket(self._my)
        self._new_rules = NewRules(self._my)
        self._attention = Attention(self._my, self._entries)
        self.restored()

    def restored(self) -> None:
        """Rebuild what is derived from the state."""
        self._my.restored()
        self._new_rules.restored()
        self._settle()
        self._attention.plan()
        if self._my.waiting:
            self._attention.wake_ns = 0  # To be said at once.

    @property
    def due_ns(self) -> UnixNs:
        """Return the first instant at which the clock alone makes it act: a backtest skips beats before."""
        return self._attention.wake_ns

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message of `instruments`, `control`, `ticks` or `executions`."""
        if self._is_dry:
            return self._dry.play(message, self._take)
        if type(message) is Tick:  # Without a further call: nearly every message is one that ends here.
            time, attention = self._time, self._attention
            if message.recv_ns > time.now_ns:  # noqa: PLR1730
                time.now_ns = message.recv_ns
            if message.instrument in attention.watched or time.now_ns > attention.wake_ns:
                return self._on_tick(message)
            return ()
        return self._take(message)

    def _take(self, message: Message) -> Sequence[Message]:
        time, attention = self._time, self._attention
        match message:
            case Tick():
                time.reach(message.recv_ns)
                if message.instrument in attention.watched or time.now_ns > attention.wake_ns:
                    return self._on_tick(message)
                return ()  # Nearly every tick of a busy desk ends here.
            case ClockTick():
                time.beat(message.event_ns)
                return self._step() if time.past_ns >= attention.wake_ns else ()
            case FeedGap():
                time.reach(message.to_ns)
                return self._step() if time.past_ns >= attention.wake_ns else ()
            case Instrument():
                if self._my.market.learn(message):
                    attention.plan()
                return ()
            case _:
                return self._on_rare(message)

    def _on_rare(self, message: Message) -> Sequence[Message]:
        match message:
            case Start() | Stop() | SquareOff():
                return self._on_control(message) if message.strategy in (None, self._my.name) else ()
            case Halt(flatten=True):
                # The exchange closes everything in the same step: a square-off of the desk, for us.
                return self._on_control(SquareOff(None, message.by, message.event_ns))
            case ChangeRules(strategy=self._my.name):
                told = self._new_rules.take(message)
                self._settle()
                # Before the first market time there is no day to look at.
                return told if self._my.diary.today is None else [*told, *self._step()]
            case _ if isinstance(message, Answer):
                return self._on_answer(message) if message.strategy == self._my.name else ()
            case _:
                return ()

    def _on_tick(self, tick: Tick) -> list[Message]:
        my, attention, instrument = self._my, self._attention, tick.instrument
        out: list[Message] = []
        if instrument not in attention.watched or my.has_come(attention.hours.midnight_ns):
            # A day begins, or subscriptions are due, before the tick is looked at: it may be one of ours then.
            out += self._step()
        if instrument in attention.listening:
            # The price before the clock: what is decided at this instant is decided at this price.
            my.market.see(tick)
        if instrument in attention.judged:
            my.quotes.see(tick)
        is_due = my.has_come(attention.wake_ns)
        if instrument in attention.retrying:
            out += my.legs.on_tick(instrument, my.now_ns)
            attention.plan()  # Looks ahead only: what is due now is due still.
        if is_due or (instrument in attention.watched and attention.matters(instrument)):
            out += self._step()
        if instrument in attention.judged and my.rules.watches_quotes:
            closed = self._judging.judge(instrument)
            out += [*closed, *self._rest()] if closed else []
        return out

    def _on_answer(self, answer: Answer) -> list[Message]:
        my = self._my
        out = my.legs.on_answer(answer, my.now_ns)
        keys = my.keys
        if my.book.unsold(keys, my.now_ns):
            # Neither leg was sold for want of a fresh price. By the time there is one the market may stand
            # elsewhere: choose anew then.
            for key in keys:
                my.market.forget_price(my.book[key].instrument)
                my.book.discard(key)
            my.diary.change(over=False)
        return [*out, *self._rest()]

    def _on_control(self, message: Start | Stop | SquareOff) -> list[Message]:
        my = self._my
        if isinstance(message, Start | Stop):
            my.diary.switch(isinstance(message, Start))
        today = my.diary.today
        if today is None:
            return []  # Said before our first day began.
        out: list[Message] = []
        if isinstance(message, SquareOff):
            for key in my.book.all():
                out += my.legs.stand_aside(key, f"square off by {message.by}", my.now_ns)
            my.diary.change(over=True, ended=True, shut=True)
        elif isinstance(message, Start) and today.over and not my.book.any_open():
            # A refusal or a square-off ended the day; whoever says `start` wants another try. Order ids stay used.
            for key in my.keys:
                my.book.discard(key)
            self._turns.begin_window(today.window)
        return [*out, *self._step()]

    def _step(self) -> list[Message]:
        """Do whatever is due now; harmless at any message."""
        my = self._my
        out = self._turns.begin_day() if my.has_come(self._attention.hours.midnight_ns) else []
        if my.diary.today is None:
            return out
        for key, value in my.waiting:
            text = f"{key} {value} waits until what was opened before is closed: nothing is opened"
            out += my.say(Obstacle(f"{key.upper()}_WAITS", text), Level.WARNING)
        if my.has_come(my.hours().exit_ns):
            for key in my.keys:
                out += my.legs.close(key, f"exit time {my.window.exit:%H:%M}", my.now_ns)
        if my.may_open:
            out += self._entries.look_around()
            out += self._entries.enter()
        elif self._entries.may_come_again():
            out += self._entries.look_around() if self._entries.follows_the_money else []
            out += self._entries.again()
        return [*out, *self._rest()]

    def _rest(self) -> list[Message]:
        """Look after the wings; ask for no more ticks when the day's work is done; think over when to act next."""
        my = self._my
        out = self._covers.tend(my.now_ns)
        self._settle()
        if my.diary.today is not None:
            self._turns.turn()
            if my.today.over and not my.book.any_open() and not self._entries.may_come_again():
                out += my.market.leave(my.name, my.now_ns)
        self._attention.plan()
        return out

    def _settle(self) -> None:
        self._my.settle()
        self._is_dry = self._my.is_dry
