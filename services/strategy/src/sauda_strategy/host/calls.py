"""Tells a strategy what happens, and does what it wants; whatever goes wrong in it is said and stays in it."""

from collections.abc import Callable, Sequence
from typing import Final

from sauda.contracts import Bar, Level, Message, Tick
from sauda.state import State
from sauda_strategy.api import Intent, Intents, Target
from sauda_strategy.host.attributes import Attributes
from sauda_strategy.host.desk import HostDesk
from sauda_strategy.host.handlers import Handlers, intents_of
from sauda_strategy.host.knowledge import Knowledge
from sauda_strategy.host.sound import is_plain
from sauda_strategy.plain_values import UnkeepableError
from sauda_strategy.trading.trader import Trader
from sauda_strategy.voice import Voice

MOST_ASSUMED: Final = 100
"""Fills of a dry run in answer to one message: one that answers each fill with an order would never end."""


class Calls:
    """Calls of one strategy's handlers."""

    def __init__(
        self, state: State, voice: Voice, knowledge: Knowledge, handlers: Handlers, trader: Trader
    ) -> None:
        self.attributes = Attributes(state)
        state.before_commit(self._write)
        self._said = state.table("said", str)
        """`broken` -> why the strategy is stopped, once it has been said"""
        self._voice = voice
        self._knowledge = knowledge
        self._handlers = handlers
        self._trader = trader
        self._draining = False
        self.desk = HostDesk(knowledge)
        self.on_tick: Callable[[Tick], Intents] | None = None
        """The strategy's own."""
        self.on_bar: Callable[[Bar], Intents] | None = None
        """The strategy's own, if it has written one."""
        self._series = knowledge.series
        self._time = knowledge.time
        self.plan: Callable[[], None] = lambda: None
        """Works out anew which messages matter next; set by whoever plans."""
        self.has_traded = False
        """Whether anything was done since it was last set to False: what matters next may have changed."""

    def tell_tick(self, tick: Tick, out: list[Message]) -> None:
        """Call `on_tick`; this runs for every tick of a watched instrument."""
        self.desk.now_ns = self._knowledge.time.now_ns
        self.attributes.touched = True
        try:
            said = self.on_tick(tick) if self.on_tick else None
            intents = intents_of("on_tick", said) if said is not None else None
        except Exception as error:  # noqa: BLE001  (whatever a user's code does wrong)
            self._on_failure(self._handlers.failed("on_tick", error), out)
            return
        if self._handlers.has_failed:
            self._handlers.went_well()
        if intents:
            self._do(intents, out)

    def tell_bar(self, bar: Bar, out: list[Message], met: Target | None = None) -> Target | None:
        """Feed the indicators, then call `on_bar` if the bar is live and watched.

        Args:
            bar: Is over.
            out: What follows is added to it.
            met: A target that is known to be met: nothing but prices came since `tell_bar` returned it.

        Returns:
            Such a one for the next call.
        """
        try:
            self._series.feed(bar)
        except Exception as error:  # noqa: BLE001  (a user's own indicator)
            self._on_failure(self._handlers.failed("an indicator", error), out)
        if self.on_bar is None or not self._series.listens(bar) or self._handlers.broken is not None:
            return met
        # As `tell`, written out: a backtest of bars lives here.
        self.desk.now_ns = self._time.now_ns
        self.attributes.touched = True
        try:
            said = self.on_bar(bar)
            # Strategies repeat themselves with every bar: to look at it anew costs as much as two indicators.
            is_new = said is not None and not (met is not None and _is_same(said, met))
            intents = intents_of("on_bar", said) if is_new else None
        except Exception as error:  # noqa: BLE001  (whatever a user's code does wrong)
            self._on_failure(self._handlers.failed("on_bar", error), out)
            return met
        if self._handlers.has_failed:
            self._handlers.went_well()
        self._check("on_bar", out)
        if intents:
            self._do(intents, out)
            one = intents[0] if len(intents) == 1 and not self.has_traded else None
            return one if type(one) is Target and is_plain(one) else None
        return met

    def tell(self, name: str, out: list[Message], *args: object) -> None:
        """Call the handler *name*, and do what it wants."""
        self.desk.now_ns = self._time.now_ns
        self.attributes.touched = True
        intents, failure = self._handlers.call(name, *args)
        if failure is not None:
            self._on_failure(failure, out)
        elif name in self._handlers.written:
            self._check(name, out)
        if intents:
            self._do(intents, out)

    def drain(self, out: list[Message]) -> None:
        """Work the fills that a dry run assumes, as if the exchange had told them."""
        if self._draining:
            return
        self._draining, count = True, 0
        while (fill := self._trader.assumed()) is not None:
            count += 1
            out += self._trader.on_fill(fill, self._knowledge.time.now_ns, is_assumed=True)
            if count == MOST_ASSUMED:
                self._handlers.give_up(f"more than {MOST_ASSUMED} orders in answer to one message")
                self.tell_broken(out)
            self.tell("on_fill", out, fill)
        self._draining = False

    def tell_broken(self, out: list[Message]) -> None:
        """Say, once, that the strategy is not called any more, and close what it holds: nobody looks after that."""
        why, now_ns = self._handlers.broken, self._knowledge.time.now_ns
        if why is None or "broken" in self._said or not now_ns:
            return
        self._said.put("broken", why)
        text = (
            f"{self._voice.strategy} is stopped: {why}; what it holds is closed. Correct it and say `start`"
        )
        out.append(self._voice.alert("STRATEGY_STOPPED", text, now_ns))
        out += self._trader.close_all("the strategy is stopped: it cannot go on", now_ns)
        self.has_traded = True

    def tell_mode(self, out: list[Message]) -> None:
        """Say, once, that another `mode` in the rules file waits until what was traded in the one before is closed."""
        now_ns = self._knowledge.time.now_ns
        if not self._trader.mode_waits:
            self._said.drop("mode")
        elif "mode" not in self._said and now_ns:
            self._said.put("mode", "waits")
            text = f"{self._voice.strategy} has another `mode` than when it opened what it holds: that is closed first"
            out.append(self._voice.alert("MODE_WAITS", text, now_ns, Level.WARNING))

    @property
    def owes_word(self) -> bool:
        """Whether something is to be said at the next message, whatever it is."""
        broken = self._handlers.broken is not None and "broken" not in self._said
        return broken or (self._trader.mode_waits and "mode" not in self._said)

    def mend(self) -> None:
        """Give a broken strategy another chance."""
        self._handlers.mend()
        self._said.drop("broken")

    def _check(self, name: str, out: list[Message]) -> None:
        try:
            self.attributes.check()
        except UnkeepableError as error:
            self._handlers.give_up(f"{name}: {error}")
            self.tell_broken(out)

    def _on_failure(self, text: str, out: list[Message]) -> None:
        now_ns = self._knowledge.time.now_ns
        out.append(self._voice.alert("HANDLER_FAILED", text, now_ns, Level.WARNING))
        self.tell_broken(out)

    def _do(self, intents: Sequence[Intent], out: list[Message]) -> None:
        trader = self._trader
        for intent in intents:
            # A target that is met is none of our business: then nothing has to be planned anew either.
            if not trader.is_met(intent):
                out += trader.take(intent, self._time.now_ns)
                self.has_traded = True
        if self.has_traded:
            self.drain(out)

    def _write(self) -> None:
        try:
            self._series.write()
            self.attributes.write()
        except UnkeepableError as error:
            self._handlers.give_up(str(error))
            self.attributes.touched = False
            # From here on as after a restart: it is called no more, and the next message has it said.
            self.plan()


def _is_same(said: object, met: Target) -> bool:
    # By identity too: a side is text as well, and text alone is none.
    return type(said) is Target and said.side is met.side and said == met
