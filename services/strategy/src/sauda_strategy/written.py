"""What is written down for strategies, in plain values: for programs that look at the folders and know no kind of strategy."""

from collections.abc import Mapping
from typing import NamedTuple

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda.settings import Settings
from sauda_strategy.loading import load_kinds
from sauda_strategy.rule_files import load_rules
from sauda_strategy.rule_values import changed_rules, plain_rules, rules_from
from sauda_strategy.units import version_of


class Written(NamedTuple):
    """The rules files and the user's strategies."""

    rules: dict[str, dict[str, Plain]]
    """instance -> its rules, with every default"""
    broken: dict[str, str]
    """instance, or file -> why it cannot be used"""
    broken_kinds: dict[str, str]
    """kind -> why its file cannot be used, whether a rules file asks for it or not"""
    versions: dict[str, str]
    """instance -> names the code that it would be made of"""


def written(settings: Settings) -> Written:
    """Read the folders of *settings*."""
    kinds = load_kinds(settings.strategies)
    book = load_rules(settings.config / "strategies", kinds)
    return Written(
        rules={name: plain_rules(rules) for name, rules in book.rules.items()},
        broken={name: str(error) for name, error in book.broken.items()},
        broken_kinds={name: str(error) for name, error in kinds.broken.items()},
        versions={name: version_of(rules.kind, kinds) for name, rules in book.rules.items()},
    )


def with_changes(
    settings: Settings, instance: str, before: Mapping[str, Plain], changes: Mapping[str, str]
) -> dict[str, Plain]:
    """Return *before* with *changes* as they would stand in a file.

    Raises:
        ConfigError: they cannot be used; the text names the key.
    """
    kinds = load_kinds(settings.strategies)
    if "kind" in changes and changes["kind"] != before.get("kind"):
        raise ConfigError(f"{instance}: kind: another strategy needs a rules file of its own")
    now = rules_from(instance, before, kinds)
    return plain_rules(changed_rules(instance, now, changes, kinds))
