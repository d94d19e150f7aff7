"""Values as they stand in a rules file, a message or behind `--set` -> checked rules, or one clear line of what is wrong."""

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import ValidationError

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda_strategy.plain_yaml import plain_yaml
from sauda_strategy.rules import Rules

if TYPE_CHECKING:
    from sauda_strategy.kinds import Kinds

R = TypeVar("R", bound=Rules)

OLDER_NAMES: Final[Mapping[str, str]] = {
    "symbol": "tsymbol",
    "underlying": "tsymbol",
    "lots": "quantity",
    "sotm": "sotm_points",
    "bias": "bias_points",
    "stoploss_percentage": "stop_loss_percentage",
    "sl_percentage": "stop_loss_percentage",
    "start_time": "entry_time",
    "end_time": "exit_time",
    "square_off_time": "exit_time",
}
"""older name -> the name used here, for kinds that know the latter alone: rules files that were written for other
programs stay valid."""


def rules_from(where: str, values: Mapping[str, Any], kinds: "Kinds") -> Rules:
    """Check *values* and make rules of them; *where* they stand is for the errors.

    Raises:
        ConfigError: they cannot be used; the text names the key and what to do.
    """
    return rules_by(where, values, _model(where, values.get("kind"), kinds))


def rules_by(where: str, values: Mapping[str, Any], model: type[R]) -> R:
    """Check *values* by a kind's own model; see `rules_from`."""
    try:
        return model.model_validate(_with_new_names(where, values, model))
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error, model)}") from error


def changed_rules(where: str, before: Rules | None, changes: Mapping[str, Any], kinds: "Kinds") -> Rules:
    """Return *before* with *changes*, those given as text read as a rules file would be read.

    Raises:
        ConfigError: a text is no value, a rule stands twice, or the whole cannot be used.
    """
    model = _model(where, changes.get("kind", None if before is None else before.kind), kinds)
    named = _with_new_names(where, changes, model)
    read = {key: _read(f"{where}: {key}", value, _is_text(model, key)) for key, value in named.items()}
    return rules_from(where, {**({} if before is None else plain_rules(before)), **read}, kinds)


def plain_rules(rules: Rules) -> dict[str, Plain]:
    """Return the rules as they stand in a file."""
    return dict(rules.model_dump(mode="json"))


def _model(where: str, kind: object, kinds: "Kinds") -> type[Rules]:
    try:
        return kinds.kind(kind).model
    except ConfigError as error:
        raise ConfigError(f"{where}: kind: {error}") from error


def _read(where: str, value: Any, is_text: bool) -> Any:
    """Return what a text says; where text is wanted, `20` and `on` stay text."""
    if not isinstance(value, str):
        return value
    try:
        said = plain_yaml(value)
    except ValueError as error:
        if is_text:
            return value
        raise ConfigError(f"{where}: cannot be read: {error}") from error
    return value if is_text and not isinstance(said, str) else said


def _is_text(model: type[Rules], key: str) -> bool:
    return key in model.model_fields and model.model_fields[key].annotation is str


def _older_names(model: type[Rules]) -> dict[str, str]:
    """Return the older names that mean something to *model*; `lots` is no older name where it is a rule itself."""
    known = model.model_fields
    return {older: name for older, name in OLDER_NAMES.items() if older not in known and name in known}


def _with_new_names(where: str, values: Mapping[str, Any], model: type[Rules]) -> dict[str, Any]:
    older = _older_names(model)
    renamed: dict[str, Any] = {}
    for key, value in values.items():
        name = older.get(key, key)
        if name in renamed:
            raise ConfigError(f"{where}: {key}: {name} is said twice, once by an older name: keep one")
        renamed[name] = value
    return renamed


def _explain(error: ValidationError, model: type[Rules]) -> str:
    return "; ".join(
        _explain_one(".".join(map(str, one["loc"])), one["type"], one["msg"], one["input"], model)
        for one in error.errors(include_url=False)
    )


def _explain_one(key: str, kind: str, text: str, value: object, model: type[Rules]) -> str:
    text = text.removeprefix("Value error, ")
    if kind == "missing":
        return f"{key}: is missing: add it"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, [*model.model_fields, *_older_names(model)], n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(model.model_fields)}"
        return f"{key}: unknown key: {hint}"
    return f"{key}: {text} (was {value!r})" if key else text
