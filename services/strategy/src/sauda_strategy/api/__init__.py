"""Everything that a strategy is written with: `from sauda_strategy.api import Strategy, Rules, Target, ...`."""

from sauda.contracts import Bar, Fill, Instrument, InstrumentId, Right, Side, Tick
from sauda_strategy.api.intents import Buy, Exit, Intent, Opinion, Sell, Target
from sauda_strategy.api.strategy import Contracts, Indicator, Intents, Strategy
from sauda_strategy.indicators import ADX, ATR, EMA, MACD, ROC, RSI, SMA, VWAP, Bollinger, Study, Supertrend
from sauda_strategy.rules import Rules, TimeOfDay, UnderlyingName
from sauda_strategy.trading_rules import TradingRules

__all__ = [
    "ADX",
    "ATR",
    "EMA",
    "MACD",
    "ROC",
    "RSI",
    "SMA",
    "VWAP",
    "Bar",
    "Bollinger",
    "Buy",
    "Contracts",
    "Exit",
    "Fill",
    "Indicator",
    "Instrument",
    "InstrumentId",
    "Intent",
    "Intents",
    "Opinion",
    "Right",
    "Rules",
    "Sell",
    "Side",
    "Strategy",
    "Study",
    "Supertrend",
    "Target",
    "Tick",
    "TimeOfDay",
    "TradingRules",
    "UnderlyingName",
]
