"""The dated rules behind the margin, as they stand in config/market/margins.yaml, each beside its source.

A list's first rule also holds for the days before it: an old recording is margined by the oldest rule that is known.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sauda.calendar_rules import Dated, R, Rule, UnderlyingName, in_force
from sauda.errors import ConfigError
from sauda.instruments import underlyings
from sauda.money import Paise

FILE: Final = "margins.yaml"
_UNKNOWN_COMMODITY: Final = "commodity_high"
_NEEDED_CLASSES: Final = ("index", "stock", _UNKNOWN_COMMODITY)
_INDICES: Final = frozenset(one.name for one in underlyings() if one.exchange_index)

Percent: TypeAlias = Annotated[Decimal, Field(ge=0, le=1000)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PercentRule(Rule):
    """A share of something."""

    percent: Percent


class VolatilityRule(Rule):
    """By how much implied volatility may move: a share of itself, at least so many points (hundredths)."""

    percent: Percent
    least_points: Percent


class ExtremeRule(Rule):
    """The two scenarios far out: a move of so many scan ranges, of whose loss a share counts."""

    ranges: Annotated[Decimal, Field(gt=0, le=10)]
    percent: Percent


class SpreadRule(Rule):
    """What it costs that deltas of different expiries offset each other."""

    percent: Percent
    on_expiry_day: bool
    """Whether a contract that expires today still offsets later ones."""


class MarginClass(_Entry):
    """The rules of one kind of underlying."""

    price_scan: Annotated[Dated[PercentRule], Field(min_length=1)]
    volatility_scan: Annotated[Dated[VolatilityRule], Field(min_length=1)]
    extreme: Annotated[Dated[ExtremeRule], Field(min_length=1)]
    exposure: Annotated[Dated[PercentRule], Field(min_length=1)]
    expiry_day: Annotated[Dated[PercentRule], Field(min_length=1)]
    calendar_spread: Annotated[Dated[SpreadRule], Field(min_length=1)]
    short_option_minimum: Annotated[Dated[PercentRule], Field(min_length=1)]


class ShareRules(_Entry):
    """What shares need of their price."""

    delivery: Annotated[Dated[PercentRule], Field(min_length=1)]
    intraday: Annotated[Dated[PercentRule], Field(min_length=1)]


class MarginRules(_Entry):
    """The whole file."""

    classes: dict[str, MarginClass]
    commodities: dict[UnderlyingName, str] = {}
    shares: ShareRules
    interest: Annotated[Dated[PercentRule], Field(min_length=1)]
    broker_share: Annotated[Dated[PercentRule], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_its_classes(self) -> "MarginRules":
        for name in (*_NEEDED_CLASSES, *self.commodities.values()):
            if name not in self.classes:
                raise ValueError(f"class {name!r} is not among classes: {', '.join(self.classes)}")
        return self


class Rates(NamedTuple):
    """What holds for one underlying on one day; shares of one, not percent."""

    price_scan: float
    vol_scan: float
    vol_least: float
    extreme_ranges: float
    extreme_share: float
    exposure: float
    expiry_day: float
    calendar_spread: float
    spread_on_expiry_day: bool
    short_option_minimum: float
    interest: float


class MarginBook:
    """Answers by underlying and day; each answer is computed once."""

    def __init__(self, rules: MarginRules) -> None:
        self._rules = rules
        self._rates: dict[tuple[str, bool, date], Rates] = {}

    def rates(self, underlying: str, day: date, *, is_commodity: bool = False) -> Rates:
        """Return what holds for derivatives on *underlying* (its canonical name) on *day*."""
        key = (underlying, is_commodity, day)
        found = self._rates.get(key)
        if found is None:
            found = self._rates[key] = self._compute(
                self.class_of(underlying, is_commodity=is_commodity), day
            )
        return found

    def class_of(self, underlying: str, *, is_commodity: bool = False) -> str:
        """Return the name of the class of rules that *underlying* follows."""
        if is_commodity:
            return self._rules.commodities.get(underlying, _UNKNOWN_COMMODITY)
        return "index" if underlying in _INDICES else "stock"

    def share_need(self, value: Paise, day: date, *, intraday: bool) -> Paise:
        """Return what shares worth *value* need, rounded up to the paisa."""
        rules = self._rules.shares.intraday if intraday else self._rules.shares.delivery
        return _part_up(value, _on(rules, day).percent)

    def broker_blocks(self, said: Paise, day: date) -> Paise:
        """Return what a broker blocks whose SpanCalc says *said*, in whole rupees, rounded up."""
        return -(-_part_up(said, _on(self._rules.broker_share, day).percent) // 100) * 100

    def _compute(self, name: str, day: date) -> Rates:
        rules = self._rules.classes[name]
        volatility, extreme = _on(rules.volatility_scan, day), _on(rules.extreme, day)
        spread = _on(rules.calendar_spread, day)
        return Rates(
            price_scan=float(_on(rules.price_scan, day).percent / 100),
            vol_scan=float(volatility.percent / 100),
            vol_least=float(volatility.least_points / 100),
            extreme_ranges=float(extreme.ranges),
            extreme_share=float(extreme.percent / 100),
            exposure=float(_on(rules.exposure, day).percent / 100),
            expiry_day=float(_on(rules.expiry_day, day).percent / 100),
            calendar_spread=float(spread.percent / 100),
            spread_on_expiry_day=spread.on_expiry_day,
            short_option_minimum=float(_on(rules.short_option_minimum, day).percent / 100),
            interest=float(_on(self._rules.interest, day).percent / 100),
        )


def _on(rules: Sequence[R], day: date) -> R:
    return in_force(rules, day) or rules[0]


def _part_up(value: Paise, percent: Decimal) -> Paise:
    return int((value * percent / 100).to_integral_value(rounding="ROUND_CEILING"))


def load_margins(folder: Path) -> MarginBook:
    """Read margins.yaml of config/market.

    Raises:
        ConfigError: the file is missing or broken; one line for each problem, naming file and key.
    """
    path = folder / FILE
    try:
        return MarginBook(MarginRules.model_validate(_read(path)))
    except ValidationError as error:
        raise ConfigError("\n".join(_line(path, one["loc"], one["msg"]) for one in error.errors())) from error


def _line(path: Path, place: tuple[int | str, ...], message: str) -> str:
    key = ".".join(str(part) for part in place)
    return f"{path}: {key + ': ' if key else ''}{message.removeprefix('Value error, ')}"


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
