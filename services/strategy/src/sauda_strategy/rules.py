"""What can be set for every strategy, and the types that rules are written with.

Rules are flat: each value is text, a number, true, false or nothing, as a line of YAML gives it.
"""

import re
from datetime import time
from enum import Enum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from sauda.errors import ConfigError
from sauda.instruments import canonical

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a time of day as "HH:MM", such as "09:20"')
    return time(int(found[1]), int(found[2]))


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
