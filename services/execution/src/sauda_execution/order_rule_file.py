"""The shape of config/market/order_rules.yaml: what may stand there, and that nothing is missing or said twice.

Percentages are held in hundredths of a percent, money in paise.
"""

from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sauda.calendar_rules import Dated, Rule, Rupees, UnderlyingName
from sauda.contracts import OrderKind, Product

SEGMENTS: Final = (
    *(
        f"{exchange}.{on}_{what}"
        for exchange in ("NFO", "BFO")
        for on in ("index", "stock")
        for what in ("option", "future")
    ),
    *(f"{exchange}.{what}" for exchange in ("CDS", "MCX") for what in ("option", "future")),
    "NSE.equity",
    "BSE.equity",
)
"""Every kind of contract that can be traded."""


class Form(Enum):
    """How an order without a limit leaves the desk."""

    AS_SENT = "as_sent"
    PROTECTED = "protected"
    REFUSED = "refused"


def _hundredths(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        scaled = Decimal(text) * 100
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a percentage") from error
    if not scaled.is_finite() or scaled != int(scaled):
        raise ValueError(f"{text!r} is not a percentage of at most two decimals")
    return int(scaled)


Percent = Annotated[int, BeforeValidator(_hundredths), Field(gt=0, le=100_00)]
"""Hundredths of a percent."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FormRule(Rule):
    """What becomes of one kind of order."""

    form: Form


class Step(_Entry):
    """The protection of prices below `below`; None: of all others."""

    percent: Percent
    below: Rupees | None = None


class TierRule(Rule):
    """Protection by price."""

    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends_with_all_others(self) -> Self:
        bounds = [step.below for step in self.steps]
        inner = [bound for bound in bounds[:-1] if bound is not None]
        if bounds[-1] is not None or len(inner) != len(bounds) - 1 or inner != sorted(set(inner)):
            raise ValueError("`below` must ascend, and the last step, alone, has none")
        return self


class Beyond(_Entry):
    """How far an order may reach into the market."""

    percent: Percent
    at_least: Rupees | None = None


class BandRule(Rule):
    """Where a limit may lie."""

    beyond: Beyond | None = None
    within: Percent | None = None


class FreezeRule(Rule):
    """The most that one order may ask for."""

    units: int = Field(gt=0)


class UnknownFreezeRule(Rule):
    """The same where nobody tells it: so many units as are worth this."""

    notional: Rupees


class SliceRule(Rule):
    """Orders that one may be cut into."""

    most: int = Field(gt=0)


class ProductRule(Rule):
    """How long positions may be held."""

    values: frozenset[Product]


class ImmediateRule(Rule):
    """Kinds that may be immediate-or-cancel."""

    kinds: frozenset[OrderKind]


class _OfSegments(_Entry):
    segments: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        for segment in self.segments:
            if segment not in SEGMENTS:
                raise ValueError(f"unknown segment {segment!r}: take of {', '.join(SEGMENTS)}")
        return self


class Forms(_OfSegments):
    """How orders without a limit leave the desk."""

    market: Dated[FormRule]
    stop_market: Dated[FormRule]


class Protection(_OfSegments):
    """How far beyond the market a protected order's limit lies."""

    tiers: Dated[TierRule]


class Bands(_OfSegments):
    """Where limits may lie."""

    limits: Dated[BandRule]


class Products(_OfSegments):
    """Which products are taken."""

    allowed: Dated[ProductRule]


class RuleFile(_Entry):
    """All of it."""

    forms: tuple[Forms, ...]
    protection: tuple[Protection, ...]
    bands: tuple[Bands, ...]
    products: tuple[Products, ...]
    freeze: dict[UnderlyingName, Dated[FreezeRule]]
    freeze_unknown: Dated[UnknownFreezeRule]
    slices: Dated[SliceRule]
    immediate: Dated[ImmediateRule]

    @model_validator(mode="after")
    def _each_segment_once(self) -> Self:
        for name in ("forms", "protection", "bands", "products"):
            listed = [segment for group in getattr(self, name) for segment in group.segments]
            twice = sorted({segment for segment in listed if listed.count(segment) > 1})
            missing = [] if name == "bands" else [segment for segment in SEGMENTS if segment not in listed]
            if twice or missing:
                raise ValueError(
                    f"{name}: {', '.join(twice or missing)} {'stands twice' if twice else 'is missing'}"
                )
        return self
