"""The formulas: plain functions of daily returns and of results. None where a figure is not defined, never infinity.

Daily returns are the day's result over the capital that the run began with, which stays the same: profits are not put
to work again, as a desk that trades a fixed number of lots does not either. The risk-free rate is taken as zero.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from sauda.money import Paise

DAYS_A_YEAR: Final = 252
"""Trading days by which a daily ratio is made a yearly one; the usual round number, India's years have 245 to 250."""
FEWEST_DAYS: Final = 20
"""With fewer days than a month of trading a yearly ratio is a fantasy, and is not given."""


class Moments(NamedTuple):
    """The shape of a series of returns, each moment over n."""

    mean: float
    deviation: float
    """Sample deviation, over n - 1."""
    skewness: float
    kurtosis: float
    """Not excess: 3 for a normal distribution."""


def moments(returns: Sequence[float]) -> Moments | None:
    """Return the shape of *returns*; None for fewer than two, or if all are the same."""
    n = len(returns)
    if n < 2 or min(returns) == max(returns):
        return None
    mean = math.fsum(returns) / n
    second, third, fourth = (math.fsum((one - mean) ** power for one in returns) / n for power in (2, 3, 4))
    if second <= 0:
        return None
    return Moments(mean, math.sqrt(second * n / (n - 1)), third / second**1.5, fourth / second**2)


def daily_sharpe(returns: Sequence[float]) -> float | None:
    """Return the mean of daily *returns* over their sample deviation; None with fewer than `FEWEST_DAYS`.

    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), with a risk-free rate of zero.
    """
    shape = moments(returns) if len(returns) >= FEWEST_DAYS else None
    return None if shape is None else shape.mean / shape.deviation


def sharpe(returns: Sequence[float]) -> float | None:
    """Return the yearly Sharpe ratio: the daily one times the root of 252."""
    daily = daily_sharpe(returns)
    return None if daily is None else daily * math.sqrt(DAYS_A_YEAR)


def sortino(returns: Sequence[float]) -> float | None:
    """Return the yearly Sortino ratio: mean over the root mean square of the losses, all days counted.

    F. A. Sortino, L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3 (1994),
    with zero as the least acceptable return.
    """
    if len(returns) < FEWEST_DAYS:
        return None
    downside = math.sqrt(math.fsum(min(one, 0.0) ** 2 for one in returns) / len(returns))
    return math.fsum(returns) / len(returns) / downside * math.sqrt(DAYS_A_YEAR) if downside else None


def share(part: float, whole: float) -> float | None:
    """Return *part* over *whole*; None where there is no whole."""
    return part / whole if whole else None


def average(total: Paise, count: int) -> Paise | None:
    """Return *total* over *count* to the nearest paisa (to the even one from half way); None of nothing."""
    return round(Fraction(total, count)) if count else None
