"""What can be set for every strategy, and the types that rules are written with.

Rules are flat: each value is text, a number, true, false or nothing, as a line of YAML gives it.
"""

import re
from datetime import time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from sauda.contracts import Product
from sauda.errors import ConfigError
from sauda.instruments import canonical
from sauda.money import Paise, to_paise

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
