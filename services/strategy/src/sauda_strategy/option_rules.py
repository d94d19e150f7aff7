"""What can be set for every strategy that sells options: hours, stops and targets, re-entries, days.

Which legs there are is said by the kinds, see `option_kinds`. All keys but the hours may be left out.
"""

from datetime import time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Final, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from sauda.contracts import Product, Right, Side
from sauda.money import Paise, to_paise
from sauda_strategy.rules import Rules, TimeOfDay, UnderlyingName
from sauda_strategy.trading_windows import WEEKDAYS, Window, days_of, windows_of

Percentage = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Rupees = Annotated[Decimal, Field(gt=0)]


class ReentryAt(str, Enum):
    """Which strike a leg gets that is sold again."""

    ATM = "atm"
    """The one that the rules choose then."""
    SAME = "same"


class Wanted(NamedTuple):
    """A leg that a kind asks for."""

    name: str
    """Part of order ids: `CE`, `PE` for what is sold, `CEW`, `PEW` for the wings."""
    right: Right
    offset: Paise
    """How far above the money it stands; negative when below."""
    side: Side = Side.SELL


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class OptionRules(Rules):
    """Options of one underlying, sold at a time of day and bought back at another."""

    tsymbol: UnderlyingName
    """The underlying, by any of its names."""
    quantity: int = Field(default=1, ge=1, le=10_000, strict=True)
    """Lots of each leg."""
    sotm_points: Decimal = Field(default=Decimal(0), ge=0)
    """How far out of the money each leg stands, in points: the call above, the put below."""
    bias_points: Decimal = Decimal(0)
    """By how many points all legs stand higher."""
    stop_loss_percentage: Percentage | None = None
    """By how much the price of a leg that was sold may rise above its entry."""
    entry_time: TimeOfDay
    exit_time: TimeOfDay
    product: Annotated[Product, BeforeValidator(_upper)] = Product.NRML
    """MIS: the broker squares it off by itself, should the exit have failed; NRML: it may be held overnight."""
    entry_until: TimeOfDay | None = None
    """After it nothing is sold any more, anew neither; None: until the exit."""
    further_windows: str = ""
    """More entries on the same day, each with its own exit: `12:00-13:30, 13:45-15:15`."""
    weekdays: str = ""
    """The days on which it trades: `mon,thu`; empty: all."""
    days_to_expiry_min: int | None = Field(default=None, ge=0, strict=True)
    """It trades only when the nearest expiry is at least so many calendar days away ..."""
    days_to_expiry_max: int | None = Field(default=None, ge=0, strict=True)
    """... and at most so many; 0 is the expiry day."""
    target_percentage: float | None = Field(default=None, gt=0, lt=100, allow_inf_nan=False)
    """By how much the price of a leg that was sold must fall below its entry to be bought back."""
    trail_points: Rupees | None = None
    """How far behind the lowest price a leg's stop follows, in points ..."""
    trail_percentage: float | None = Field(default=None, ge=0.01, lt=100, allow_inf_nan=False)
    """... or in percent of that price."""
    move_stop_to_cost: bool = False
    """Whether the other legs' stops go to their entry prices when one leg was stopped."""
    reentries: int = Field(default=0, ge=0, le=20, strict=True)
    """How often a leg is sold again after its stop, in each window."""
    reentry_pause_minutes: int = Field(default=0, ge=0, le=600, strict=True)
    """How long after its stop."""
    reentry_at: ReentryAt = ReentryAt.SAME
    combined_stop_percentage: Percentage | None = None
    """All legs are closed when together they have lost so much of the premium received ..."""
    combined_stop_rupees: Rupees | None = None
    """... or so many rupees."""
    combined_target_percentage: Percentage | None = None
    """All legs are closed when together they have made so much of the premium received ..."""
    combined_target_rupees: Rupees | None = None
    """... or so many rupees."""
    trail_profit_rupees: Rupees | None = None
    """Each time the profit of all legs has grown by so much, all but the last such step is locked in."""
    quote_age_seconds: int = Field(default=60, ge=1, le=3600, strict=True)
    """Targets and what is combined are judged only on quotes no older than this."""

    @model_validator(mode="after")
    def _contradicts_nothing(self) -> "OptionRules":
        for check in (_hours, _stops, _again, _days):
            check(self)
        return self

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return the hours of each entry and exit of a day, in order."""
        first = Window(self.entry_time, self.exit_time)
        return (first, *windows_of(self.further_windows))

    @property
    def days(self) -> frozenset[int]:
        """Return the weekdays on which it trades, Monday is 0."""
        return days_of(self.weekdays)

    @property
    def watches_quotes(self) -> bool:
        """Return whether the prices of its legs may make it close something."""
        return any(getattr(self, name) is not None for name in WATCHED)

    @property
    def call_offset(self) -> Paise:
        """Return how far above the money the call stands."""
        return to_paise(self.sotm_points + self.bias_points)

    @property
    def put_offset(self) -> Paise:
        """Return how far above the money the put stands; negative when below."""
        return to_paise(self.bias_points - self.sotm_points)

    def wanted(self, price: Paise) -> tuple[Wanted, ...]:
        """Return the legs at the underlying's *price*, wings first."""
        return (
            Wanted("CE", Right.CALL, self.call_offset),
            Wanted("PE", Right.PUT, self.put_offset),
        )


WATCHED: Final = (
    "target_percentage",
    "combined_stop_percentage",
    "combined_stop_rupees",
    "combined_target_percentage",
    "combined_target_rupees",
    "trail_profit_rupees",
)
"""Rules that are judged on quotes."""


def _hours(rules: OptionRules) -> None:
    entry, leave, until = rules.entry_time, rules.exit_time, rules.entry_until
    if leave <= entry:
        raise ValueError(f"exit_time {leave:%H:%M} must come after entry_time {entry:%H:%M}")
    if until is not None and not entry < until <= _last(rules):
        raise ValueError(
            f"entry_until {until:%H:%M} must come after entry_time {entry:%H:%M} and not after the last exit"
        )
    before = leave
    for window in windows_of(rules.further_windows):
        if window.entry < before:
            raise ValueError(
                f"further_windows: {window} begins before {before:%H:%M}, when the one before it ends"
            )
        before = window.exit


def _last(rules: OptionRules) -> time:
    return rules.windows[-1].exit


def _stops(rules: OptionRules) -> None:
    if rules.trail_points is not None and rules.trail_percentage is not None:
        raise ValueError("trail_points and trail_percentage: a stop trails by one of them: leave one out")
    for key in ("trail_points", "trail_percentage", "move_stop_to_cost", "reentries"):
        if getattr(rules, key) and rules.stop_loss_percentage is None:
            raise ValueError(f"{key} speaks of stops: set stop_loss_percentage, too")


def _again(rules: OptionRules) -> None:
    given = rules.model_fields_set & {"reentry_pause_minutes", "reentry_at"}
    changed = {key for key in given if getattr(rules, key) != type(rules).model_fields[key].default}
    if changed and not rules.reentries:
        raise ValueError(
            f"{' and '.join(sorted(changed))}: nothing is sold again without reentries: set it, too"
        )


def _days(rules: OptionRules) -> None:
    days_of(rules.weekdays)
    least, most = rules.days_to_expiry_min, rules.days_to_expiry_max
    if least is not None and most is not None and least > most:
        raise ValueError(f"days_to_expiry_min {least} is above days_to_expiry_max {most}: no day is both")


__all__ = ["WATCHED", "WEEKDAYS", "OptionRules", "Percentage", "ReentryAt", "Wanted"]
