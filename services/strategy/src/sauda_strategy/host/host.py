"""The processor that carries one `Strategy`: the same in a backtest, on paper and in a dry run.

    ticks ──► quotes, bars, indicators ──► handlers ──► intents ──► trading ──► signals, orders
    executions ──► trading ──► on_fill            control ──► start, stop, square off, other rules

Nearly every tick of a busy desk ends in `handle` itself: nobody of us watches that instrument, and nothing is due.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import (
    Account,
    Bar,
    ClockTick,
    FeedGap,
    Fill,
    Halt,
    HistoryReply,
    Instrument,
    InstrumentId,
    Level,
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
from sauda.instruments import underlying
from sauda.money import Units
from sauda.state import State
from sauda_strategy.api import Contracts, Intent, Intents, Strategy
from sauda_strategy.host.attributes import Attributes
from sauda_strategy.host.contracts import OnUnderlying
from sauda_strategy.host.desk import HostDesk
from sauda_strategy.host.handlers import Handlers, intents_of, rules_and_setup
from sauda_strategy.host.hours import Hours, Sessions
from sauda_strategy.host.known import Known
from sauda_strategy.host.quotes import Quotes
from sauda_strategy.host.series import Series
from sauda_strategy.market_time import MarketTime
from sauda_strategy.plain_values import UnkeepableError
from sauda_strategy.rules import Mode, Rules
from sauda_strategy.sizing.size import Means
from sauda_strategy.trading.trader import Trader
from sauda_strategy.trading_rules import terms_of
from sauda_strategy.voice import Voice

SETUP: Final = "setup"
"""What the reason of a strategy begins with that could not even be set up."""
MOST_ASSUMED: Final = 100
"""Fills of a dry run in answer to one message: one that answers each fill with an order would never end."""


class Host:
    """One instance; see `sauda.unit.Processor`."""

    def __init__(self, name: str, make: type[Strategy], rules: Rules, sessions: Sessions) -> None:
        """Make the instance.

        Args:
            name: Of the instance; its unit is `strategy.<name>`.
            make: The strategy's class.
            rules: As the instance's file has them.
            sessions: An exchange's hours on a day: `Calendar.session`.
        """
        self._name = name
        self._make = make
        self._rules = rules
        self._terms = terms_of(rules)
        self._voice = Voice(name)
        self.state = State()
        self._time = MarketTime(self.state)
        self._hours = Hours(self.state, sessions)
        self._known = Known(self.state)
        self._quotes = Quotes(self.state)
        self._series = Series(self.state, sessions, name)
        self._handlers = Handlers(self.state)
        self._attributes = Attributes(self.state)
        self.state.before_commit(self._write)
        self._switch = self.state.table("switch", bool)
        """`on` -> whether it may open something new, once somebody has said `start` or `stop`"""
        self._account = self.state.table("account", Account)
        """`newest` -> what the account has"""
        self._subscribed = self.state.table("subscribed", int)
        """instrument -> market time at which its ticks were asked for today"""
        self._started = self.state.table("started", bool)
        """`yes` -> `on_start` has been called"""
        self._said = self.state.table("said", str)
        """code -> what is still to be said about the strategy itself"""
        self._trader = Trader(
            self.state,
            name,
            self._known,
            self._quotes,
            lambda: self._terms,
            self._means,
            self._why_not,
            self._is_open,
        )
        self._desk = HostDesk(self)
        self._contracts: dict[str, OnUnderlying] = {}
        self._draining = False
        self._is_stale = False
        """Whether `_plan` must be made anew before the next message."""
        self._watched = self._wanted = self._heard = self._waiting = frozenset[InstrumentId]()
        self._wake_ns: UnixNs = 0
        self._on_tick_of_user: Callable[[Tick], Intents] | None = None
        self.restored()

    def restored(self) -> None:
        """Rebuild what is derived from the state."""
        self._time.restored()
        self._quotes.restored()
        self._series.restored()
        self._build()
        self._plan()

    @property
    def due_ns(self) -> UnixNs:
        """Return the first instant at which the clock alone makes it act: a backtest skips beats before."""
        return min(self._wake_ns, self._series.due_ns)

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message of `instruments`, `control`, `replies`, `ticks` or `executions`."""
        if type(message) is Tick:
            time = self._time
            now_ns = message.recv_ns
            if now_ns > time.now_ns:  # noqa: PLR1730  (`max` is a call, on every tick)
                time.now_ns = now_ns
            if message.instrument in self._watched or now_ns > self._wake_ns:
                return self._on_tick(message)
            return ()
        if type(message) is ClockTick:
            return self._on_clock(message)
        out: list[Message] = []
        self._on_rare(message, out)
        return self._finish(out) if out or self._is_stale else out

    def contracts(self, underlying: str) -> Contracts:
        """See `Desk.contracts`."""
        found = self._contracts.get(underlying)
        if found is None:
            found = OnUnderlying(underlying, self._known, self._quotes, self, lambda: self._terms.roll_days)
            self._contracts[underlying] = found
        return found

    def definition(self, instrument: InstrumentId) -> Instrument | None:
        """See `Desk.definition`."""
        return self._known.get(instrument)

    def quote(self, instrument: InstrumentId) -> Tick | None:
        """See `Desk.quote`."""
        return self._quotes.newest.get(instrument)

    def bars(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """See `Desk.bars`."""
        return self._series.past(instrument, timeframe)

    def held(self, instrument: InstrumentId) -> Units:
        """See `Desk.held`."""
        return self._trader.book.held(instrument)

    def day(self) -> str:
        """Return today as `YYYY-MM-DD`."""
        today = self._hours.today
        return today.day if today else ""

    def days_to(self, exchange: str, last: date) -> int:
        """Return how many trading days follow up to and with *last*."""
        return self._hours.trading_days_to(exchange, last)

    def _build(self) -> None:
        self._desk = HostDesk(self)
        self._trader.follow(self._terms, is_dry=self._rules.mode is Mode.DRY_RUN)
        try:
            strategy = rules_and_setup(self._make, self._rules, self._desk)
            asked = self._desk.asked
            self._attributes.take(strategy, [one.indicator for one in asked.tracked])
            self._series.take_up(asked, self._terms.warmup_bars)
        except Exception as error:  # noqa: BLE001  (whatever a user's code does wrong)
            self._handlers.give_up(f"{SETUP}: {type(error).__name__}: {' '.join(str(error).split())}")
            self._handlers.strategy = None
            self._attributes.leave()
        else:
            if (self._handlers.broken or "").startswith(SETUP):
                self._handlers.mend()
            self._handlers.take_up(strategy)
        self._desk.is_open = False
        self._on_tick_of_user = getattr(self._handlers.strategy, "on_tick", None)
        asked = self._desk.asked
        self._known.want([*asked.instruments, *self._trader.book.instruments()], asked.underlyings)
        derivatives = [underlying(one).exchange_derivatives for one in asked.underlyings]
        self._hours.restored(dict.fromkeys([*asked.exchanges, *derivatives]))

    def _on_clock(self, message: ClockTick) -> Sequence[Message]:
        self._time.beat(message.event_ns)
        now_ns = self._time.now_ns
        out: list[Message] = []
        if self._time.past_ns >= self._wake_ns:
            self._step(out)
        else:
            self._bring_bars(out)
        out += self._series.wishes(now_ns)
        return self._finish(out) if out or self._is_stale else out

    def _on_tick(self, tick: Tick) -> Sequence[Message]:
        out: list[Message] = []
        now_ns = self._time.now_ns
        if now_ns > self._wake_ns and self._time.past_ns >= self._wake_ns:
            # A day begins, or a time has come, before the tick is looked at.
            self._step(out)
            if self._is_stale:
                self._plan()
        instrument = tick.instrument
        if instrument in self._watched:
            newest = self._quotes.newest
            before = newest.get(instrument)
            if before is None or before.recv_ns <= tick.recv_ns:
                newest[instrument] = tick
            if instrument in self._series.barred:
                for bar in self._series.see(tick):
                    self._on_bar(bar, out)
            if instrument in self._waiting:
                out += self._trader.on_tick(instrument, now_ns)
                self._is_stale = True
                self._drain(out)
            if instrument in self._heard and self._series.is_warm:
                self._tell_tick(tick, out)
        return self._finish(out) if out or self._is_stale else out

    def _tell_tick(self, tick: Tick, out: list[Message]) -> None:
        self._desk.now_ns = self._time.now_ns
        self._attributes.touched = True
        try:
            said = self._on_tick_of_user(tick) if self._on_tick_of_user else None
            intents = intents_of("on_tick", said) if said is not None else None
        except Exception as error:  # noqa: BLE001  (whatever a user's code does wrong)
            self._on_failure(self._handlers.failed("on_tick", error), out)
            return
        if self._handlers.has_failed:
            self._handlers.went_well()
        if intents:
            self._do(intents, out)

    def _on_bar(self, bar: Bar, out: list[Message]) -> None:
        try:
            self._series.feed(bar)
        except Exception as error:  # noqa: BLE001  (a user's own indicator)
            self._on_failure(self._handlers.failed("an indicator", error), out)
        if self._series.listens(bar):
            self._call("on_bar", bar, out)

    def _call(self, name: str, argument: object, out: list[Message]) -> None:
        self._desk.now_ns = self._time.now_ns
        self._attributes.touched = True
        args = () if argument is None else (argument,)
        intents, failure = self._handlers.call(name, *args)
        if failure is not None:
            self._on_failure(failure, out)
        try:
            self._attributes.check()
        except UnkeepableError as error:
            self._handlers.give_up(str(error))
            self._on_failure(f"{name}: {error}", out)
        if intents:
            self._do(intents, out)

    def _on_failure(self, text: str, out: list[Message]) -> None:
        now_ns = self._time.now_ns
        out.append(self._voice.alert("HANDLER_FAILED", text, now_ns, Level.WARNING))
        self._tell_broken(out)

    def _tell_broken(self, out: list[Message]) -> None:
        """Say, once, that the strategy is not called any more, and close what it holds: nobody looks after that."""
        why = self._handlers.broken
        if why is None or "broken" in self._said or not self._time.now_ns:
            return
        self._said.put("broken", why)
        text = f"{self._name} is stopped: {why}; what it holds is closed. Correct it and say `start`"
        out.append(self._voice.alert("STRATEGY_STOPPED", text, self._time.now_ns))
        out += self._trader.close_all("the strategy is stopped: it cannot go on", self._time.now_ns)
        self._is_stale = True

    def _do(self, intents: Sequence[Intent], out: list[Message]) -> None:
        for intent in intents:
            out += self._trader.take(intent, self._time.now_ns)
        self._is_stale = True
        self._drain(out)

    def _drain(self, out: list[Message]) -> None:
        """Work the fills that a dry run assumes, as if the exchange had told them."""
        if self._draining:
            return
        self._draining, count = True, 0
        while (fill := self._trader.assumed()) is not None:
            count += 1
            out += self._trader.on_fill(fill, self._time.now_ns, is_assumed=True)
            if count > MOST_ASSUMED:
                self._handlers.give_up(f"more than {MOST_ASSUMED} orders in answer to one message")
                self._tell_broken(out)
            self._call("on_fill", fill, out)
        self._draining = False

    def _on_rare(self, message: Message, out: list[Message]) -> None:
        match message:
            case FeedGap():
                self._time.reach(message.to_ns)
                self._series.lose_sight(message)
                self._step(out)
            case Instrument():
                self._is_stale |= self._known.learn(message)
            case HistoryReply():
                for bar in self._series.take(message):
                    self._on_bar(bar, out)
                self._look_at_warmup(out)
            case Account():
                self._account.put("newest", message)
            case Fill():
                if message.strategy == self._name:
                    self._is_stale = True
                    out += self._trader.on_fill(message, self._time.now_ns)
                    self._call("on_fill", message, out)
            case OrderAccepted() | OrderRejected() | OrderTriggered() | OrderModified() | OrderCancelled():
                if message.strategy == self._name:
                    self._is_stale = True
                    out += self._trader.on_answer(message, self._time.now_ns)
                    self._drain(out)
            case Start() | Stop() | SquareOff():
                if message.strategy in (None, self._name):
                    self._on_control(message, out)
            case Halt(flatten=True):
                # The exchange closes everything in the same step: a square-off of the desk, for us.
                self._on_control(SquareOff(None, message.by, message.event_ns), out)
            case _:
                pass

    def _on_control(self, message: Start | Stop | SquareOff, out: list[Message]) -> None:
        self._is_stale = True
        if isinstance(message, SquareOff):
            out += self._trader.stand_aside(f"square off by {message.by}", self._time.now_ns)
            self._drain(out)
            if self._hours.today is not None:
                self._hours.change(over=True)
            return
        self._switch.put("on", isinstance(message, Start))
        if isinstance(message, Start):
            self._handlers.mend()
            self._said.drop("broken")
            if self._hours.today is not None:
                self._hours.change(over=False)
            if self._handlers.strategy is None:
                self._build()
            if self._time.now_ns:
                self._started.put("yes", True)
                self._call("on_start", None, out)

    def _step(self, out: list[Message]) -> None:
        """Do whatever is due now; harmless at any message."""
        self._is_stale = True
        past_ns, now_ns = self._time.past_ns, self._time.now_ns
        if past_ns >= self._hours.midnight_ns:
            self._begin_day(out)
        self._tell_broken(out)
        self._bring_bars(out)
        if "yes" not in self._started:
            self._started.put("yes", True)
            self._call("on_start", None, out)
        self._look_at_warmup(out)
        if self._terms.exit_time is not None and past_ns >= self._hours.at(self._terms.exit_time):
            out += self._trader.close_all(f"exit time {self._terms.exit_time:%H:%M}", now_ns)
            self._drain(out)
        for at in self._hours.due(self._desk.asked.times, past_ns):
            self._call("on_time", at, out)
        out += self._trader.opener.expire(now_ns)

    def _begin_day(self, out: list[Message]) -> None:
        day = self._hours.begin(self._time.now_ns).isoformat()
        for name in self._subscribed:
            self._subscribed.drop(name)
        self._quotes.begin_day()
        self._known.begin_day(day, self._trader.book.instruments())
        out += self._trader.new_day(self._time.now_ns)

    def _bring_bars(self, out: list[Message]) -> None:
        for bar in self._series.reach(self._time.past_ns):
            self._on_bar(bar, out)

    def _look_at_warmup(self, out: list[Message]) -> None:
        now_ns = self._time.now_ns
        out += [self._voice.alert("NO_WARMUP", one, now_ns, Level.WARNING) for one in self._series.in_vain()]

    def _finish(self, out: list[Message]) -> Sequence[Message]:
        """Plan what comes next, and ask for the ticks that are needed from now on."""
        self._plan()
        today = self._hours.today
        if today is None:
            return out
        new = tuple(one for one in sorted(self._wanted) if one not in self._subscribed)
        for one in new:
            self._subscribed.put(one, self._time.now_ns)
        if not new:
            return out
        # Before anything else: an order in what nobody listens to finds no price.
        return [Subscribe(by=self._name, instruments=new, event_ns=self._time.now_ns), *out]

    def _plan(self) -> None:
        """Work out from the state, and from nothing else, which messages matter next."""
        self._is_stale = False
        asked, book = self._desk.asked, self._trader.book
        mine = book.instruments()
        told = [one for name in asked.underlyings for one in self._on(name).listened()]
        self._wanted = frozenset((*asked.instruments, *told, *mine))
        self._watched = self._wanted
        is_told = "on_tick" in self._handlers.written and self._handlers.broken is None
        self._heard = frozenset(asked.heard) if is_told else frozenset()
        self._waiting = book.waiting()
        self._wake_ns = min((at for at in self._instants() if at > self._time.past_ns), default=0)

    def _on(self, underlying_name: str) -> OnUnderlying:
        self.contracts(underlying_name)
        return self._contracts[underlying_name]

    def _instants(self) -> list[UnixNs]:
        """Return when something may be due though no tick of ours says so."""
        if self._hours.today is None:
            return []
        found = [self._hours.midnight_ns, *self._hours.waiting(self._desk.asked.times)]
        if self._terms.exit_time is not None:
            found.append(self._hours.at(self._terms.exit_time))
        return [*found, *self._trader.opener.waits_until()]

    def _means(self) -> Means:
        account = self._account.get("newest")
        return Means(None, None) if account is None else Means(account.cash, account.available)

    def _is_open(self, instrument: InstrumentId, now_ns: UnixNs) -> bool:
        return self._hours.is_open(instrument.partition(":")[0], now_ns)

    def _why_not(self, now_ns: UnixNs) -> str | None:
        """Return why nothing may be opened now."""
        on, today = self._switch.get("on"), self._hours.today
        if self._handlers.broken is not None:
            return f"the strategy is stopped: {self._handlers.broken}"
        if not (self._rules.enabled if on is None else on):
            return "the strategy is stopped: say `start`"
        if today is None or today.over:
            return "it was squared off today: say `start`"
        if not self._hours.close_ns:
            return f"{today.day} is no trading day"
        terms = self._terms
        if terms.entry_from is not None and now_ns < self._hours.at(terms.entry_from):
            return f"nothing is opened before {terms.entry_from:%H:%M}"
        if terms.exit_time is not None and now_ns >= self._hours.at(terms.exit_time):
            return f"nothing is opened after the exit time {terms.exit_time:%H:%M}"
        if terms.entry_until is not None and now_ns >= self._hours.at(terms.entry_until):
            return f"nothing is opened after {terms.entry_until:%H:%M}"
        return None

    def _write(self) -> None:
        try:
            self._attributes.write()
        except UnkeepableError as error:
            self._handlers.give_up(str(error))
            self._attributes.touched = False
