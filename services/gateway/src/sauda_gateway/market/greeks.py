"""What an option's price implies: volatility, and by how much the price moves with each of what it depends on. Pure.

Black (1976) on the forward, as in `sauda.margin.black76`; gamma, vega and theta are its derivatives, see Hull, Options, Futures, and
Other Derivatives, "Futures options and Black's model". Delta and gamma are those on the forward, theta holds the forward still.
"""

from math import exp, log, pi, sqrt
from typing import Final

import msgspec

from sauda.margin.black76 import delta, implied_vol, value
from sauda.money import Paise

_SQRT_2PI: Final = sqrt(2.0 * pi)
_LEAST_VOL: Final = 0.0101
_MOST_VOL: Final = 2.99
"""At its borders `implied_vol` says no more than that the price lies beyond them."""
_DAYS: Final = 365
_PAISE: Final = 100


class Greeks(msgspec.Struct, frozen=True):
    """Of one unit of the contract."""

    iv: float
    """Implied volatility, percent a year."""
    delta: float
    gamma: float
    """By how much delta moves with one rupee of the forward."""
    theta: Paise
    """Paise that it loses (negative) in one day."""
    vega: Paise
    """Paise for one point (percent) of volatility."""


def greeks(
    premium: float, forward: float, strike: float, years: float, rate: float, *, call: bool
) -> Greeks | None:
    """Return what *premium* implies; None where it implies nothing: at or below what exercise gives, or out of all reason.

    Args:
        premium: Paise.
        forward: Paise, of the underlying for delivery at expiry; above zero.
        strike: Paise.
        years: To expiry, above zero.
        rate: A year, a fraction.
        call: False for a put.
    """
    discount = exp(-rate * years)
    if premium <= value(forward, strike, 0.0, discount, call=call):
        return None
    vol = implied_vol(premium, forward, strike, years, rate, call=call)
    if not _LEAST_VOL < vol < _MOST_VOL:
        return None
    root = sqrt(years)
    deviation = vol * root
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    bell = discount * exp(-0.5 * d1 * d1) / _SQRT_2PI
    decay = rate * premium - forward * bell * vol / (2 * root)
    return Greeks(
        iv=round(vol * 100, 2),
        delta=round(delta(forward, strike, deviation, discount, call=call), 4),
        gamma=round(bell / (forward * deviation) * _PAISE, 6),
        theta=round(decay / _DAYS),
        vega=round(forward * bell * root / 100),
    )
