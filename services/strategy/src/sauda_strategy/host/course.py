"""What becomes due as market time goes on: days, `on_start`, times of day, the exit, roll-overs."""

from collections.abc import Callable

from sauda.clock import UnixNs
from sauda.contracts import Instrument, InstrumentId, Level, Message
from sauda.state import State
from sauda_strategy.host.calls import Calls
from sauda_strategy.host.knowledge import Knowledge
from sauda_strategy.trading.trader import Trader
from sauda_strategy.trading_rules import TradingRules
from sauda_strategy.voice import Voice


class Course:
    """The course of one strategy's days."""

    def __init__(
        self,
        state: State,
        knowledge: Knowledge,
        calls: Calls,
        trader: Trader,
        *,
        voice: Voice,
        terms: Callable[[], TradingRules],
    ) -> None:
        self._started = state.table("started", bool)
        """`yes` -> `on_start` has been called"""
        self._voice = voice
        self._knowledge = knowledge
        self._calls = calls
        self._trader = trader
        self._terms = terms

    @property
    def now_ns(self) -> UnixNs:
        """Return market time; 0 while it is not known."""
        return self._knowledge.time.now_ns

    def touch(self) -> None:
        """Let it be planned anew what matters next."""
        self._calls.has_traded = True

    def drain(self, out: list[Message]) -> None:
        """Work what a dry run assumes."""
        self._calls.drain(out)

    def step(self, out: list[Message]) -> None:
        """Do whatever is due now; harmless at any message."""
        self._calls.has_traded = True
        time, hours = self._knowledge.time, self._knowledge.hours
        past_ns = time.past_ns
        if past_ns >= hours.midnight_ns:
            self._begin_day(out)
        self._calls.tell_broken(out)
        self._calls.tell_mode(out)
        for bar in self._knowledge.series.reach(past_ns):
            self._calls.tell_bar(bar, out)
        self.look_at_warmup(out)
        if "yes" not in self._started:
            self.start(out)
        self._leave(past_ns, out)
        for at in hours.due(self._calls.desk.asked.times, past_ns):
            self._calls.tell("on_time", out, at)
        out += self._trader.opener.expire(time.now_ns)

    def start(self, out: list[Message]) -> None:
        """Call `on_start`, once market time is known."""
        if self._knowledge.time.now_ns:
            self._started.put("yes", True)
            self._calls.tell("on_start", out)

    def end_day(self) -> None:
        """Open nothing more today."""
        if self._knowledge.hours.today is not None:
            self._knowledge.hours.change(over=True)

    def reopen_day(self) -> None:
        """Let something be opened again today."""
        if self._knowledge.hours.today is not None:
            self._knowledge.hours.change(over=False)

    def look_at_warmup(self, out: list[Message]) -> None:
        """Say which series go on without their past."""
        now_ns, late = self._knowledge.time.now_ns, self._knowledge.series.in_vain()
        out += [self._voice.alert("NO_WARMUP", one, now_ns, Level.WARNING) for one in late]

    def wakes_ns(self) -> UnixNs:
        """Return when something may be due though no tick of ours says so."""
        hours, terms, past_ns = self._knowledge.hours, self._terms(), self._knowledge.time.past_ns
        if hours.today is None:
            return 0
        found = [hours.midnight_ns, *hours.waiting(self._calls.desk.asked.times)]
        if terms.exit_time is not None:
            found.append(hours.at(terms.exit_time))
        found += self._trader.opener.waits_until()
        return min((at for at in found if at > past_ns), default=hours.midnight_ns)

    def to_roll(self) -> set[InstrumentId]:
        """Return the futures that are held and are to be left today."""
        holdings = self._trader.book.holdings() if self._calls.desk.asked.underlyings else {}
        return {name for name in holdings if self._next_of(name) is not None}

    def roll(self, instrument: InstrumentId) -> list[Message]:
        """Leave *instrument* for the next future, if it is to be left, trades now and the next one shows a price."""
        pair = self._next_of(instrument)
        now_ns = self._knowledge.time.now_ns
        if pair is None or not self._knowledge.is_open(instrument, now_ns):
            return []
        old, new = pair
        return self._trader.roll(old, new, now_ns) if self._knowledge.quote(new.instrument) else []

    def _next_of(self, instrument: InstrumentId) -> tuple[Instrument, Instrument] | None:
        old = self._knowledge.definition(instrument)
        if old is None or old.underlying not in self._calls.desk.asked.underlyings:
            return None
        contracts = self._knowledge.contracts(old.underlying)
        new = contracts.future
        if new is None or new.instrument == instrument or not contracts.must_roll(old):
            return None
        return old, new

    def _begin_day(self, out: list[Message]) -> None:
        knowledge = self._knowledge
        day = knowledge.hours.begin(knowledge.time.now_ns).isoformat()
        knowledge.quotes.begin_day()
        knowledge.known.begin_day(day, self._trader.instruments())
        out += self._trader.new_day(knowledge.time.now_ns)

    def _leave(self, past_ns: UnixNs, out: list[Message]) -> None:
        at, hours = self._terms().exit_time, self._knowledge.hours
        if at is not None and hours.close_ns and past_ns >= hours.at(at):
            out += self._trader.close_all(f"exit time {at:%H:%M}", self._knowledge.time.now_ns)
            self._calls.drain(out)
