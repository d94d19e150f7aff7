"""The short straddle: sell a call and a put at the money, each with a stop; buy back what is left at the exit.

    09:15 instruments, prices   subscribe to index, future and the strikes around the money
    entry_time                  ATM = the chain's strike nearest to the underlying's price; sell both legs
    each fill                   a buy stop above it
    exit_time                   stops cancelled, everything bought back

All times are market time. What cannot be done is said once in a signal and an alert, and tried until the exit.
"""

from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from sauda.clock import UnixNs, ist_date
from sauda.contracts import (
    ClockTick,
    FeedGap,
    Halt,
    Instrument,
    InstrumentId,
    Level,
    Message,
    Right,
    Side,
    SquareOff,
    Start,
    Stop,
    Tick,
)
from sauda.state import State
from sauda_strategy.book import Book, leg_key
from sauda_strategy.day import NO_HOURS, PATIENCE_NS, Day, Hours, every_day, hours_of
from sauda_strategy.entry import Obstacle, Straddle, choose, search
from sauda_strategy.legs import Legs
from sauda_strategy.market import SETTLE_NS, WIDEN_NS, Underlying
from sauda_strategy.market_time import MarketTime
from sauda_strategy.others import Answer
from sauda_strategy.rules import ShortStraddleRules
from sauda_strategy.voice import Voice


