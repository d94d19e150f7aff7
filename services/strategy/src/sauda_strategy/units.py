"""The units of this service as settings and rules make them: here, and for whoever runs them again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sauda.calendar import Calendar, load_calendar
from sauda.contracts import Plain
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import chosen
from sauda.version import code_version
from sauda_strategy.access import PREFIX
from sauda_strategy.kinds import Kinds, Market, OpenOn
from sauda_strategy.loading import load_kinds
from sauda_strategy.rule_files import RuleBook, load_rules
from sauda_strategy.rule_values import changed_rules, plain_rules
from sauda_strategy.rules import Rules

DECISIVE: Final = ("speed",)
"""Settings that a strategy's decisions depend on: how long it waits for bars of the past."""


def units(settings: Settings, rules: Mapping[str, Mapping[str, Plain]] | None = None) -> list[Unit]:
    """Return a unit for each rules file that can be used, and for each that *rules* describe whole.

    Raises:
        ConfigError: the market's calendar cannot be read, or *rules* make no strategy.
    """
    kinds = load_kinds(settings.strategies)
    book = load_rules(settings.config / "strategies", kinds)
    calendar, changed = load_calendar(settings.config / "market"), _changed(book, rules or {}, kinds)
    return [unit_of(name, one, calendar, kinds, settings) for name, one in sorted(changed.items())]


def unit_of(name: str, rules: Rules, calendar: Calendar, kinds: Kinds, settings: Settings) -> Unit:
    """Return the unit of the instance *name*, with what it was made of."""
    open_on: OpenOn = lambda exchange, day: calendar.session(exchange, day) is not None  # noqa: E731
    unit = kinds.unit(name, rules, Market(calendar.session, open_on, settings.speed))
    return replace(
        unit,
        settings=chosen(settings, DECISIVE),
        rules=plain_rules(rules),
        version=version_of(rules.kind, kinds),
    )


def version_of(kind: str, kinds: Kinds) -> str:
    """Return what names the code of *kind*: this release, and the source of a user's file."""
    source, version = kinds.kind(kind).source, code_version("sauda", "sauda_strategy")
    return f"{version}.{source}" if source else version


def _changed(book: RuleBook, changes: Mapping[str, Mapping[str, Plain]], kinds: Kinds) -> dict[str, Rules]:
    changed = dict(book.rules)
    for unit, values in changes.items():
        if unit.startswith(PREFIX):
            name = unit.removeprefix(PREFIX)
            # Who names the kind describes the whole: an instance of that name here may be another one.
            before = None if "kind" in values else changed.get(name)
            changed[name] = changed_rules(f"rules of {unit}", before, values, kinds)
    return changed
