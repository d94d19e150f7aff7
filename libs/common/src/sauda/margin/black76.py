"""What a European option on a forward is worth (Black, 1976), and the volatility that a price implies.

Black, F. (1976), The pricing of commodity contracts, Journal of Financial Economics 3. Prices may be in any unit.
"""

from collections.abc import Sequence
from math import erfc, exp, log, pi, sqrt

_SQRT2 = sqrt(2.0)
_SQRT_2PI = sqrt(2.0 * pi)
_LEAST_VOL, _MOST_VOL = 0.01, 3.0
_CLOSE_ENOUGH = 1e-9
_MOST_STEPS = 60


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


def delta(forward: float, strike: float, deviation: float, discount: float, *, call: bool) -> float:
    """Return by how much the premium moves with the forward; arguments as of `value`."""
    sign = 1.0 if call else -1.0
    if deviation <= 0:
        return discount * sign if sign * (forward - strike) > 0 else 0.0
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    return discount * sign * _cumulative(sign * d1)


def implied_vol(
    premium: float, forward: float, strike: float, years: float, rate: float, *, call: bool
) -> float:
    """Return the yearly volatility at which `value` gives *premium*, between 1 % and 300 %.

    Newton's steps, and where one would leave the bracket, bisection: a handful of steps for any price.

    Args:
        premium: What the option costs.
        forward: Same unit as *premium*, as is *strike*.
        strike: Above zero.
        years: Time to expiry, above zero.
        rate: The yearly interest rate, a fraction.
        call: As in `value`.
    """
    low, high, discount, root = _LEAST_VOL, _MOST_VOL, exp(-rate * years), sqrt(years)
    if value(forward, strike, low * root, discount, call=call) >= premium:
        return low
    if value(forward, strike, high * root, discount, call=call) <= premium:
        return high
    # What `value` and its slope say, with all that does not move with volatility taken out of the loop: 4 µs instead of 7.6,
    # and the same to the bit (tests/unit/margin/test_black76.py).
    sign = 1.0 if call else -1.0
    moneyness, worth_of, slope_of = log(forward / strike), discount * sign, discount * forward * root
    vol = 0.2
    for _ in range(_MOST_STEPS):
        deviation = vol * root
        d1 = moneyness / deviation + 0.5 * deviation
        held = forward * (0.5 * erfc(-sign * d1 / _SQRT2)) - strike * (
            0.5 * erfc(-sign * (d1 - deviation) / _SQRT2)
        )
        missing = premium - max(0.0, worth_of * held)
        if missing > 0:
            low = vol
        else:
            high = vol
        vega = slope_of * (exp(-0.5 * d1 * d1) / _SQRT_2PI)
        better = vol + missing / vega if vega > _CLOSE_ENOUGH * forward else 0.0
        if not low < better < high:
            better = 0.5 * (low + high)
        if abs(better - vol) < _CLOSE_ENOUGH:
            return better
        vol = better
    return vol


def values(
    forwards: Sequence[float],
    strike: float,
    deviations: Sequence[float],
    discount: float,
    *,
    call: bool,
) -> list[float]:
    """Return what `value` says of each of *forwards* with each of *deviations*, forward by forward, to the bit.

    In one loop, because sixteen scenarios of each leg are looked at for an order: 6 µs instead of 20.

    Args:
        forwards: Above zero; one price of the underlying each.
        strike: Same unit.
        deviations: Above zero, as of `value`.
        discount: As of `value`.
        call: As of `value`.
    """
    found: list[float] = []
    add, sign = found.append, 1.0 if call else -1.0
    worth_of, cuts = discount * sign, [(one, 0.5 * one) for one in deviations]
    for forward in forwards:
        moneyness = log(forward / strike)
        for deviation, half in cuts:
            d1 = moneyness / deviation + half
            worth = worth_of * (
                forward * (0.5 * erfc(-sign * d1 / _SQRT2))
                - strike * (0.5 * erfc(-sign * (d1 - deviation) / _SQRT2))
            )
            add(max(0.0, worth))
    return found
