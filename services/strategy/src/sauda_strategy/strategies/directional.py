"""What strategies on a direction have in common: a view, taken and given up with bars; what is traded for it.

The view follows from bars alone, never from fills: the same bars give the same signals, however fast the exchange was. A stop
that the exchange kept may have closed the position before; the view then stands until the strategy gives it up, so nothing is
opened again on the same idea.
"""

from typing import Any

from sauda.clock import to_ist
from sauda.money import Paise, to_tick
from sauda_strategy.api import (
    Bar,
    Exit,
    InstrumentId,
    Intent,
    Intents,
    Right,
    Side,
    Strategy,
    Target,
    TimeOfDay,
)
from sauda_strategy.strategies.directional_rules import DirectionalRules


class Directional(Strategy):
    """A subclass prepares its indicators in `prepare` and says in `decide` what a bar changes."""

    Rules: type[DirectionalRules] = DirectionalRules

    def prepare(self) -> None:
        """Declare indicators."""
        raise NotImplementedError

    def decide(self, bar: Bar) -> list[Intent]:
        """Return what a bar of the rules' instrument and timeframe changes: what `enter` and `leave` say."""
        raise NotImplementedError

    def setup(self) -> None:
        """Listen, and begin without a view."""
        self.view: Side | None = None
        self.traded: InstrumentId | None = None
        """For the view; a future is rolled by the host, so it may be another one by now."""
        self.bars_out: int = self.rules.cooldown_bars
        """Bars since the last exit."""
        if self.rules.trade != "instrument":
            self.contracts(self.rules.traded_underlying)
        if self.rules.exit_time is not None:
            self.call_at(self.rules.exit_time)
        self.prepare()

    def on_start(self) -> Intents:
        """Give up a view for which nothing is held: somebody stopped us and squared off."""
        future = self._future()
        if not any(self.held(name) for name in (self.traded, future) if name is not None):
            self.view = self.traded = None
        return None

    def on_time(self, at: TimeOfDay) -> Intents:
        """Give up the view at `exit_time`."""
        return self.leave(f"it is {at:%H:%M}")

    def on_bar(self, bar: Bar) -> Intents:
        """Count, and decide."""
        if bar.instrument != self.rules.instrument or bar.timeframe != self.rules.timeframe:
            return None
        self.bars_out += self.view is None
        return self.decide(bar)

    def leave(self, why: str) -> list[Intent]:
        """Give up the view, if there is one: whatever is held for it is closed."""
        if self.view is None:
            return []
        self.view = self.traded = None
        self.bars_out = 0
        return [Exit(why)]

    def enter(self, side: Side, why: str, bar: Bar, stop_distance: float | None = None) -> list[Intent]:
        """Take a view, if none stands and the rules allow it now.

        Args:
            side: BUY to be long, SELL to be short.
            why: For the signal.
            bar: The one that decided.
            stop_distance: How far from the price the exchange shall keep a stop, paise; not on options, whose prices move otherwise.
        """
        if self.view is not None or not self._may_enter(side, bar):
            return []
        is_option = self.rules.trade == "option"
        traded = self._option(side) if is_option else self._future()
        if traded is None:
            return []
        self.view, self.traded = side, traded
        if is_option:
            return [Target(traded, Side.BUY, why)]
        return [Target(traded, side, why, stop=self._stop(traded, side, bar, stop_distance))]

    def _may_enter(self, side: Side, bar: Bar) -> bool:
        rules, now = self.rules, to_ist(bar.event_ns).time()
        ends = [one for one in (rules.entry_until, rules.exit_time) if one is not None]
        in_time = (rules.entry_from is None or rules.entry_from <= now) and all(now < one for one in ends)
        return in_time and not bar.torn and rules.allows(side) and self.bars_out >= rules.cooldown_bars

    def _future(self) -> InstrumentId | None:
        """Return what is bought to be long and sold to be short: the future, or the instrument itself."""
        if self.rules.trade == "instrument":
            return str(self.rules.instrument)
        future = self.contracts(self.rules.traded_underlying).future
        return None if future is None else future.instrument

    def _option(self, side: Side) -> InstrumentId | None:
        right = Right.CALL if side is Side.BUY else Right.PUT
        option = self.contracts(self.rules.traded_underlying).option(right)
        return None if option is None else option.instrument

    def _stop(self, traded: InstrumentId, side: Side, bar: Bar, distance: float | None) -> Paise | None:
        definition, quote = self.definition(traded), self.quote(traded)
        if distance is None or definition is None:
            return None
        price: Any = bar.close if traded == bar.instrument or quote is None else quote.ltp
        return to_tick(price - side.sign * distance, definition.tick_size)
