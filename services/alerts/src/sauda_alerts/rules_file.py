"""Reads config/alerts.yaml, and from config/risk.yaml what a day may lose; says which key of which file is wrong."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda_alerts.rules import OF_THE_DESK, Limits, Rules, is_limit

FILE: Final = "alerts.yaml"
RISK: Final = "risk.yaml"

M = TypeVar("M", bound=BaseModel)


def load_rules(config: Path, changes: Mapping[str, Plain] | None = None) -> Rules:
    """Read the rules of *config*/alerts.yaml; without that file they are those that it is shipped with.

    Args:
        config: The folder of the configuration.
        changes: `rule.figure` -> what holds instead; those that name all figures of the unit, as a record does, are the whole of them.

    Raises:
        ConfigError: the file or a change cannot be used; the text names file and key.
    """
    path = config / FILE
    if changes and changes.keys() >= Rules().flat().keys():
        return checked(Rules, _nested(changes), "rules of the record")
    written = section(read_yaml(path), "rules", str(path))
    rules = checked(Rules, {name: one or {} for name, one in written.items()}, f"{path}: rules")
    if not changes:
        return rules
    return checked(Rules, _over(rules.model_dump(mode="json"), changes), f"{path} with {', '.join(changes)}")


def load_limits(config: Path, changes: Mapping[str, Plain] | None = None) -> Limits:
    """Read what *config*/risk.yaml lets a day lose; execution, which acts on it, checks the rest of that file.

    Raises:
        ConfigError: the file cannot be read, or a limit is no whole number of rupees.
    """
    given = {key: value for key, value in (changes or {}).items() if is_limit(key)}
    if given.keys() >= Limits().flat().keys():
        return Limits.from_flat(given)
    path = config / RISK
    document = read_yaml(path)
    found: dict[str, Plain] = {"risk.max_daily_loss": document.get("max_daily_loss", _SHIPPED)}
    every = section(document, "each_strategy", str(path))
    found["risk.each_strategy.max_daily_loss"] = every.get("max_daily_loss")
    for name, limits in section(document, "strategies", str(path)).items():
        if isinstance(limits, Mapping) and "max_daily_loss" in limits:
            found[f"risk.strategies.{name}.max_daily_loss"] = limits["max_daily_loss"]
    return Limits.from_flat({**found, **given})


_SHIPPED: Final = 100_000
"""What execution takes where risk.yaml does not say it."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the keys of a file; none where there is no such file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        # The base loader keeps every scalar as text: 22:00 is no number of seconds.
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    if document in (None, ""):
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected lines `key: value`, found {type(document).__name__}")
    return document


def section(document: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """Return a part of a file, empty where it is not there.

    Raises:
        ConfigError: it is no list of keys.
    """
    found = document.get(name) or {}
    if not isinstance(found, dict):
        raise ConfigError(f"{where}: {name}: expected keys below it, found {found!r}")
    return found


def checked(model: type[M], values: Mapping[str, Any], where: str) -> M:
    """Return *values* as *model* has them.

    Raises:
        ConfigError: one line for each that it cannot take, with what stands near.
    """
    try:
        return model.model_validate(_filled(model, values))
    except ValidationError as error:
        lines = [_explained(model, where, detail) for detail in error.errors(include_url=False)]
        raise ConfigError("\n".join(lines)) from error


def _filled(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what a rule is shipped with under what is said of it: one figure may be changed alone."""
    full = {}
    for key, value in values.items():
        field = model.model_fields.get(key)
        shipped = field.default if field else None
        if isinstance(shipped, BaseModel) and isinstance(value, Mapping):
            full[key] = {**shipped.model_dump(mode="json"), **value}
        else:
            full[key] = value
    return full


def _explained(model: type[BaseModel], where: str, detail: Mapping[str, Any]) -> str:
    place = [str(part) for part in detail["loc"]]
    key = ".".join(place)
    if detail["type"] == "extra_forbidden":
        inner = model.model_fields[place[0]].default if len(place) > 1 else None
        known = list(type(inner).model_fields if isinstance(inner, BaseModel) else model.model_fields)
        near = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        return f"{where}: {key}: unknown key: {hint}"
    text = str(detail["msg"]).removeprefix("Value error, ")
    shown = "" if isinstance(detail["input"], Mapping) else f" (was {detail['input']!r})"
    return f"{where}: {key}: {text}{shown}"


def _nested(flat: Mapping[str, Plain]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in flat.items():
        rule, dot, figure = key.partition(".")
        if is_limit(key):
            continue
        if not dot or rule not in OF_THE_DESK:
            raise ConfigError(
                f"{key}: unknown rule of alerts.desk: write rule.figure, such as feed_mute.after_s"
            )
        found.setdefault(rule, {})[figure] = value
    return found


def _over(values: dict[str, Any], changes: Mapping[str, Plain]) -> dict[str, Any]:
    for rule, figures in _nested(changes).items():
        values[rule] = {**values[rule], **figures}
    return values
