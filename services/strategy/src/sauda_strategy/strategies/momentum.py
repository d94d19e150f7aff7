"""Goes with a price that has begun to move fast, while it moves, with a stop at a distance of its usual range."""

from datetime import time
from typing import Literal

from pydantic import Field, model_validator

from sauda_strategy.api import ATR, ROC, Bar, Intent, Side, TimeOfDay
from sauda_strategy.strategies.directional import Directional
from sauda_strategy.strategies.directional_rules import DirectionalRules


class MomentumRules(DirectionalRules):
    """What can be set."""

    kind: Literal["momentum"]
    timeframe: str = "1m"
    length: int = Field(default=15, ge=1, le=1000, strict=True)
    """Bars over which the rate of change is taken."""
    threshold_percent: float = Field(default=0.2, gt=0, le=100, allow_inf_nan=False)
    """The rate of change that is fast: up, long; down, short."""
    atr_length: int = Field(default=14, ge=1, le=1000, strict=True)
    least_volatility_percent: float = Field(default=0.02, ge=0, le=100, allow_inf_nan=False)
    """The average true range, as a share of the price, below which nothing is opened."""
    stop_atr: float | None = Field(default=3.0, gt=0, le=100, allow_inf_nan=False)
    """Average true ranges from the price to the stop; None: none, or what `stop_points` or `stop_percentage` say."""
    cooldown_bars: int = Field(default=5, ge=0, le=10_000, strict=True)
    entry_from: TimeOfDay | None = time(9, 30)
    entry_until: TimeOfDay | None = time(15, 0)
    exit_time: TimeOfDay | None = time(15, 15)

    @model_validator(mode="after")
    def _one_stop(self) -> "MomentumRules":
        other = "stop_points" if self.stop_points is not None else "stop_percentage"
        if self.stop_atr is not None and getattr(self, other) is not None:
            raise ValueError(
                f"stop_atr and {other} say two things: write `stop_atr: null`, or leave {other} out"
            )
        return self


class Momentum(Directional):
    """In on the bar on which the rate of change passes the threshold, out when its sign turns."""

    Rules = MomentumRules

    def prepare(self) -> None:
        """Read the rate of change and the range."""
        rules = self.rules
        self.before: float | None = None
        """The rate of change on the bar before: a burst that we did not see begin is not joined."""
        self.change = self.track(ROC(rules.length), rules.instrument, rules.timeframe)
        self.swing = self.track(ATR(rules.atr_length), rules.instrument, rules.timeframe)

    def decide(self, bar: Bar) -> list[Intent]:
        """Look how fast the price moves now."""
        before, self.before = self.before, self.change.value
        change, swing = self.change.value, self.swing.value
        if change is None or swing is None:
            return []
        intents: list[Intent] = []
        if self.view is not None and change * self.view.sign <= 0:
            intents += self.leave(f"the move is over: {change:+.2f} %")
        side = Side.BUY if change > 0 else Side.SELL
        if (
            before is not None
            and self._began(before * side.sign, change * side.sign)
            and self._is_lively(swing, bar)
        ):
            why = f"{change:+.2f} % in {self.rules.length} bars"
            intents += self.enter(side, why, bar, self.rules.stop_atr and self.rules.stop_atr * swing)
        return intents

    def _began(self, before: float, now: float) -> bool:
        return bool(before < self.rules.threshold_percent <= now)

    def _is_lively(self, swing: float, bar: Bar) -> bool:
        return bool(100.0 * swing >= self.rules.least_volatility_percent * bar.close)