class ShortStraddle:
    """One instance of the strategy; see `sauda.unit.Processor`."""

    def __init__(
        self, name: str, rules: ShortStraddleRules, trades_on: Callable[[date], bool] = every_day
    ) -> None:
        """Make the instance *name*; *trades_on* knows the days on which its exchange is open."""
        self._name = name
        self._rules = rules
        self._voice = Voice(name)
        self._trades_on = trades_on
        self.state = State()
        self._time = MarketTime(self.state)
        self._days = self.state.table("day", Day)
        """`today` -> how far today has come"""
        self._switch = self.state.table("switch", bool)
        """`on` -> whether it may open something new, once somebody has said `start` or `stop`"""
        self._said = self.state.table("said", str)
        """code -> what was said about it today"""
        self._market = Underlying(self.state, rules.tsymbol)
        self._book = Book(self.state, name, rules.product)
        self._legs = Legs(self._book, self._voice, rules.stop_loss_percentage)
        self._hours: Hours = NO_HOURS
        self._low = self._high = 0
        """Between these the underlying's price is nearest to the strike that we centred on."""
        self.restored()

    def restored(self) -> None:
        """Rebuild what is derived from the state."""
        self._time.restored()
        today = self._days.get("today")
        self._market.restored(today.day if today else "")
        self._plan()

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message of `instruments`, `control`, `ticks` or `executions`."""
        match message:
            case Tick():
                self._time.reach(message.recv_ns)
                if message.instrument in self._watched or self._time.now_ns > self._wake_ns:
                    return self._on_tick(message)
                return ()  # Nearly every tick of a busy desk ends here.
            case ClockTick():
                self._time.beat(message.event_ns)
                return self._step() if self._time.past_ns >= self._wake_ns else ()
            case FeedGap():
                self._time.reach(message.to_ns)
                return self._step() if self._time.past_ns >= self._wake_ns else ()
            case Instrument():
                if self._market.learn(message):
                    self._plan()
                return ()
            case _:
                return self._on_rare(message)

    def _on_rare(self, message: Message) -> Sequence[Message]:
        match message:
            case Start() | Stop() | SquareOff():
                return self._on_control(message) if message.strategy in (None, self._name) else ()
            case Halt(flatten=True):
                # The exchange closes everything in the same step: a square-off of the desk, for us.
                return self._on_control(SquareOff(None, message.by, message.event_ns))
            case _ if isinstance(message, Answer):
                return self._on_answer(message) if message.strategy == self._name else ()
            case _:
                return ()

    def _on_tick(self, tick: Tick) -> list[Message]:
        instrument = tick.instrument
        out: list[Message] = []
        if instrument not in self._watched or self._time.past_ns >= self._hours.midnight_ns:
            # A day begins, or subscriptions are due, before the tick is looked at: it may be one of ours then.
            out += self._step()
        if instrument in self._listening:
            # The price before the clock: what is decided at this instant is decided at this price.
            self._market.see(tick)
        is_due = self._time.past_ns >= self._wake_ns
        if instrument in self._retrying:
            out += self._legs.on_tick(instrument, self._time.now_ns)
            self._plan()  # Looks ahead only: what is due now is due still.
        if is_due or (instrument in self._watched and self._matters(instrument)):
            out += self._step()
        return out

    def _matters(self, instrument: InstrumentId) -> bool:
        """Whether this instrument's new price may change what is to be done."""
        if self._waiting:
            return True
        if instrument not in self._sources:
            return False
        price = self._market.price(instrument)
        return price is not None and not self._low <= price <= self._high

    def _on_answer(self, answer: Answer) -> list[Message]:
        out = self._legs.on_answer(answer, self._time.now_ns)
        today = self._days.get("today")
        if today is not None and self._book.unsold(self._keys(today), self._time.now_ns):
            # Neither leg was sold for want of a fresh price. By the time there is one the market may stand
            # elsewhere: choose anew then.
            for key in self._keys(today):
                self._market.forget_price(self._book[key].instrument)
                self._book.discard(key)
            self._today(over=False)
        return [*out, *self._rest()]

    def _on_control(self, message: Start | Stop | SquareOff) -> list[Message]:
        if isinstance(message, Start | Stop):
            self._switch.put("on", isinstance(message, Start))
        today = self._days.get("today")
        if today is None:
            return []  # Said before our first day began.
        out: list[Message] = []
        if isinstance(message, SquareOff):
            for key in self._book.all():
                out += self._legs.stand_aside(key, f"square off by {message.by}", self._time.now_ns)
            self._today(over=True)
        elif isinstance(message, Start) and today.over and not self._book.any_open():
            # A refusal or a square-off ended the day; whoever says `start` wants another try.
            for key in self._keys(today):
                self._book.discard(key)
            self._today(over=False, waiting_ns=None, known=0, centre=None)
        return [*out, *self._step()]

    def _step(self) -> list[Message]:
        """Do whatever is due now; harmless at any message."""
        out = self._begin_day() if self._time.past_ns >= self._hours.midnight_ns else []
        today = self._days.get("today")
        if today is None:
            return out
        if self._time.past_ns >= self._hours.exit_ns:
            for key in self._keys(today):
                out += self._legs.close(key, f"exit time {self._rules.exit_time:%H:%M}", self._time.now_ns)
        if self._may_open():
            out += self._look_around()
            out += self._enter()
        return [*out, *self._rest()]

    def _rest(self) -> list[Message]:
        """Ask for no more ticks when the day's work is done; think over when to act next."""
        out: list[Message] = []
        today = self._days.get("today")
        if today is not None and today.over and not self._book.any_open():
            out += self._market.leave(self._name, self._time.now_ns)
        self._plan()
        return out

    def _begin_day(self) -> list[Message]:
        day = ist_date(self._time.now_ns)
        self._days.put("today", Day(day=day.isoformat(), opened_ns=self._time.now_ns))
        for code in self._said:
            self._said.drop(code)
        self._market.begin(day.isoformat())
        self._plan()
        out = self._legs.new_day(day.isoformat(), self._time.now_ns)
        if not self._trades_on(day):
            self._today(over=True)
            out += self._say(Obstacle("NO_TRADING_DAY", f"{day} is no trading day"), Level.INFO)
        return out

    def _look_around(self) -> list[Message]:
        today = self._days["today"]
        # An index is silent before the market opens: a whole chain in its place is not asked for until
        # the entry is near.
        is_near = self._time.past_ns >= self._hours.near_ns
        wide = is_near and self._time.past_ns >= today.opened_ns + WIDEN_NS
        found = search(self._market, self._rules, is_near and self._settled(today), wide)
        self._today(known=len(self._market), centre=found.centre)
        return [*self._market.ask(self._name, found.wanted, self._time.now_ns)]

    def _enter(self) -> list[Message]:
        if self._time.past_ns < self._hours.entry_ns:
            return []
        if self._time.past_ns >= self._hours.exit_ns:
            self._today(over=True)
            window = f"{self._rules.entry_time:%H:%M} to {self._rules.exit_time:%H:%M}"
            return self._say(Obstacle("NOT_ENTERED", f"nothing was sold: {window} is over"), Level.INFO)
        today = self._days["today"]
        if today.waiting_ns is None:
            self._today(waiting_ns=self._time.now_ns)
        wanted = choose(self._market, self._rules, self._settled(today))
        if isinstance(wanted, Straddle):
            return self._sell(wanted)
        waited_ns = self._time.past_ns - (today.waiting_ns or self._time.now_ns)
        return self._say(wanted, Level.WARNING) if waited_ns >= PATIENCE_NS else []

    def _settled(self, today: Day) -> bool:
        return self._time.past_ns >= today.opened_ns + SETTLE_NS

    def _sell(self, straddle: Straddle) -> list[Message]:
        self._today(over=True)
        out: list[Message] = [
            self._voice.signal(
                f"short straddle: {straddle.why}", self._time.now_ns, leg.instrument, Side.SELL
            )
            for leg in (straddle.call, straddle.put)
        ]
        day = self._days["today"].day
        for right, leg in ((Right.CALL, straddle.call), (Right.PUT, straddle.put)):
            qty = self._rules.quantity * leg.lot_size
            out += self._legs.sell(leg_key(day, right), leg, qty, self._time.now_ns)
        return out

    def _say(self, obstacle: Obstacle, level: Level) -> list[Message]:
        """Say once a day, in a signal and an alert, why nothing is done."""
        code, text = obstacle
        if code in self._said:
            return []
        self._said.put(code, text)
        return [
            self._voice.signal(text, self._time.now_ns),
            self._voice.alert(code, text, self._time.now_ns, level),
        ]

    def _may_open(self) -> bool:
        on = self._switch.get("on")
        return not self._days["today"].over and (self._rules.enabled if on is None else on)

    def _plan(self) -> None:
        """Work out from the state, and from nothing else, which messages matter next."""
        today = self._days.get("today")
        self._retrying = self._book.retrying()
        self._waiting, self._listening, self._sources = False, frozenset[str](), frozenset[str]()
        if today is None:
            self._hours, self._wake_ns = NO_HOURS, 0
        else:
            self._hours = hours_of(today.day, self._rules.entry_time, self._rules.exit_time)
            self._wake_ns = min(at for at in self._instants(today) if at > self._time.past_ns)
            if self._may_open() or self._book.entering(self._keys(today)):
                self._listening = frozenset(self._market.asked)
            if self._may_open():
                self._waiting = self._time.past_ns >= self._hours.entry_ns
                if today.known != len(self._market):
                    self._wake_ns = 0  # New instruments: think again when all of them have come.
                else:
                    self._sources = self._market.sources()
                    self._low, self._high = self._market.chain.nearer_than_others(today.centre)
        self._watched = self._listening | self._retrying

    def _instants(self, today: Day) -> list[UnixNs]:
        """Return when something may be due though no tick of ours says so."""
        since_ns = today.opened_ns if today.waiting_ns is None else today.waiting_ns
        return [
            *self._hours,
            today.opened_ns + SETTLE_NS,
            today.opened_ns + WIDEN_NS,
            since_ns + PATIENCE_NS,
        ]

    def _keys(self, today: Day) -> list[str]:
        return [leg_key(today.day, right) for right in Right]

    def _today(self, **changes: object) -> None:
        today = self._days["today"]
        new = msgspec.structs.replace(today, **changes)
        if new != today:
            self._days.put("today", new)
