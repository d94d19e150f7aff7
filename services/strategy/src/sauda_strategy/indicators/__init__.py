"""Indicators that take one value after the other, and whose memory is bounded and survives a restart to the bit.

Prices are paise, and so is what they show, unless it is an index from 0 to 100 or a share in percent.
"""

from sauda_strategy.indicators.averages import EMA, SMA, Wilder
from sauda_strategy.indicators.momentum import MACD, ROC, RSI, Macd
from sauda_strategy.indicators.ranges import ATR, Bands, Bollinger
from sauda_strategy.indicators.study import Number, Study
from sauda_strategy.indicators.trend import ADX, Direction, Supertrend, Trend
from sauda_strategy.indicators.volume import VWAP

__all__ = [
    "ADX",
    "ATR",
    "EMA",
    "MACD",
    "ROC",
    "RSI",
    "SMA",
    "VWAP",
    "Bands",
    "Bollinger",
    "Direction",
    "Macd",
    "Number",
    "Study",
    "Supertrend",
    "Trend",
    "Wilder",
]
