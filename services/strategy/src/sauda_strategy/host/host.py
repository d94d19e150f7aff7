"""The processor that carries one `Strategy`: the same in a backtest, on paper and in a dry run.

    ticks ──► quotes, bars, indicators ──► handlers ──► intents ──► trading ──► signals, orders
    executions ──► trading ──► on_fill            control ──► start, stop, square off, other rules

Nearly every tick of a busy desk ends in `handle` itself: nobody of us watches that instrument, and nothing is due.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sauda.clock import UnixNs
from sauda.contracts import (
    Account,
    ChangeRules,
    ClockTick,
    FeedGap,
    Fill,
    Halt,
    HistoryReply,
    Instrument,
    InstrumentId,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    SquareOff,
    Start,
    Stop,
    Subscribe,
    Tick,
)
from sauda.money import Units
from sauda.recordings.bar_path import WholeBar
from sauda.state import State
from sauda.stretch import Calm, Stretch
from sauda_strategy.api import Strategy
from sauda_strategy.host.calls import Calls
from sauda_strategy.host.control import Control
from sauda_strategy.host.course import Course
from sauda_strategy.host.handlers import Handlers
from sauda_strategy.host.hours import Sessions
from sauda_strategy.host.knowledge import Knowledge
from sauda_strategy.host.making import Making
from sauda_strategy.host.permission import Permission
from sauda_strategy.host.rules_in_force import RulesInForce
from sauda_strategy.host.series import PATIENCE_NS
from sauda_strategy.host.walk import Walk
from sauda_strategy.rules import Rules
from sauda_strategy.trading.asks import Asks
from sauda_strategy.trading.trader import Trader
from sauda_strategy.voice import Voice

_NEVER: Final = 2**63


class Host:
    """One instance; see `sauda.unit.Processor`."""

    def __init__(
        self,
        name: str,
        make: type[Strategy],
        rules: Rules,
        sessions: Sessions,
        patience_ns: int = PATIENCE_NS,
    ) -> None:
        """Make the instance.

        Args:
            name: Of the instance; its unit is `strategy.<name>`.
            make: The strategy's class.
            rules: As the instance's file has them.
            sessions: An exchange's hours on a day: `Calendar.session`.
            patience_ns: Market time for which an answer about the past is waited for.
        """
        self._name = name
        self.state = State()
        self._rules = RulesInForce(self.state, name, rules)
        unit, terms = f"strategy.{name}", self._rules.in_force
        self._knowledge = Knowledge(self.state, unit, sessions, lambda: terms().roll_days, patience_ns)
        know = self._knowledge
        handlers, voice = Handlers(self.state), Voice(name)
        self._permission = Permission(self.state, know.hours, handlers, terms)
        asks = Asks(know.known, know.quotes, terms, know.means, self._permission.why_not, know.is_open)
        self._trader = Trader(self.state, name, asks)
        know.held_of = self._trader.book.held
        self._permission.mode_waits = lambda: self._trader.mode_waits
        self._calls = Calls(self.state, voice, know, handlers, self._trader)
        self._calls.plan = self._plan
        self._making = Making(make, self._rules, know, self._calls, self._trader, handlers=handlers)
        self._course = Course(self.state, know, self._calls, self._trader, voice=voice, terms=terms)
        self._control = Control(voice, self._permission, self._making, self._course, self._trader)
        self._time, self._series, self._newest = know.time, know.series, know.quotes.newest
        self._bars = know.series.bars
        self._handlers, self._known = handlers, know.known
        self._walk = Walk(know, self._calls)
        self._subscribed = self.state.table("subscribed", int)
        """instrument -> market time at which its ticks were asked for; those of earlier days are asked for anew"""
        self._watched = self._heard = self._waiting = frozenset[InstrumentId]()
        self._wake_ns: UnixNs = 0
        self._known_version = -1
        self.restored()

    def restored(self) -> None:
        """Rebuild what is derived from the state."""
        self._rules.restored()
        self._knowledge.restored()
        self._newest = self._knowledge.quotes.newest
        self._making.make()
        self._plan()

    @property
    def due_ns(self) -> UnixNs:
        """Return the first instant at which the clock alone makes it act: a backtest skips beats before."""
        wake_ns, due_ns = self._wake_ns, self._bars.due_ns
        return wake_ns if wake_ns < due_ns else due_ns  # noqa: FURB136

    def is_calm(self, stretch: Stretch) -> bool:
        """Does nobody of us act on any of these prices, nor on the clock until the last?"""
        instrument = stretch.last.instrument
        if stretch.last.recv_ns >= self.due_ns or instrument in self._heard or instrument in self._waiting:
            return False
        return instrument not in self._series.barred or self._bars.is_calm(stretch)

    def glide(self, stretch: Stretch) -> None:
        """Take prices of which `is_calm` said so."""
        last = stretch.last
        self._time.now_ns = last.recv_ns
        if last.instrument in self._watched:
            self._newest[last.instrument] = last
            if last.instrument in self._series.barred:
                self._bars.glide(stretch)

    def calm(self, instrument: InstrumentId) -> Calm | None:
        """Say until when prices of *instrument* are only prices; None where we act on them or make bars of them."""
        if instrument in self._series.barred or instrument in self._heard or instrument in self._waiting:
            return None
        return Calm(-_NEVER, _NEVER, self.due_ns)

    def walk(
        self, instrument: InstrumentId, bars: Iterable[WholeBar], calm: Calm, worked: list[Any]
    ) -> Sequence[Message] | None:
        """Take whole *bars* of what it makes bars of, one after the other; see `sauda_strategy.host.walk`."""
        is_acted_on = instrument in self._heard or instrument in self._waiting
        if is_acted_on or instrument not in self._watched or self._known.version != self._known_version:
            return None
        calm = calm._replace(until_ns=min(calm.until_ns, self._wake_ns))
        said = self._walk.through(instrument, bars, calm, worked) if self._series.is_warm else None
        return None if said is None else self._finish(said)

    def held(self, instrument: InstrumentId) -> Units:
        """Return the signed units that it holds; in a dry run those that it would hold."""
        return self._trader.book.held(instrument)

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message of `instruments`, `control`, `replies`, `ticks` or `executions`."""
        if type(message) is Tick:
            time, now_ns = self._time, message.recv_ns
            if now_ns > time.now_ns:  # noqa: PLR1730  (a call of `max` costs as much as all the rest)
                time.now_ns = now_ns
            if message.instrument in self._watched or now_ns > self._wake_ns:
                return self._on_tick(message)
            return ()
        if type(message) is ClockTick:
            return self._on_clock(message)
        return self._finish(self._on_rare(message))

    def _on_clock(self, message: ClockTick) -> Sequence[Message]:
        self._time.beat(message.event_ns)
        out: list[Message] = []
        past_ns, bars = self._time.past_ns, self._bars
        if past_ns >= self._wake_ns:
            self._course.step(out)
        else:
            for bar in bars.reach(past_ns):
                self._calls.tell_bar(bar, out)
        if not self._series.is_warm:
            self._course.look_at_warmup(out)
        now_ns = self._time.now_ns
        if now_ns >= bars.due_ns:
            out += bars.wishes(now_ns)
        # As in `_finish`, without the call: a backtest of bars has a beat for each.
        if self._calls.has_traded or self._known.version != self._known_version:
            return self._finish(out)
        return out

    def _on_tick(self, tick: Tick) -> Sequence[Message]:
        out: list[Message] = []
        time = self._time
        if time.now_ns > self._wake_ns and time.past_ns >= self._wake_ns:
            # A day begins, or a time has come, before the tick is looked at.
            self._course.step(out)
            self._plan()
        instrument = tick.instrument
        if instrument in self._watched:
            before = self._newest.get(instrument)
            if before is None or before.recv_ns <= tick.recv_ns:
                self._newest[instrument] = tick
            if instrument in self._series.barred:
                for bar in self._series.see(tick):
                    self._calls.tell_bar(bar, out)
            if instrument in self._waiting:
                self._work_orders(tick, out)
            if instrument in self._heard and self._series.is_warm:
                self._calls.tell_tick(tick, out)
        # As in `_finish`, without the call: most ticks end here.
        if self._calls.has_traded or self._known.version != self._known_version:
            return self._finish(out)
        return out

    def _work_orders(self, tick: Tick, out: list[Message]) -> None:
        before = len(out)
        out += self._trader.on_tick(tick, self._time.now_ns)
        out += self._course.roll(tick.instrument)
        self._calls.drain(out)
        if len(out) != before:
            self._calls.has_traded = True

    def _on_rare(self, message: Message) -> list[Message]:
        out: list[Message] = []
        match message:
            case Instrument():
                self._knowledge.known.learn(message)
            case HistoryReply():
                for bar in self._series.take(message):
                    self._calls.tell_bar(bar, out)
                self._course.look_at_warmup(out)
            case FeedGap():
                self._time.reach(message.to_ns)
                self._series.lose_sight(message)
                self._course.step(out)
            case Account():
                self._knowledge.take_account(message)
            case Start() | Stop() | SquareOff() | ChangeRules() if message.strategy in (None, self._name):
                self._control.take(message, out)
            case Halt(flatten=True):
                # The exchange closes everything in the same step: a square-off of the desk, for us.
                self._control.take(SquareOff(None, message.by, message.event_ns), out)
            case _:
                self._on_answer(message, out)
        return out

    def _on_answer(self, message: Message, out: list[Message]) -> None:
        match message:
            case Fill() if message.strategy == self._name:
                out += self._trader.on_fill(message, self._time.now_ns)
                self._calls.drain(out)
                self._calls.tell("on_fill", out, message)
            case OrderAccepted() | OrderRejected() | OrderTriggered() | OrderModified() | OrderCancelled():
                if message.strategy != self._name:
                    return
                out += self._trader.on_answer(message, self._time.now_ns)
                self._calls.drain(out)
            case _:
                return
        self._calls.has_traded = True

    def _finish(self, out: list[Message]) -> Sequence[Message]:
        """Plan what comes next where that may have changed, and ask for the ticks that are needed from now on."""
        if not (self._calls.has_traded or self._known.version != self._known_version):
            return out
        self._calls.has_traded = False
        self._trader.settle_mode()
        self._plan()
        hours, now_ns = self._knowledge.hours, self._time.now_ns
        if hours.today is None:
            return out
        new = [
            one for one in sorted(self._watched) if (self._subscribed.get(one) or 0) < hours.today.opened_ns
        ]
        if new:
            self._forget_subscriptions(hours.today.opened_ns)
        for one in new:
            self._subscribed.put(one, now_ns)
        # Before anything else: an order in what nobody listens to finds no price.
        return [Subscribe(self._name, tuple(new), now_ns), *out] if new else out

    def _forget_subscriptions(self, before_ns: UnixNs) -> None:
        """Forget those of earlier days: a strategy that trades another option each day would keep all of them."""
        for one in [name for name, at_ns in self._subscribed.items() if at_ns < before_ns]:
            self._subscribed.drop(one)

    def _plan(self) -> None:
        """Work out from the state, and from nothing else, which messages matter next."""
        knowledge, asked = self._knowledge, self._calls.desk.asked
        self._known_version = knowledge.known.version
        told = [one for name in asked.underlyings for one in knowledge.contracts(name).listened()]
        self._watched = frozenset((*asked.instruments, *told, *self._trader.instruments()))
        is_told = "on_tick" in self._handlers.written and self._handlers.broken is None
        self._heard = frozenset(asked.heard) if is_told else frozenset()
        self._waiting = self._trader.waiting(knowledge.day()) | self._course.to_roll()
        self._wake_ns = 0 if self._calls.owes_word else self._course.wakes_ns()
