"""Buys what has fallen too far and sells what has risen too far, by the RSI, until it is back in the middle."""

from datetime import time
from typing import Literal

from pydantic import Field, model_validator

from sauda_strategy.api import RSI, Bar, Intent, Side, TimeOfDay
from sauda_strategy.strategies.directional import Directional
from sauda_strategy.strategies.directional_rules import DirectionalRules


class RsiReversionRules(DirectionalRules):
    """What can be set; `stop_points` or `stop_percentage` put a stop behind each entry."""

    kind: Literal["rsi_reversion"]
    length: int = Field(default=14, ge=2, le=1000, strict=True)
    """Bars of the RSI."""
    low: float = Field(default=30.0, gt=0, lt=100, allow_inf_nan=False)
    """At or below it is oversold: long."""
    high: float = Field(default=70.0, gt=0, lt=100, allow_inf_nan=False)
    """At or above it is overbought: short."""
    middle: float = Field(default=50.0, gt=0, lt=100, allow_inf_nan=False)
    """Where the position is left."""
    entry_from: TimeOfDay | None = time(9, 30)
    entry_until: TimeOfDay | None = time(15, 0)
    exit_time: TimeOfDay | None = time(15, 15)

    @model_validator(mode="after")
    def _in_order(self) -> "RsiReversionRules":
        if not self.low < self.middle < self.high:
            raise ValueError(f"low {self.low:g} < middle {self.middle:g} < high {self.high:g} must hold")
        return self


class RsiReversion(Directional):
    """One position from too far to the middle; after a stop it waits for the middle too."""

    Rules = RsiReversionRules

    def prepare(self) -> None:
        """Read the RSI."""
        self.strength = self.track(RSI(self.rules.length), self.rules.instrument, self.rules.timeframe)

    def decide(self, bar: Bar) -> list[Intent]:
        """Look where the RSI stands."""
        rsi, rules = self.strength.value, self.rules
        if rsi is None:
            return []
        intents: list[Intent] = []
        if self.view is not None and (rsi - rules.middle) * self.view.sign >= 0:
            intents += self.leave(f"RSI {rules.length} is back at {rsi:.1f}")
        if rsi <= rules.low:
            intents += self.enter(Side.BUY, f"RSI {rules.length} is down to {rsi:.1f}", bar)
        elif rsi >= rules.high:
            intents += self.enter(Side.SELL, f"RSI {rules.length} is up to {rsi:.1f}", bar)
        return intents
