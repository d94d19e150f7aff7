"""What a European option on a forward is worth (Black, 1976), and the volatility a price implies."""

from math import erfc, exp, log, sqrt

_SQRT2 = sqrt(2.0)
RATE = 0.065
"""The yearly interest rate at which forwards carry and premiums are discounted."""


def _cumulative(x: float) -> float:
    return 0.5 * erfc(-x / _SQRT2)


def value(forward: float, strike: float, deviation: float, discount: float, *, call: bool) -> float:
    """Return the premium, in the unit of *forward*.

    Args:
        forward: Price of the underlying for delivery at expiry.
        strike: Same unit as *forward*.
        deviation: Volatility times the square root of the time left; zero gives the intrinsic value.
        discount: Today's worth of one rupee at expiry.
        call: True for the right to buy, False for the right to sell.
    """
    sign = 1.0 if call else -1.0
    if deviation <= 0:
        return discount * max(0.0, sign * (forward - strike))
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    held = forward * _cumulative(sign * d1) - strike * _cumulative(sign * (d1 - deviation))
    return max(0.0, discount * sign * held)


def implied_vol(premium: float, forward: float, strike: float, years: float, *, call: bool) -> float:
    """Return the yearly volatility at which `value` gives *premium*, between 1 % and 300 % (bisection)."""
    low, high, discount, root = 0.01, 3.0, exp(-RATE * years), sqrt(years)
    for _ in range(40):
        middle = 0.5 * (low + high)
        if value(forward, strike, middle * root, discount, call=call) < premium:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
