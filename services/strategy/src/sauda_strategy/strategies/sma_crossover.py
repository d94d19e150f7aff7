"""Holds the direction of the latest crossing of a fast and a slow simple mean."""

from datetime import time
from typing import Literal

from pydantic import Field, model_validator

from sauda_strategy.api import SMA, Bar, Intent, Side, TimeOfDay
from sauda_strategy.strategies.crossing import Crossing
from sauda_strategy.strategies.directional import Directional
from sauda_strategy.strategies.directional_rules import DirectionalRules


class SmaCrossoverRules(DirectionalRules):
    """What can be set."""

    kind: Literal["sma_crossover"]
    timeframe: str = "15m"
    fast: int = Field(default=20, ge=1, le=1000, strict=True)
    """Bars of the fast mean."""
    slow: int = Field(default=50, ge=2, le=2000, strict=True)
    entry_until: TimeOfDay | None = time(15, 25)

    @model_validator(mode="after")
    def _in_order(self) -> "SmaCrossoverRules":
        if self.fast >= self.slow:
            raise ValueError(f"fast {self.fast} must be shorter than slow {self.slow}")
        return self


class SmaCrossover(Directional):
    """Long from the bar on which the fast mean rises above the slow one, short from that on which it falls below."""

    Rules = SmaCrossoverRules

    def prepare(self) -> None:
        """Read the two means."""
        pair = Crossing(SMA(self.rules.fast), SMA(self.rules.slow))
        self.crossing = self.track(pair, self.rules.instrument, self.rules.timeframe)

    def decide(self, bar: Bar) -> list[Intent]:
        """Turn where they cross."""
        intents: list[Intent] = []
        if self.view is not None and self.crossing.side * self.view.sign < 0:
            intents += self.leave(f"SMA {self.rules.fast} crossed SMA {self.rules.slow} against it")
        if self.crossing.value in (1, -1):
            side = Side.BUY if self.crossing.value > 0 else Side.SELL
            way = "above" if side is Side.BUY else "below"
            why = f"SMA {self.rules.fast} crossed {way} SMA {self.rules.slow} on {bar.timeframe} bars"
            intents += self.enter(side, why, bar)
        return intents
