"""What a trader writes down: one YAML file per strategy instance, checked before anything trades.

The file's name is the instance's name. A wrong file is refused by name and key; the others go on.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from sauda.contracts import Product
from sauda.errors import ConfigError
from sauda.instruments import canonical
from sauda.money import Paise, to_paise

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
"""older name -> the name used here; rules files that were written for other programs stay valid."""

_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,47}")
"""Part of order ids, whose parts are joined by `-`, and of the unit's name, whose parts are joined by `.`."""
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a time of day as "HH:MM", such as "09:20"')
    return time(int(found[1]), int(found[2]))


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _underlying(value: object) -> str:
    if not isinstance(value, str):
        # `ValueError`, as pydantic turns that, and nothing else, into an error of the field.
        raise ValueError("write the underlying's name, such as NIFTY")  # noqa: TRY004
    try:
        return canonical(value)
    except ConfigError as error:
        raise ValueError(str(error)) from error


TimeOfDay = Annotated[
    time, BeforeValidator(_time_of_day), PlainSerializer(lambda at: f"{at:%H:%M}", str, "json")
]
UnderlyingName = Annotated[str, BeforeValidator(_underlying)]


class Mode(str, Enum):
    """What becomes of a strategy's orders."""

    PAPER = "paper"
    DRY_RUN = "dry_run"


class Rules(BaseModel):
    """What all kinds of strategies have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    enabled: bool = True
    """Whether it trades before anybody says `start`."""
    mode: Mode = Mode.PAPER
    """`dry_run`: signals and would-be orders, nothing is placed."""


class ShortStraddleRules(Rules):
    """Sell a call and a put at the money, protect each by a stop, buy back what is left at the exit."""

    kind: Literal["short_straddle"]
    tsymbol: UnderlyingName
    """The underlying, by any of its names."""
    quantity: int = Field(default=1, ge=1, le=10_000, strict=True)
    """Lots of each leg."""
    sotm_points: Decimal = Field(default=Decimal(0), ge=0)
    """How far out of the money each leg stands, in points: the call above, the put below."""
    bias_points: Decimal = Decimal(0)
    """By how many points both legs stand higher."""
    stop_loss_percentage: float = Field(default=25.0, gt=0, le=1000, allow_inf_nan=False)
    """By how much a leg's price may rise above its entry."""
    entry_time: TimeOfDay
    exit_time: TimeOfDay
    product: Annotated[Product, BeforeValidator(_upper)] = Product.NRML
    """MIS: the broker squares it off by itself, should the exit have failed; NRML: it may be held overnight."""

    @model_validator(mode="after")
    def _leave_after_entering(self) -> "ShortStraddleRules":
        if self.exit_time <= self.entry_time:
            raise ValueError(
                f"exit_time {self.exit_time:%H:%M} must come after entry_time {self.entry_time:%H:%M}"
            )
        return self

    @property
    def call_offset(self) -> Paise:
        """Return how far above the money the call stands."""
        return to_paise(self.sotm_points + self.bias_points)

    @property
    def put_offset(self) -> Paise:
        """Return how far above the money the put stands; negative when below."""
        return to_paise(self.bias_points - self.sotm_points)


MODELS: Final[Mapping[str, type[Rules]]] = {"short_straddle": ShortStraddleRules}
"""kind -> what can be set for it."""


class RuleBook(NamedTuple):
    """All rules files of a folder."""

    rules: dict[str, Rules]
    """instance -> its rules"""
    broken: dict[str, ConfigError]
    """instance, or file -> why it cannot be used"""


def load_rules(folder: Path, models: Mapping[str, type[Rules]] = MODELS) -> RuleBook:
    """Read every `*.yaml` and `*.yml` in *folder*; a folder that does not exist holds none."""
    book = RuleBook({}, {})
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            rules = load_file(path, models)
        except ConfigError as error:
            book.broken[path.stem] = error
        else:
            # `straddle.yaml` beside `straddle.yml`: nobody can say which is meant, so the first stands.
            if book.rules.setdefault(path.stem, rules) is not rules:
                book.broken[path.name] = ConfigError(f"{path}: {path.stem}.yaml exists too: keep one of them")
    return book


def load_file(path: Path, models: Mapping[str, type[Rules]] = MODELS) -> Rules:
    """Read one rules file.

    Raises:
        ConfigError: it cannot be used; the text names the file, the key and what to do.
    """
    if not _INSTANCE.fullmatch(path.stem):
        raise ConfigError(
            f"{path}: instance name {path.stem!r} is not usable: take up to 48 letters, digits and '_'"
        )
    return rules_from(str(path), _with_new_names(str(path), _read(path)), models)


def rules_from(where: str, values: Mapping[str, Any], models: Mapping[str, type[Rules]] = MODELS) -> Rules:
    """Check *values* and make rules of them; *where* they stand is for the errors.

    Raises:
        ConfigError: they cannot be used; the text names the key and what to do.
    """
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in models:
        raise ConfigError(
            f"{where}: kind: {kind!r} is no kind of strategy: take one of {', '.join(sorted(models))}"
        )
    try:
        return models[kind].model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error, models[kind])}") from error


def rules_of_texts(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* by their present names, those given as text read as a rules file would be read.

    Raises:
        ConfigError: a text is no value, or a rule stands twice.
    """
    try:
        read = {
            key: yaml.load(value, _PlainLoader) if isinstance(value, str) else value  # noqa: S506
            for key, value in values.items()
        }
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: cannot be read: {' '.join(str(error).split())}") from error
    return _with_new_names(where, read)


class _PlainLoader(yaml.SafeLoader):
    """YAML without its two traps: `15:15` is not the number 915, and a key stands once."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:int"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Read a mapping; refuse a key that stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{', '.join(twice)} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789")
)


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _PlainLoader)  # noqa: S506  (a SafeLoader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(f"{path}: expected lines such as `kind: short_straddle`")
    return values


def _with_new_names(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    renamed: dict[str, Any] = {}
    for key, value in values.items():
        name = OLDER_NAMES.get(key, key)
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
        near = difflib.get_close_matches(key, [*model.model_fields, *OLDER_NAMES], n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(model.model_fields)}"
        return f"{key}: unknown key: {hint}"
    return f"{key}: {text} (was {value!r})" if key else text
