"""The four kinds that sell options: which legs they want. What becomes of the legs is the same for all of them.

short_straddle   a call and a put at the money
short_strangle   both out of the money
iron_fly         a straddle between two bought wings
iron_condor      a strangle between two bought wings
"""

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from sauda.contracts import Right, Side
from sauda.money import Paise, to_paise
from sauda_strategy.option_rules import OptionRules, Percentage, ReentryAt, Rupees, Wanted

PerCent = Annotated[float, Field(gt=0, lt=50, allow_inf_nan=False)]


class ShortStraddleRules(OptionRules):
    """Sell a call and a put at the money, protect each by a stop, buy back what is left at the exit."""

    kind: Literal["short_straddle"]
    stop_loss_percentage: Percentage = 25.0


class ShortStrangleRules(OptionRules):
    """Sell a call above and a put below the money."""

    kind: Literal["short_strangle"]
    stop_loss_percentage: Percentage = 25.0
    sotm_percentage: PerCent | None = None
    """How far out of the money, in percent of the underlying's price, in place of `sotm_points`."""

    @model_validator(mode="after")
    def _stands_apart(self) -> "ShortStrangleRules":
        _one_distance(self.sotm_points, self.sotm_percentage)
        return self

    def wanted(self, price: Paise) -> tuple[Wanted, ...]:
        """Return the call and the put."""
        return _pair(self, _distance(self.sotm_points, self.sotm_percentage, price))


class IronRules(OptionRules):
    """What is sold stands between two options bought further out: the most that can be lost is known."""

    wing_points: Rupees
    """How far outside of what is sold the bought options stand, in points."""

    @model_validator(mode="after")
    def _wings_fit(self) -> "IronRules":
        if self.reentry_at is ReentryAt.ATM:
            raise ValueError("reentry_at: atm would move what is sold away from its wing: take same")
        return self

    def distance(self, price: Paise) -> Paise:
        """Return how far out of the money the sold options stand."""
        return to_paise(self.sotm_points)

    def wanted(self, price: Paise) -> tuple[Wanted, ...]:
        """Return the wings, then what is sold between them."""
        call, put = _pair(self, self.distance(price))
        wing = to_paise(self.wing_points)
        return (
            Wanted("CEW", Right.CALL, call.offset + wing, Side.BUY),
            Wanted("PEW", Right.PUT, put.offset - wing, Side.BUY),
            call,
            put,
        )


class IronFlyRules(IronRules):
    """Sell a straddle and buy its wings."""

    kind: Literal["iron_fly"]

    @model_validator(mode="after")
    def _is_at_the_money(self) -> "IronFlyRules":
        if self.sotm_points:
            raise ValueError("sotm_points: an iron fly is sold at the money: take iron_condor")
        return self


class IronCondorRules(IronRules):
    """Sell a strangle and buy its wings."""

    kind: Literal["iron_condor"]
    sotm_percentage: PerCent | None = None
    """How far out of the money, in percent of the underlying's price, in place of `sotm_points`."""

    @model_validator(mode="after")
    def _stands_apart(self) -> "IronCondorRules":
        _one_distance(self.sotm_points, self.sotm_percentage)
        return self

    def distance(self, price: Paise) -> Paise:
        """Return how far out of the money the sold options stand."""
        return _distance(self.sotm_points, self.sotm_percentage, price)


OPTION_KINDS: Final[dict[str, type[OptionRules]]] = {
    "short_straddle": ShortStraddleRules,
    "short_strangle": ShortStrangleRules,
    "iron_fly": IronFlyRules,
    "iron_condor": IronCondorRules,
}


def _one_distance(points: Decimal, percentage: float | None) -> None:
    if bool(points) == (percentage is not None):
        raise ValueError(
            "sotm_points and sotm_percentage: say by one of them how far out of the money to sell"
        )


def _distance(points: Decimal, percentage: float | None, price: Paise) -> Paise:
    if percentage is None:
        return to_paise(points)
    return int(price * Decimal(str(percentage)) / 100)


def _pair(rules: OptionRules, distance: Paise) -> tuple[Wanted, Wanted]:
    bias = to_paise(rules.bias_points)
    return Wanted("CE", Right.CALL, bias + distance), Wanted("PE", Right.PUT, bias - distance)
