"""Where the stop and the target of an entry stand, on prices that the exchange takes. Pure."""

from collections.abc import Callable
from decimal import Decimal

from sauda.contracts import Side
from sauda.money import Paise, Rounding, to_paise, to_tick
from sauda_strategy.trading.work import Entry
from sauda_strategy.trading_rules import TradingRules


class Protection:
    """What the intent says, else what the position had that is rolled over, else what the rules say."""

    def __init__(self, terms: Callable[[], TradingRules]) -> None:
        self._terms = terms

    def around(self, entry: Entry, price: Paise, tick_size: Paise) -> tuple[Paise | None, Paise | None]:
        """Return stop and target of an *entry* that would trade at *price*; None where there is none.

        Both are rounded away from the price: neither is nearer than was asked for.
        """
        stop, target = self._stop(entry, price), self._target(entry, price)
        up, down = Rounding.UP, Rounding.DOWN
        losing, winning = (down, up) if entry.side is Side.BUY else (up, down)
        return (
            None if stop is None else max(tick_size, to_tick(stop, tick_size, losing)),
            None if target is None else max(tick_size, to_tick(target, tick_size, winning)),
        )

    def _stop(self, entry: Entry, price: Paise) -> float | None:
        if entry.stop is not None:
            return float(entry.stop)
        if entry.stop_away is not None:
            return float(price - entry.side.sign * entry.stop_away)
        return self.stop(entry.side, price)

    def _target(self, entry: Entry, price: Paise) -> float | None:
        if entry.target is not None:
            return float(entry.target)
        if entry.target_away is not None:
            return float(price + entry.side.sign * entry.target_away)
        return self.target(entry.side, price)

    def stop(self, side: Side, price: Paise) -> float | None:
        """Return where the rules put the stop of an entry at *price*."""
        terms = self._terms()
        away = _distance(price, terms.stop_points, terms.stop_percentage)
        return None if away is None else price - side.sign * away

    def target(self, side: Side, price: Paise) -> float | None:
        """Return where the rules put its target."""
        terms = self._terms()
        away = _distance(price, terms.target_points, terms.target_percentage)
        return None if away is None else price + side.sign * away


def _distance(price: Paise, points: Decimal | None, percentage: float | None) -> float | None:
    if points is not None:
        return float(to_paise(points))
    return None if percentage is None else price * percentage / 100
