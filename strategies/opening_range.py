"""Trades the first break out of the morning's range: an example to copy. docs/writing-strategies.md explains it."""

from datetime import time

from sauda.clock import to_ist
from sauda_strategy.api import Bar, Intents, Side, Strategy, Target, TimeOfDay, TradingRules, UnderlyingName


class OpeningRange(Strategy):
    """Long in the future above the highest price up to `range_until`, short below the lowest, once a day."""

    class Rules(TradingRules):
        """What can be set, beside what `TradingRules` know: lots, stop_points, exit_time and so on."""

        instrument: str = "NSE:Nifty 50"
        """Whose minutes decide."""
        underlying: UnderlyingName = "NIFTY"
        """Whose future is traded."""
        range_until: TimeOfDay = time(9, 30)

    def setup(self) -> None:
        """Listen to the minutes, and begin without a range."""
        self.watch(self.rules.instrument, "1m")
        self.contracts(self.rules.underlying)
        self.day = ""
        self.high = self.low = 0
        self.is_done = False

    def on_bar(self, bar: Bar) -> Intents:
        """Trade the first close outside the range."""
        at = to_ist(bar.event_ns)
        if at.time() <= self.rules.range_until:
            return None
        if self.day != at.date().isoformat():
            self.begin(bar, at.date().isoformat())
        future = self.contracts(self.rules.underlying).future
        if self.is_done or future is None or self.low <= bar.close <= self.high:
            return None
        self.is_done = True
        side = Side.BUY if bar.close > self.high else Side.SELL
        close, low, high = (f"{paise / 100:.2f}" for paise in (bar.close, self.low, self.high))
        return Target(future.instrument, side, f"close {close} outside {low} to {high}")

    def begin(self, bar: Bar, day: str) -> None:
        """Look at the day's first bars, whether they were seen live or fetched after a late start."""
        ends = [(to_ist(one.event_ns), one) for one in self.bars(bar.instrument, "1m")]
        first = [
            one for at, one in ends if at.date().isoformat() == day and at.time() <= self.rules.range_until
        ]
        self.day, self.is_done = day, not first
        if first:
            self.high, self.low = max(one.high for one in first), min(one.low for one in first)
