"""A contract's day so far, summed up: minute bars, the day's open, high and low, the average price.

The last trade is looked at every ten seconds: fine enough for a chart, cheap enough to catch up with
a whole day when somebody asks late.
"""

from dataclasses import dataclass

from sauda.money import Paise, Units
from sauda_simulator.market.pricing import Pricer
from sauda_simulator.market.underlying import QUARTERS

_STEP_S = 10
_MINUTE_S = 60


@dataclass(slots=True)
class MinuteBar:
    """One minute of trading."""

    open: Paise
    high: Paise
    low: Paise
    close: Paise
    turnover: int
    """Price times units, paise."""
    volume: Units
    """Units traded in this minute."""
    cumulative: Units
    """Units traded since the open."""
    oi: Units


class DaySummary:
    """Follows one contract through its day."""

    def __init__(self, pricer: Pricer) -> None:
        self._pricer = pricer
        self.minutes: list[MinuteBar] = []
        """Minute of the session -> its bar; the last one may still be growing."""
        self._next_second = 0
        self._volume = 0
        self._turnover = 0
        self._high = 0
        self._low = 0

    def advance(self, second: int) -> None:
        """Take in everything up to and including *second* of the session."""
        for moment in range(self._next_second, second + 1, _STEP_S):
            self._take(moment)
            self._next_second = moment + _STEP_S

    def seen(self, ltp: Paise) -> None:
        """Widen the day's range to a price that somebody was shown: high and low never contradict it."""
        self._high = max(self._high, ltp)
        self._low = min(self._low, ltp)

    @property
    def open(self) -> Paise:
        """Return the first price of the day."""
        return self.minutes[0].open

    @property
    def high(self) -> Paise:
        """Return the greatest price so far."""
        return self._high

    @property
    def low(self) -> Paise:
        """Return the least price so far."""
        return self._low

    @property
    def average(self) -> Paise | None:
        """Return the volume-weighted average price; None where nothing is traded, as in an index."""
        return self._turnover // self._volume if self._volume else None

    def _take(self, second: int) -> None:
        trade = self._pricer.trade(second * QUARTERS)
        fresh = trade.volume - self._volume
        if second == 0:
            self._high = self._low = trade.ltp
        if second // _MINUTE_S == len(self.minutes):
            self.minutes.append(
                MinuteBar(trade.ltp, trade.ltp, trade.ltp, trade.ltp, 0, 0, trade.volume, trade.oi)
            )
        bar = self.minutes[-1]
        bar.high, bar.low, bar.close = max(bar.high, trade.ltp), min(bar.low, trade.ltp), trade.ltp
        bar.turnover += fresh * trade.ltp
        bar.volume += fresh
        bar.cumulative, bar.oi = trade.volume, trade.oi
        self._volume = trade.volume
        self._turnover += fresh * trade.ltp
        self.seen(trade.ltp)
