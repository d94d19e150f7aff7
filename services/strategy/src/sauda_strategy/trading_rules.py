"""What can be set for every strategy that the host carries: how much, when, and how its orders are protected.

A strategy's own rules derive from it:  class Rules(TradingRules): length: int = 20
"""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from sauda.contracts import Product
from sauda.money import Paise, to_paise
from sauda_strategy.rules import Rules, TimeOfDay


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class TradingRules(Rules):
    """Sizing, protection, hours; each has a default."""

    lots: int = Field(default=1, ge=1, le=10_000, strict=True)
    """Lots of each entry, where neither of the next two says how many."""
    risk_percent: float | None = Field(default=None, gt=0, le=100, allow_inf_nan=False)
    """Share of the capital that an entry may lose at its stop."""
    margin_percent: float | None = Field(default=None, gt=0, le=100, allow_inf_nan=False)
    """Share of the available money that an entry may need."""
    margin_per_lot: Decimal | None = Field(default=None, gt=0)
    """Rupees that one lot of a future, or of options sold, blocks; for `margin_percent`."""
    capital: Decimal | None = Field(default=None, gt=0)
    """Rupees, for the two above while the exchange has not told the account."""
    max_lots: int | None = Field(default=None, ge=1, strict=True)
    """The most that one entry may have, however it was sized."""
    stop_points: Decimal | None = Field(default=None, gt=0)
    stop_percentage: float | None = Field(default=None, gt=0, lt=100, allow_inf_nan=False)
    """Where the stop of an entry stands that names none: so far on its losing side."""
    target_points: Decimal | None = Field(default=None, gt=0)
    target_percentage: float | None = Field(default=None, gt=0, le=1000, allow_inf_nan=False)
    """Where its profit is taken."""
    product: Annotated[Product, BeforeValidator(_upper)] = Product.NRML
    entry_from: TimeOfDay | None = None
    entry_until: TimeOfDay | None = None
    """Between these nothing is opened that day; None: no such bound."""
    exit_time: TimeOfDay | None = None
    """When everything is closed; nothing is opened after it that day."""
    roll_days: int = Field(default=1, ge=0, le=30, strict=True)
    """Trading days before its expiry on which a future is left for the next one."""
    warmup_bars: int = Field(default=300, ge=0, le=100_000, strict=True)
    """Bars of the past that each watched series begins with; 0: none."""

    @model_validator(mode="after")
    def _one_way_each(self) -> "TradingRules":
        for one, other in (
            ("risk_percent", "margin_percent"),
            ("stop_points", "stop_percentage"),
            ("target_points", "target_percentage"),
        ):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise ValueError(f"{one} and {other} say two things: keep one of them")
        last = self.exit_time or self.entry_until
        first = self.entry_from or self.entry_until
        for begins, ends in ((first, last), (first, self.entry_until), (self.entry_until, self.exit_time)):
            if begins is not None and ends is not None and ends < begins:
                raise ValueError(
                    f"{ends:%H:%M} must come after {begins:%H:%M}: entry_from, entry_until, exit_time"
                )
        return self

    @property
    def capital_paise(self) -> Paise | None:
        """Return the capital."""
        return None if self.capital is None else to_paise(self.capital)


def terms_of(rules: Rules) -> TradingRules:
    """Return what *rules* say of trading: those that derive from `Rules` alone take every default."""
    if isinstance(rules, TradingRules):
        return rules
    return TradingRules(kind=rules.kind, enabled=rules.enabled, mode=rules.mode)
