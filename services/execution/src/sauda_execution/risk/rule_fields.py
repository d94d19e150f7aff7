"""How one value of config/risk.yaml is read, be it YAML's or a text that a person typed; and what is refused."""

from datetime import time
from difflib import get_close_matches
from typing import Annotated, get_args

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from sauda.calendar_rules import Exchange
from sauda.errors import ConfigError
from sauda.instruments import canonical, underlyings


def _nothing(value: object) -> object:
    """Read what YAML and people write for "no limit"; all else is left to the field."""
    return None if isinstance(value, str) and value.strip().lower() in {"", "null", "none", "~"} else value


def _plain_number(value: object) -> object:
    """Refuse `true` and 2.7 where a whole number is meant: pydantic would make 1 of the one."""
    if isinstance(value, bool):
        raise ValueError("write a number")  # noqa: TRY004  (pydantic turns only that into an error of the key)
    return _nothing(value)


def _time_of_day(value: object) -> object:
    if not isinstance(value, str):
        return value
    hours, colon, minutes = value.partition(":")
    if not (colon and hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        if _nothing(value) is None:
            return None
        raise ValueError('write a time of day as "HH:MM", such as "15:20"')
    return time(int(hours), int(minutes))


def _known_symbol(name: str) -> str:
    """Refuse a misspelt underlying: limits of nobody would look like limits."""
    if ":" in name or name in get_args(Exchange):
        return name
    try:
        known = canonical(name)
    except ConfigError as error:
        if get_close_matches(name, [one.name for one in underlyings()], n=1, cutoff=0.75):
            raise ValueError(str(error)) from error
        return name
    if known != name:
        raise ValueError(f"{name!r} is called {known!r} here")
    return name


Count = Annotated[int | None, Field(ge=0), BeforeValidator(_plain_number)]
Rupees = Annotated[int | None, Field(ge=0), BeforeValidator(_plain_number)]
"""Whole rupees."""
Percent = Annotated[float | None, Field(gt=0, allow_inf_nan=False), BeforeValidator(_plain_number)]
TimeOfDay = Annotated[
    time | None,
    BeforeValidator(_time_of_day),
    PlainSerializer(lambda at: None if at is None else f"{at:%H:%M}", when_used="json"),
]
SymbolName = Annotated[str, AfterValidator(_known_symbol)]
