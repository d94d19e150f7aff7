"""Makes the strategy from the rules in force: when the process starts, and when somebody changes the rules."""

from collections.abc import Mapping
from typing import Any, Final

from sauda.errors import ConfigError
from sauda.instruments import underlying
from sauda_strategy.api import Strategy
from sauda_strategy.host.asked import Asked
from sauda_strategy.host.calls import Calls
from sauda_strategy.host.desk import HostDesk
from sauda_strategy.host.handlers import Handlers
from sauda_strategy.host.knowledge import Knowledge
from sauda_strategy.host.rules_in_force import RulesInForce
from sauda_strategy.rules import Mode
from sauda_strategy.trading.trader import Trader

SETUP: Final = "setup"
"""What the reason of a strategy begins with that could not even be set up."""


class Making:
    """Of one strategy."""

    def __init__(
        self,
        make: type[Strategy],
        rules: RulesInForce,
        knowledge: Knowledge,
        calls: Calls,
        trader: Trader,
        *,
        handlers: Handlers,
    ) -> None:
        self._make = make
        self._rules = rules
        self._knowledge = knowledge
        self._handlers = handlers
        self._calls = calls
        self._trader = trader

    @property
    def is_made(self) -> bool:
        """Return whether there is a strategy to call."""
        return self._handlers.strategy is not None

    def mend(self) -> None:
        """Give a broken strategy another chance."""
        self._calls.mend()

    def make(self) -> None:
        """Make it; where that fails it is given up, and what it holds is followed all the same."""
        self._trader.follow(self._rules.terms, is_dry=self._rules.rules.mode is Mode.DRY_RUN)
        try:
            self._set_up()
        except Exception as error:  # noqa: BLE001  (whatever a user's code does wrong)
            self._calls.desk.is_open = False
            self._handlers.give_up(f"{SETUP}: {_said(error)}")
            self._handlers.strategy = self._calls.on_tick = self._calls.on_bar = None
            self._calls.attributes.leave()
        else:
            if (self._handlers.broken or "").startswith(SETUP):
                self._calls.mend()
        self._listen()

    def change(self, values: Mapping[str, Any]) -> bool:
        """Follow other rules from now on; attributes, indicators and positions stay. Return whether any differs.

        Raises:
            ConfigError: they cannot be used; everything is as before.
        """
        before = self._rules.replace(values)
        is_dry = self._rules.rules.mode is Mode.DRY_RUN
        is_other = self._rules.rules.mode is not before.mode and is_dry is not self._trader.book.is_dry
        if is_other and self._trader.instruments():
            self._rules.follow(before)
            raise ConfigError("mode: something is held or in the market: close it first")
        self._calls.attributes.write()
        self._knowledge.series.write()
        try:
            self._set_up()
        except Exception as error:
            self._rules.follow(before)
            self.make()
            raise ConfigError(f"{SETUP}: {_said(error)}") from error
        self._trader.follow(self._rules.terms, is_dry=self._rules.rules.mode is Mode.DRY_RUN)
        self._listen()
        return self._rules.rules != before

    def _set_up(self) -> None:
        desk = self._calls.desk = HostDesk(self._knowledge)
        strategy = self._make(self._rules.rules, desk)
        strategy.setup()
        desk.is_open = False
        self._calls.attributes.take(strategy, [one.indicator for one in desk.asked.tracked])
        self._knowledge.series.take_up(desk.asked, self._rules.terms.warmup_bars)
        self._handlers.take_up(strategy)
        self._calls.on_tick = strategy.on_tick
        self._calls.on_bar = strategy.on_bar if "on_bar" in self._handlers.written else None

    def _listen(self) -> None:
        """Learn of the instruments that were asked for, and go by their exchanges' hours."""
        asked: Asked = self._calls.desk.asked
        self._knowledge.known.want([*asked.instruments, *self._trader.instruments()], asked.underlyings)
        derivatives = [underlying(one).exchange_derivatives for one in asked.underlyings]
        self._knowledge.hours.restored(list(dict.fromkeys([*asked.exchanges, *derivatives])))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
