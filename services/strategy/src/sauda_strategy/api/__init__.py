"""Everything that a strategy is written with: `from sauda_strategy.api import Strategy, Rules, Target, ...`."""

from sauda.contracts import Bar, Fill, Instrument, InstrumentId, Right, Side, Tick
from sauda_strategy.api.intents import Buy, Exit, Intent, Opinion, Sell, Target
from sauda_strategy.api.strategy import Contracts, Indicator, Intents, Strategy
from sauda_strategy.rules import Rules, TimeOfDay, UnderlyingName

__all__ = [
    "Bar",
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
    "Target",
    "Tick",
    "TimeOfDay",
    "UnderlyingName",
]
