"""What intents are judged by: the trader asks, whoever carries the strategy answers."""

from collections.abc import Callable
from typing import NamedTuple

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId
from sauda_strategy.host.known import Known
from sauda_strategy.host.quotes import Quotes
from sauda_strategy.sizing.size import Means
from sauda_strategy.trading_rules import TradingRules


class Asks(NamedTuple):
    """What intents are judged by."""

    known: Known
    quotes: Quotes
    terms: Callable[[], TradingRules]
    """The rules in force."""
    means: Callable[[], Means]
    """What the account has."""
    may_open: Callable[[UnixNs], str | None]
    """Why nothing may be opened at that time, or None."""
    is_open: Callable[[InstrumentId, UnixNs], bool]
    """Whether an instrument's exchange trades at that time."""
