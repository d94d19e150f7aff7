"""Which kinds of strategies there are: the word in a rules file, what can be set, the class that does it."""

from collections.abc import Callable
from datetime import date
from typing import Final

from sauda.instruments import underlying
from sauda.unit import Processor, Unit
from sauda_strategy.rules import Rules, ShortStraddleRules
from sauda_strategy.short_straddle import ShortStraddle

INPUTS: Final = ("instruments", "control", "ticks", "executions")
"""Instruments before ticks, so that a contract is known when its first price comes; control before
executions, so that a square-off is known when the exchange acts on it."""

OpenOn = Callable[[str, date], bool]
"""Whether an exchange trades on a day."""


def strategy_unit(name: str, rules: Rules, open_on: OpenOn = lambda _exchange, _day: True) -> Unit:
    """Return the unit of the instance *name*.

    Raises:
        ValueError: no class belongs to rules of this type.
    """
    return Unit(name=f"strategy.{name}", inputs=INPUTS, build=_builder(name, rules, open_on))


def _builder(name: str, rules: Rules, open_on: OpenOn) -> Callable[[], Processor]:
    match rules:
        case ShortStraddleRules():
            exchange = underlying(rules.tsymbol).exchange_derivatives
            return lambda: ShortStraddle(name, rules, lambda day: open_on(exchange, day))
        case _:
            raise ValueError(f"no strategy class for rules of kind {rules.kind!r}")
