"""What the market shows of a contract: the last trade, the best bid and offer, the levels behind them."""

from dataclasses import dataclass

from sauda.money import Paise, Units


@dataclass(frozen=True, slots=True)
class Level:
    """One price of an order book side."""

    price: Paise
    qty: Units
    orders: int


@dataclass(frozen=True, slots=True)
class Trade:
    """The last trade of a contract, and what the day's trading has come to."""

    ltp: Paise
    second: int
    """Second of the session in which it happened."""
    volume: Units = 0
    """Since the open; an index has none."""
    oi: Units = 0
    last_qty: Units = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and offer."""

    bid: Paise
    ask: Paise
    bid_qty: Units
    ask_qty: Units
