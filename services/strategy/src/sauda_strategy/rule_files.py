"""What a trader writes down: one YAML file per strategy instance, checked before anything trades.

The file's name is the instance's name. A wrong file is refused by name and key; the others go on.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

from sauda.errors import ConfigError
from sauda_strategy.kinds import BUILTIN, Kinds
from sauda_strategy.plain_yaml import plain_yaml
from sauda_strategy.rule_values import rules_from
from sauda_strategy.rules import Rules

_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,47}")
"""Part of order ids, whose parts are joined by `-`, and of the unit's name, whose parts are joined by `.`."""


class RuleBook(NamedTuple):
    """All rules files of a folder."""

    rules: dict[str, Rules]
    """instance -> its rules"""
    broken: dict[str, ConfigError]
    """instance, or file -> why it cannot be used"""


def load_rules(folder: Path, kinds: Kinds = BUILTIN) -> RuleBook:
    """Read every `*.yaml` and `*.yml` in *folder*; a folder that does not exist holds none."""
    book = RuleBook({}, {})
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            rules = load_file(path, kinds)
        except ConfigError as error:
            book.broken[path.stem] = error
        else:
            # `straddle.yaml` beside `straddle.yml`: nobody can say which is meant, so the first stands.
            if book.rules.setdefault(path.stem, rules) is not rules:
                book.broken[path.name] = ConfigError(f"{path}: {path.stem}.yaml exists too: keep one of them")
    return book


def load_file(path: Path, kinds: Kinds = BUILTIN) -> Rules:
    """Read one rules file.

    Raises:
        ConfigError: it cannot be used; the text names the file, the key and what to do.
    """
    check_instance(path.stem, str(path))
    return rules_from(str(path), _read(path), kinds)


def check_instance(name: str, where: str) -> None:
    """Insist that *name* can be an instance's.

    Raises:
        ConfigError: it cannot; the text begins with *where* it stands.
    """
    if not _INSTANCE.fullmatch(name):
        raise ConfigError(
            f"{where}: instance name {name!r} is not usable: take up to 48 letters, digits and '_'"
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        values = plain_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(f"{path}: expected lines such as `kind: short_straddle`")
    return values
