"""Which kinds of strategies there are: the word in a rules file, what can be set, the class that does it.

Two sorts. A *hosted* kind is one `Strategy` class, carried by the host: ours and those of the user's own folder. An
option kind brings a processor of its own (`OWN`).
"""

import difflib
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, Final, NamedTuple

from sauda.calendar import Session
from sauda.clock import from_ist
from sauda.errors import ConfigError
from sauda.instruments import underlying
from sauda.unit import Processor, Unit
from sauda_strategy.access import HOSTED_INPUTS, INPUTS, OUTPUTS, PREFIX
from sauda_strategy.api import Strategy
from sauda_strategy.host import Host
from sauda_strategy.host.series import PATIENCE_NS
from sauda_strategy.option_kinds import OPTION_KINDS
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.option_seller import OptionSeller
from sauda_strategy.rules import Rules
from sauda_strategy.strategies.ema_scalper import EmaScalper
from sauda_strategy.strategies.momentum import Momentum
from sauda_strategy.strategies.rsi_reversion import RsiReversion
from sauda_strategy.strategies.sma_crossover import SmaCrossover

OpenOn = Callable[[str, date], bool]
"""Whether an exchange trades on a day."""

Sessions = Callable[[str, date], Session | None]
"""The hours of an exchange on a day; None: closed."""


class Market(NamedTuple):
    """What every strategy may know of the calendar, and of the desk's pace."""

    sessions: Sessions
    open_on: OpenOn
    speed: float = 1.0
    """Seconds of market time in one second: what takes the desk a second takes so many of the market's."""


def _usual_hours(_exchange: str, day: date) -> Session:
    opens, closes = from_ist(day, time(9, 15)), from_ist(day, time(15, 30))
    return Session(opens, closes, ((opens, closes),))


ALWAYS: Final = Market(_usual_hours, lambda _exchange, _day: True)
"""From 09:15 to 15:30 on every day: for whoever has no calendar. One that is always closed would let nothing trade, silently."""


class Kind(NamedTuple):
    """One kind of strategy."""

    name: str
    model: type[Rules]
    """What can be set for it."""
    unit: Callable[[str, Any, Market], Unit]
    """instance, rules, calendar -> its unit"""
    source: str = ""
    """Names the code of a kind that is no part of the release: a digest of the file."""
    file: str = ""
    """Where that file lies."""


class Kinds:
    """All kinds that a rules file may ask for, and those that exist and cannot be used."""

    def __init__(self, kinds: Mapping[str, Kind], broken: Mapping[str, ConfigError] | None = None) -> None:
        self.known: Final = dict(sorted(kinds.items()))
        self.broken: Final = dict(broken or {})
        """kind -> why the file in the user's folder cannot be used"""

    def kind(self, name: object) -> Kind:
        """Return the kind *name*.

        Raises:
            ConfigError: there is none, or its file is broken; says what to do.
        """
        if isinstance(name, str) and name in self.broken:
            raise ConfigError(str(self.broken[name]))
        if isinstance(name, str) and name in self.known:
            return self.known[name]
        near = difflib.get_close_matches(str(name), self.known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ConfigError(f"{name!r} is no kind of strategy: {hint}take one of {', '.join(self.known)}")

    def unit(self, name: str, rules: Rules, market: Market = ALWAYS) -> Unit:
        """Return the unit of the instance *name*.

        Raises:
            ConfigError: there is no such kind.
        """
        return self.kind(rules.kind).unit(name, rules, market)


def hosted(name: str, strategy: type[Strategy], source: str = "", file: str = "") -> Kind:
    """Return the kind of a `Strategy` class, which the host carries."""

    def unit(instance: str, rules: Rules, market: Market) -> Unit:
        patience_ns = round(PATIENCE_NS * max(1.0, market.speed))
        return Unit(
            PREFIX + instance,
            HOSTED_INPUTS,
            lambda: Host(instance, strategy, rules, market.sessions, patience_ns),
            writes=OUTPUTS,
        )

    return Kind(name, strategy.Rules, unit, source, file)


def _option_seller(name: str, rules: OptionRules, market: Market) -> Unit:
    exchange = underlying(rules.tsymbol).exchange_derivatives

    def build() -> Processor:
        return OptionSeller(name, rules, lambda day: market.open_on(exchange, day))

    return Unit(PREFIX + name, INPUTS, build, writes=OUTPUTS)


HOSTED: Final[Mapping[str, type[Strategy]]] = {
    "ema_scalper": EmaScalper,
    "momentum": Momentum,
    "rsi_reversion": RsiReversion,
    "sma_crossover": SmaCrossover,
}
"""kind -> the class that the host carries"""

OWN: Final = tuple(Kind(name, model, _option_seller) for name, model in OPTION_KINDS.items())
"""Kinds with a processor of their own."""

BUILTIN: Final = Kinds({kind.name: kind for kind in (*OWN, *(hosted(*one) for one in HOSTED.items()))})
"""The kinds of this release."""


def strategy_unit(
    name: str, rules: Rules, open_on: OpenOn = ALWAYS.open_on, sessions: Sessions = ALWAYS.sessions
) -> Unit:
    """Return the unit of the instance *name* of one of our own kinds.

    Raises:
        ConfigError: there is no such kind.
    """
    return BUILTIN.unit(name, rules, Market(sessions, open_on))
