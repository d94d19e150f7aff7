"""The units of this service as settings and rules make them: here, and for whoever runs them again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sauda.calendar import Calendar, load_calendar
from sauda.contracts import Plain
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.version import code_version
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.rules import RuleBook, Rules, load_rules, rules_from, rules_of_texts

PREFIX = "strategy."
"""What the name of every strategy's unit begins with."""


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return a unit for each rules file that can be used, and for each that *rules* describe whole.

    Raises:
        ConfigError: the market's calendar cannot be read, or *rules* make no strategy.
    """
    book = load_rules(settings.config / "strategies")
    return units_of(_changed(book, rules or {}), load_calendar(settings.config / "market"))


def units_of(rules: Mapping[str, Rules], calendar: Calendar) -> list[Unit]:
    """Return a unit for each instance, by name."""
    version = code_version("sauda", "sauda_strategy")
    return [
        replace(strategy_unit(name, one, _trading_days(calendar)), rules=_plain(one), version=version)
        for name, one in sorted(rules.items())
    ]


def _changed(book: RuleBook, changes: Mapping[str, Mapping[str, Plain]]) -> dict[str, Rules]:
    changed = dict(book.rules)
    for unit, values in changes.items():
        if unit.startswith(PREFIX):
            name, where = unit.removeprefix(PREFIX), f"rules of {unit}"
            before: dict[str, Any] = _plain(changed[name]) if name in changed else {}
            changed[name] = rules_from(where, {**before, **rules_of_texts(where, values)})
    return changed


def _plain(rules: Rules) -> dict[str, Plain]:
    """Return the rules as they stand in a file."""
    return dict(rules.model_dump(mode="json"))


def _trading_days(calendar: Calendar) -> Callable[[str, date], bool]:
    return lambda exchange, day: calendar.session(exchange, day) is not None
