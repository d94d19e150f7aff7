"""What is to be tested: rules files and changes to them, as the desk's own units."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda.rerun.made_of import settings_with
from sauda.settings import Settings
from sauda.unit import Unit
from sauda.units import available

HOUSE: Final = ("execution.paper", "pnl.valuation")
"""Who is there beside the strategies."""

_STRATEGY: Final = "strategy."


@dataclass(frozen=True, slots=True)
class Plan:
    """Units, and what they were made of."""

    units: tuple[Unit, ...]
    settings: Settings
    strategies: tuple[str, ...]
    given: frozenset[str] = field(default_factory=frozenset)
    """Settings and rules of the house that somebody asked for by name."""


def planned(settings: Settings, rules: Mapping[str, Mapping[str, Plain]], changes: Mapping[str, str]) -> Plan:
    """Return the units of the instances *rules* (instance -> its rules), with *changes* (`key` or `instance.key` -> text).

    A change without an instance is a setting, or a rule of every instance that has it.

    Raises:
        ConfigError: a rule, a setting or a value that cannot be used; names it.
    """
    if not rules:
        raise ConfigError("no strategy to test: name a rules file")
    whole = {_STRATEGY + name: dict(values) for name, values in rules.items()}
    found = _made(settings, whole)
    values: dict[str, str] = {}
    given: set[str] = set()
    for key, value in changes.items():
        for unit, name in _meant(key, found):
            given.add(name)
            if name in unit.rules:
                whole.setdefault(unit.name, {})[name] = value
            else:
                values[name] = value
    if changes:
        settings = settings_with(settings, values)
        found = _made(settings, whole)
    return Plan(
        tuple(found[name] for name in sorted(found)), settings, tuple(sorted(rules)), frozenset(given)
    )


def fitting(plan: Plan, values: Mapping[str, object], house: Mapping[str, Plain]) -> Plan:
    """Return *plan* with other settings, and other rules of the *house*, but for those that somebody asked for by name."""
    settings = settings_with(
        plan.settings, {name: one for name, one in values.items() if name not in plan.given}
    )
    whole = {unit.name: dict(unit.rules) for unit in plan.units if unit.rules}
    known = whole.get(HOUSE[0], {})
    known |= {name: one for name, one in house.items() if name in known and name not in plan.given}
    found = _made(settings, whole)
    return Plan(tuple(found[unit.name] for unit in plan.units), settings, plan.strategies, plan.given)


def rules_in(path: Path) -> dict[str, Plain]:
    """Return the rules file *path* as plain values; whether they are right is for the strategy's kind to say.

    Raises:
        ConfigError: it cannot be read, or its name is no instance's.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        # Texts, each read as the strategy's own loader reads it: `15:15` is no number there.
        values: Any = yaml.load(text, yaml.BaseLoader)  # noqa: S506  (it knows nothing but texts)
    except FileNotFoundError:
        raise ConfigError(f"{path}: cannot be read: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
        raise ConfigError(
            f"{path}: is no rules file: expected lines such as `kind: short_straddle`, none nested"
        )
    return values


def _made(settings: Settings, rules: Mapping[str, Mapping[str, Plain]]) -> dict[str, Unit]:
    units = available(settings, rules)
    wanted = [name for name in (*HOUSE, *rules) if name in units]
    missing = [name for name in HOUSE if name not in units]
    if missing:
        raise ConfigError(f"a backtest needs {', '.join(missing)}: that service is not installed here")
    return {name: units[name] for name in dict.fromkeys(wanted)}


def _meant(key: str, units: Mapping[str, Unit]) -> Sequence[tuple[Unit, str]]:
    """Return the units that *key* concerns, and its name there."""
    instance, dot, rule = key.rpartition(".")
    if dot:
        unit = units.get(_STRATEGY + instance) or units.get(instance)
        if unit is not None and rule in {**unit.rules, **unit.settings}:
            return [(unit, rule)]
    elif found := [(unit, key) for unit in units.values() if key in unit.rules or key in unit.settings]:
        return found
    known = sorted({name for unit in units.values() for name in (*unit.rules, *unit.settings)})
    near = difflib.get_close_matches(rule if dot else key, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    raise ConfigError(f"--set {key}: no setting or rule of {', '.join(units)}; {hint}")
