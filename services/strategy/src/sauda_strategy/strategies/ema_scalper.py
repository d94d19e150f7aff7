"""Follows crossings of a fast and a slow EMA, in the direction that the same two show on a longer timeframe."""

from datetime import time
from typing import Literal

from pydantic import Field, field_validator, model_validator

from sauda.bars.timeframes import length_ns
from sauda_strategy.api import EMA, Bar, Intent, Side, TimeOfDay
from sauda_strategy.strategies.crossing import Crossing
from sauda_strategy.strategies.directional import Directional
from sauda_strategy.strategies.directional_rules import DirectionalRules, known_timeframe


class EmaScalperRules(DirectionalRules):
    """What can be set."""

    kind: Literal["ema_scalper"]
    timeframe: str = "1m"
    confirm_timeframe: str = "5m"
    """Where the trend is read; longer than `timeframe`."""
    fast: int = Field(default=8, ge=1, le=1000, strict=True)
    """Bars of the fast EMA, on both timeframes."""
    slow: int = Field(default=21, ge=2, le=2000, strict=True)
    debounce_bars: int = Field(default=2, ge=1, le=1000, strict=True)
    """Bars that a crossing must stand before it counts, its own among them."""
    cooldown_bars: int = Field(default=3, ge=0, le=10_000, strict=True)
    entry_from: TimeOfDay | None = time(9, 20)
    entry_until: TimeOfDay | None = time(15, 0)
    exit_time: TimeOfDay | None = time(15, 15)

    _confirm_timeframe = field_validator("confirm_timeframe")(known_timeframe)

    @model_validator(mode="after")
    def _in_order(self) -> "EmaScalperRules":
        if self.fast >= self.slow:
            raise ValueError(f"fast {self.fast} must be shorter than slow {self.slow}")
        if length_ns(self.confirm_timeframe) <= length_ns(self.timeframe):
            raise ValueError(
                f"confirm_timeframe {self.confirm_timeframe} must be longer than timeframe {self.timeframe}"
            )
        return self


class EmaScalper(Directional):
    """In with a crossing that stood `debounce_bars` and goes with the trend; out with one against the position."""

    Rules = EmaScalperRules

    def prepare(self) -> None:
        """Read the same two means on both timeframes."""
        rules = self.rules
        self.crossing = self.track(self._pair(), rules.instrument, rules.timeframe)
        self.trend = self.track(self._pair(), rules.instrument, rules.confirm_timeframe)

    def decide(self, bar: Bar) -> list[Intent]:
        """Look at how long the crossing has stood."""
        stood, debounce = self.crossing.value or 0, self.rules.debounce_bars
        intents: list[Intent] = []
        if self.view is not None and stood * self.view.sign <= -debounce:
            intents += self.leave(f"EMA {self.rules.fast} crossed EMA {self.rules.slow} against it")
        if abs(stood) == debounce and stood * self.trend.side > 0:
            side = Side.BUY if stood > 0 else Side.SELL
            intents += self.enter(side, self._why(side), bar)
        return intents

    def _pair(self) -> Crossing:
        return Crossing(EMA(self.rules.fast), EMA(self.rules.slow))

    def _why(self, side: Side) -> str:
        rules, way = self.rules, "above" if side is Side.BUY else "below"
        return (
            f"EMA {rules.fast} crossed {way} EMA {rules.slow} on {rules.timeframe} bars,"
            f" as it stands on {rules.confirm_timeframe}"
        )
