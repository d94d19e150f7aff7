"""The dated rules behind the calendar, as they stand in config/market/*.yaml, each beside its source.

Nothing here is a constant of nature: hours, lots and expiry days changed four times between 2024 and 2026.
A rule holds from its `since` until the next one of its list.
"""

from collections.abc import Sequence
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from sauda.errors import ConfigError, ContractError
from sauda.instruments import canonical
from sauda.money import Paise, to_paise

FILES = ("sessions.yaml", "holidays.yaml", "expiries.yaml", "contracts.yaml")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Exchange: TypeAlias = Literal["NSE", "BSE", "NFO", "BFO", "CDS", "MCX"]

_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The parser in C where the library has it: 6 ms instead of 52, and every service reads these files when it starts."""


class Hours(NamedTuple):
    """From `opens` to `closes`, IST; the second of `closes` is outside."""

    opens: time
    closes: time


def _hours(text: object) -> object:
    if not isinstance(text, str):
        return text
    opens, _, closes = text.partition("-")
    hours = Hours(time.fromisoformat(opens), time.fromisoformat(closes))
    if hours.opens >= hours.closes:
        raise ValueError(f"{text!r} closes before it opens")
    return hours


def _rupees(text: object) -> object:
    try:
        return to_paise(text) if isinstance(text, str) else text
    except ContractError as error:
        raise ValueError(str(error)) from error


def _known_underlying(name: str) -> str:
    try:
        known = canonical(name)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    if known != name:
        raise ValueError(f"{name!r} is called {known!r} here")
    return name


def _ascending(rules: "tuple[R, ...]") -> "tuple[R, ...]":
    for earlier, later in pairwise(rules):
        if later.since <= earlier.since:
            raise ValueError(f"`since` must ascend: {later.since} stands after {earlier.since}")
    return rules


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Entry):
    """Something that holds from a day on."""

    since: date
    source: str = Field(min_length=1)
    """Where we know it from; what is unsure is said here."""


R = TypeVar("R", bound=Rule)
Dated: TypeAlias = Annotated[tuple[R, ...], AfterValidator(_ascending)]
HoursText: TypeAlias = Annotated[Hours, BeforeValidator(_hours)]
Rupees: TypeAlias = Annotated[Paise, BeforeValidator(_rupees), Field(gt=0)]
UnderlyingName: TypeAlias = Annotated[str, AfterValidator(_known_underlying)]


class SessionRule(Rule):
    """An exchange's usual hours."""

    hours: HoursText
    hours_us_winter: HoursText | None = None
    """While America keeps winter time, where that matters."""
    evening_from: time | None = None
    """Where a day has a morning and an evening session, of which one may be closed."""


class SquareOffRule(Rule):
    """When positions that may be held for the day alone (MIS) are closed by the broker."""

    minutes: int = Field(gt=0)
    """Before the day's close."""


class ClosingRule(Rule):
    """Over which last minutes before the close of a contract's exchange its settlement price is averaged."""

    index_minutes: int | None = Field(default=None, gt=0)
    """Of the index, or the share, that the contract is written on; None where there is none."""
    contract_minutes: int = Field(gt=0)
    """Of a contract's own trades."""


class SpecialDay(_Entry):
    """Trading at hours of its own on one day; it overrules weekends and holidays."""

    day: date
    name: str
    exchanges: tuple[Exchange, ...]
    hours: tuple[HoursText, ...] = Field(min_length=1)
    settles: bool = True
    """Whether contracts may expire on it: muhurat trading belongs to the next day."""
    source: str = Field(min_length=1)


class HolidayList(_Entry):
    """One year's holidays of some exchanges, day -> name."""

    year: int
    exchanges: tuple[Exchange, ...]
    complete: bool
    source: str = Field(min_length=1)
    closed: dict[date, str]
    morning_closed: dict[date, str] = {}
    evening_closed: dict[date, str] = {}

    @model_validator(mode="after")
    def _within_the_year(self) -> "HolidayList":
        for day in (*self.closed, *self.morning_closed, *self.evening_closed):
            if day.year != self.year:
                raise ValueError(f"{day} stands in the list of {self.year}")
        return self


class WeekdayRule(Rule):
    """The weekday on which contracts expire; `none` means that there are none."""

    weekday: Literal["none", "monday", "tuesday", "wednesday", "thursday", "friday"]

    @property
    def number(self) -> int | None:
        """Return 0 for Monday; None where no contracts expire."""
        return None if self.weekday == "none" else WEEKDAYS.index(self.weekday)


class ExpiryRules(_Entry):
    """When the contracts on one underlying expire."""

    exchange: Exchange
    weekly: Dated[WeekdayRule]
    monthly: Dated[WeekdayRule]


class LotRule(Rule):
    """Units in a lot."""

    units: int = Field(gt=0)


class StepRule(Rule):
    """Distance of strikes near the money."""

    step: Rupees


class TickRule(Rule):
    """Smallest move of a price."""

    tick: Rupees


class ContractRules(_Entry):
    """The terms of the contracts on one underlying."""

    lots: Dated[LotRule]
    strike_steps: Dated[StepRule]
    option_ticks: Dated[TickRule]
    future_ticks: Dated[TickRule]


class MarketRules(_Entry):
    """All four files together."""

    sessions: dict[Exchange, Dated[SessionRule]]
    special: tuple[SpecialDay, ...] = ()
    square_off: dict[Exchange, Dated[SquareOffRule]] = {}
    closing: dict[Exchange, Dated[ClosingRule]] = {}
    holidays: tuple[HolidayList, ...]
    expiries: dict[UnderlyingName, ExpiryRules]
    contracts: dict[UnderlyingName, ContractRules]


def in_force(rules: Sequence[R], day: date) -> R | None:
    """Return the rule that holds on *day*; None before the first."""
    return next((rule for rule in reversed(rules) if rule.since <= day), None)


def load_rules(folder: Path) -> MarketRules:
    """Read config/market.

    Raises:
        ConfigError: a file is missing or broken; one line for each problem, naming file and key.
    """
    origin: dict[str, str] = {}
    """key at the top -> the file it stands in."""
    merged: dict[str, Any] = {}
    for name in FILES:
        for key, value in _read(folder / name).items():
            if key in origin:
                raise ConfigError(f"{folder / name}: key {key!r} stands in {origin[key]} already")
            origin[key], merged[key] = name, value
    try:
        return MarketRules.model_validate(merged)
    except ValidationError as error:
        lines = [_line(folder, origin, detail["loc"], detail["msg"]) for detail in error.errors()]
        raise ConfigError("\n".join(lines)) from error


def _line(folder: Path, origin: dict[str, str], place: tuple[int | str, ...], message: str) -> str:
    named = origin.get(str(place[0]), " or ".join(FILES))
    key = ".".join(str(part) for part in place)
    return f"{folder / named}: {key}: {message.removeprefix('Value error, ')}"


def _read(path: Path) -> dict[str, Any]:
    try:
        # The base loader keeps scalars as text: YAML would read 09:15 as a number of minutes.
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected keys at the top, found {type(document).__name__}")
    return document
