"""How much of a Sharpe ratio is luck? The probabilistic and the deflated Sharpe ratio.

Both take the Sharpe ratio of one observation (a day), not the yearly one. Formulas:
D. H. Bailey, M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15 (2012), 3-44 (probabilistic);
D. H. Bailey, M. Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting and
Non-Normality", Journal of Portfolio Management 40 (2014), 94-107 (deflated).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, variance
from typing import Final

import msgspec

_NORMAL: Final = NormalDist()
_EULER_MASCHERONI: Final = 0.5772156649015329


class Shape(msgspec.Struct, frozen=True):
    """What is known of one series of daily returns."""

    sharpe: float
    """Of a day."""
    skewness: float
    kurtosis: float
    """Not excess: 3 for a normal distribution."""
    days: int


def probabilistic_sharpe(shape: Shape, benchmark: float = 0.0) -> float | None:
    """Return the probability that the true Sharpe ratio of a day is above *benchmark*.

    PSR(SR*) = Z[(SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1) / 4 SR^2)], with n days, skewness g3, kurtosis g4
    and Z the distribution function of the standard normal. None where the root has no value.
    """
    spread = 1 - shape.skewness * shape.sharpe + (shape.kurtosis - 1) / 4 * shape.sharpe**2
    if spread <= 0 or shape.days < 2:
        return None
    return _NORMAL.cdf((shape.sharpe - benchmark) * math.sqrt(shape.days - 1) / math.sqrt(spread))


def expected_best(trials: int, spread: float) -> float:
    """Return the best Sharpe ratio that *trials* tries without merit are expected to show.

    SR0 = sqrt(V) ((1 - g) Z^-1[1 - 1/N] + g Z^-1[1 - 1/(N e)]), with N tries, V the variance of their Sharpe ratios and
    g the Euler-Mascheroni constant. One try has nothing to choose from: 0.

    Args:
        trials: How many were made, all of them. They count as independent, which makes the figure a careful one: tries
            that resemble each other are fewer in truth.
        spread: Variance of their daily Sharpe ratios.
    """
    if trials < 2:
        return 0.0
    first = _NORMAL.inv_cdf(1 - 1 / trials)
    second = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(spread) * ((1 - _EULER_MASCHERONI) * first + _EULER_MASCHERONI * second)


def deflated_sharpe(shape: Shape, trials: int, sharpes: Sequence[float]) -> tuple[float, float] | None:
    """Return the Sharpe ratio of a day that luck explains, and the probability that the true one of *shape* is above it.

    None where the variance of the tries is not known: with one try that is not needed, with more at least two of them
    must have a Sharpe ratio.

    Args:
        shape: The chosen one.
        trials: How many were made.
        sharpes: Daily Sharpe ratios of those that have one.
    """
    if trials > 1 and len(sharpes) < 2:
        return None
    luck = expected_best(trials, variance(sharpes) if trials > 1 else 0.0)
    found = probabilistic_sharpe(shape, luck)
    return None if found is None else (luck, found)
