"""What a trade costs by law and by price list, as it stands in config/market/charges.yaml and brokerage.yaml.

A rate holds from its `since` until the next one of its list; the first of a list holds for all days before it as well,
so an old recording is charged with the oldest rates known, never with none. `sauda.price_lists` reads the files;
how the figures become a fill's charges is `sauda_execution.charges`.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sauda.calendar_rules import Dated, Rule, in_force
from sauda.errors import ContractError
from sauda.money import Paise, to_paise
from sauda.segments import Segment

BILLION: Final = 10**9

Billionths: TypeAlias = int
"""A share of an amount, in billionths: 0.03503 % is 350_300."""
Line: TypeAlias = Literal["brokerage", "stt", "exchange", "sebi", "ipft", "stamp", "gst"]
Levied: TypeAlias = Literal["stt", "exchange", "sebi", "ipft", "stamp"]
LEVIED: Final[tuple[Levied, ...]] = ("stt", "exchange", "sebi", "ipft", "stamp")
"""The lines that are a share of what was traded."""
Taxed: TypeAlias = Literal["brokerage", "exchange", "sebi", "ipft"]
ChargedExchange: TypeAlias = Literal["NSE", "BSE", "NFO", "BFO", "MCX"]
R = TypeVar("R", bound=Rule)


def _share(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        billionths = Decimal(text) * (BILLION // 100)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no percentage") from error
    if not billionths.is_finite() or billionths != billionths.to_integral_value():
        raise ValueError(
            f"{text!r} is finer than a billionth: write a percentage with at most seven decimals"
        )
    return int(billionths)


def _rupees(text: object) -> object:
    try:
        return to_paise(text) if isinstance(text, str) else text
    except ContractError as error:
        raise ValueError(str(error)) from error


Share: TypeAlias = Annotated[Billionths, BeforeValidator(_share), Field(ge=0, le=BILLION)]
Fee: TypeAlias = Annotated[Paise, BeforeValidator(_rupees), Field(ge=0)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Levy(Rule):
    """A share of what was traded: price x quantity, which for an option is its premium."""

    buy: Share = 0
    """Of what is bought in the market."""
    sell: Share = 0
    exercised: Share = 0
    """Of the intrinsic value of a long option that is settled in the money."""
    settled: Share = 0
    """At expiry, long and short: of strike x quantity of an option in the money, of a future's settlement value."""


class Gst(Rule):
    """The tax on services."""

    rate: Share
    on: tuple[Taxed, ...] = Field(min_length=1)
    """The lines that it is a share of."""


class NoteRule(Rule):
    """What a broker's contract note rounds."""

    whole_rupee: tuple[Line, ...]
    """Lines that are rounded to the nearest rupee, once for a day and segment."""


class Levies(_Entry):
    """Which of the rates a segment of an exchange pays; a line that is left out is not levied there."""

    stt: str | None = None
    exchange: str | None = None
    sebi: str | None = None
    ipft: str | None = None
    stamp: str | None = None


class OrderFee(Rule):
    """A broker's price for an executed order; where `flat` and `percent` both stand, the lower is taken."""

    flat: Fee | None = None
    percent: Share | None = None
    at_expiry: bool = False
    """Whether an option settled in the money is charged as an executed order."""

    @model_validator(mode="after")
    def _names_a_price(self) -> "OrderFee":
        if self.flat is None and self.percent is None:
            raise ValueError(
                "neither `flat` (rupees) nor `percent` is given; write `flat: 0` for no brokerage"
            )
        return self


class Plan(_Entry):
    """A broker's price list."""

    title: str = Field(min_length=1)
    fees: dict[Segment, Dated[OrderFee]]

    @model_validator(mode="after")
    def _is_complete(self) -> "Plan":
        missing = [segment.value for segment in Segment if not self.fees.get(segment)]
        if missing:
            raise ValueError(f"no fee for {', '.join(missing)}")
        return self


class ChargeRules(_Entry):
    """charges.yaml."""

    rates: dict[str, Annotated[Dated[Levy], Field(min_length=1)]]
    segments: dict[Segment, dict[ChargedExchange, Levies]]
    gst: Annotated[Dated[Gst], Field(min_length=1)]
    contract_note: Annotated[Dated[NoteRule], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_known_rates(self) -> "ChargeRules":
        for segment, by_exchange in self.segments.items():
            for exchange, levies in by_exchange.items():
                for line in LEVIED:
                    rate = getattr(levies, line)
                    if rate is not None and rate not in self.rates:
                        place = f"segments.{segment.value}.{exchange}.{line}"
                        raise ValueError(f"{place}: {rate!r} is not among the rates")
        return self

    def levy(self, segment: Segment, exchange: str, line: Levied, day: date) -> Levy | None:
        """Return the rate of *line* on *day*; None where it is not levied."""
        levies = self._levies(segment, exchange)
        name: str | None = None if levies is None else getattr(levies, line)
        return None if name is None else on_day(self.rates[name], day)

    def knows(self, segment: Segment, exchange: str) -> bool:
        """Does any table say what is charged there?"""
        return self._levies(segment, exchange) is not None

    def _levies(self, segment: Segment, exchange: str) -> Levies | None:
        by_exchange: dict[Any, Levies] = dict(self.segments.get(segment, {}))
        return by_exchange.get(exchange)


class BrokerageRules(_Entry):
    """brokerage.yaml."""

    plans: dict[str, Plan]


def on_day(rules: Sequence[R], day: date) -> R:
    """Return the rule that holds on *day*; before the first, the first."""
    return in_force(rules, day) or rules[0]
