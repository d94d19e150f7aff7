"""Money is whole paise in an int; rupees are text that is parsed on arrival and printed for people.

A float is an opinion (a volatility, a model price). It becomes money through `to_tick` alone,
which says which way it rounds.
"""

import math
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TypeAlias

from sauda.errors import ContractError

Paise: TypeAlias = int
"""One hundredth of a rupee; `100_05` reads "Rs 100.05"."""

Units: TypeAlias = int
"""A quantity of the contract: lots x lot size, never lots."""


class Rounding(Enum):
    """Which way a price goes that lies between two ticks."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


def to_paise(rupees: str | float | Decimal) -> Paise:
    """Parse a price in rupees, rounding half away from zero to the paisa.

    Args:
        rupees: `"24512.35"`, `24512.35` or a Decimal.

    Raises:
        ContractError: it is not a finite number.
    """
    try:
        scaled = Decimal(str(rupees)) * 100
        if not scaled.is_finite():
            raise ContractError(f"price is not a finite number: {rupees!r}")
        return int(scaled.to_integral_value(rounding="ROUND_HALF_UP"))
    except InvalidOperation as error:
        raise ContractError(f"price is not a number: {rupees!r}") from error


def to_rupees(amount: Paise) -> str:
    """Print an amount as plain rupees: `-123456` is `"-1234.56"`."""
    sign = "-" if amount < 0 else ""
    rupees, paise = divmod(abs(amount), 100)
    return f"{sign}{rupees}.{paise:02d}"


def to_indian(amount: Paise) -> str:
    """Print an amount as Indians group it: `12345650` is `"1,23,456.50"`."""
    sign = "-" if amount < 0 else ""
    rupees, paise = divmod(abs(amount), 100)
    head, tail = divmod(rupees, 1000)
    groups = [f"{tail:03d}"] if head else [str(tail)]
    while head:
        head, pair = divmod(head, 100)
        groups.append(f"{pair:02d}" if head else str(pair))
    return f"{sign}{','.join(reversed(groups))}.{paise:02d}"


def to_tick(price: float, tick_size: Paise, rounding: Rounding = Rounding.NEAREST) -> Paise:
    """Turn a model's price, in paise, into one that the exchange accepts.

    Args:
        price: Paise, as a float.
        tick_size: The contract's step, paise, above zero.
        rounding: NEAREST takes the upper tick from exactly half way.
    """
    steps = price / tick_size
    match rounding:
        case Rounding.UP:
            # A hair above a tick is that tick: 110.25 x 1.25 must not round up a float's last bit.
            return math.ceil(round(steps, 9)) * tick_size
        case Rounding.DOWN:
            return math.floor(round(steps, 9)) * tick_size
        case Rounding.NEAREST:
            return math.floor(round(steps, 9) + 0.5) * tick_size
