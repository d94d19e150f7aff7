"""What volatility the market charges for which strike.

At-the-money volatility drifts from one day's level to the next; low strikes cost more than high
ones (the skew of index options) and both wings more than the middle. One volatility per strike for
both rights, so put-call parity holds by construction.
"""

from datetime import date
from math import exp, log, sqrt

from sauda_simulator.market.index_path import model_of
from sauda_simulator.market.noise import key_of, uniform

_SKEW = 0.06
_WINGS = 0.025
_FLOOR, _CEILING = 0.05, 1.5


def at_the_money(seed: int, name: str, day: date) -> float:
    """Return the at-the-money volatility of index *name* at the end of *day*, yearly fraction."""
    swing = (
        uniform(key_of(seed, "vol", day.toordinal()), 0) + uniform(key_of(seed, name, "vol", day), 0) - 1.0
    )
    return model_of(name).implied_vol * exp(0.25 * swing)


def smile(at_the_money_vol: float, forward: float, strike: float, years: float) -> float:
    """Return the volatility of *strike*, yearly fraction.

    Distance is measured in standard deviations, with at least a trading day's time: in the last
    minutes of a contract every strike would otherwise be infinitely far away.
    """
    deviations = log(strike / forward) / (at_the_money_vol * sqrt(max(years, 1 / 252)))
    deviations = max(-6.0, min(6.0, deviations))
    factor = 1.0 - _SKEW * deviations + _WINGS * deviations * deviations
    return max(_FLOOR, min(_CEILING, at_the_money_vol * factor))
