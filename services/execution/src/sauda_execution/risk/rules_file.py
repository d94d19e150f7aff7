"""Reads config/risk.yaml, and what a what-if puts in its place; says which key of which file is wrong."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda_execution.risk.rules import RiskRules, ScopeLimits, SymbolLimits, nested

FILE: Final = "risk.yaml"


def load_risk(config: Path, changes: Mapping[str, Plain] | None = None) -> RiskRules:
    """Read *config*/risk.yaml; without that file the limits are those that it is shipped with.

    Args:
        config: The folder of the configuration.
        changes: `key`, `section.key` or `section.name.key` -> what holds instead. If they name all keys of the desk, as a
            record does, they are the whole of it and the file is not asked.

    Raises:
        ConfigError: the file or a change cannot be used; the text names file and key.
    """
    path = config / FILE
    if changes and changes.keys() >= RiskRules().plain().keys():
        return _checked(nested(changes), "rules of the record")
    rules = _checked(_read(path), str(path))
    if not changes:
        return rules
    return _checked(nested({**rules.plain(), **changes}), f"{path} with {', '.join(changes)}")


def _checked(values: Mapping[str, Any], where: str) -> RiskRules:
    try:
        return RiskRules.model_validate(values)
    except ValidationError as error:
        lines = [_explained(where, detail) for detail in error.errors(include_url=False)]
        raise ConfigError("\n".join(lines)) from error


def _explained(where: str, detail: Mapping[str, Any]) -> str:
    place = [str(part) for part in detail["loc"]]
    key = ".".join(place)
    if detail["type"] == "extra_forbidden":
        known = _keys_beside(place)
        near = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        return f"{where}: {key}: unknown key: {hint}"
    text = str(detail["msg"]).removeprefix("Value error, ")
    if isinstance(detail["input"], Mapping):
        return f"{where}: {key}: {text}" if key else f"{where}: {text}"
    return f"{where}: {key}: {text} (was {detail['input']!r})"


def _keys_beside(place: list[str]) -> list[str]:
    if len(place) == 1:
        return list(RiskRules.model_fields)
    return list((SymbolLimits if place[0] == "instruments" else ScopeLimits).model_fields)


class _TextLoader(yaml.BaseLoader):
    """YAML whose values stay text (15:15 is no number) and whose keys stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Read a mapping; refuse a key that stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{', '.join(twice)} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _TextLoader)  # noqa: S506  (a BaseLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    if document in (None, ""):
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected lines such as `max_orders_per_second: 10`")
    return {key: {} if value == "" and key in _SECTIONS else value for key, value in document.items()}


_SECTIONS: Final = frozenset({"each_strategy", "strategies", "instruments"})
"""Keys under which nothing may stand yet."""
