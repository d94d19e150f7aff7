"""Two exponential means of every quote's middle; long while the fast one is above, else short. The rival's is the same, line by line."""

from pydantic import Field

from sauda_strategy.api import EMA, Intents, Side, Strategy, Target, Tick, TradingRules


class QuoteCross(Strategy):
    """Turns at each cross."""

    class Rules(TradingRules):
        """What can be set."""

        instrument: str
        fast: int = Field(default=400, ge=1)
        slow: int = Field(default=1600, ge=2)

    def setup(self) -> None:
        """Listen to one instrument's ticks."""
        self.watch(self.rules.instrument)
        # From the very first value on, as the rival's.
        self.fast = EMA(self.rules.fast, seed="first")
        self.slow = EMA(self.rules.slow, seed="first")
        self.seen = 0
        self.is_long: bool | None = None

    def on_tick(self, tick: Tick) -> Intents:
        """Feed both means; say where to stand when that has changed."""
        middle = (tick.bid + tick.ask) / 2  # type: ignore[operator]  # the benchmark's market always quotes
        self.fast.add(middle)
        self.slow.add(middle)
        self.seen += 1
        if self.seen < self.rules.slow:
            return None
        is_long = self.fast.value > self.slow.value  # type: ignore[operator]  # both have seen enough
        if is_long is self.is_long:
            return None
        self.is_long = is_long
        return Target(tick.instrument, Side.BUY if is_long else Side.SELL, "means crossed")
