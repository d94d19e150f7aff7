"""The ratios are those that pandas finds, and where they have no meaning there is none."""

import math
import random

import pandas as pd
import pytest

from sauda.report.ratios import FEWEST_DAYS, average, daily_sharpe, moments, sharpe, sortino

RNG = random.Random(5)
SERIES = {
    "gains and losses": [RNG.gauss(0.0005, 0.01) for _ in range(250)],
    "few losses": [abs(RNG.gauss(0, 0.01)) - 0.004 for _ in range(FEWEST_DAYS)],
    "mostly idle": [RNG.choice([0.0, 0.0, 0.0, 0.02, -0.015]) for _ in range(60)],
}


@pytest.mark.parametrize("name", SERIES)
def test_the_ratios_are_those_of_pandas(name: str) -> None:
    returns = pd.Series(SERIES[name])

    assert sharpe(SERIES[name]) == pytest.approx(returns.mean() / returns.std() * math.sqrt(252), rel=1e-12)
    downside = math.sqrt((returns.clip(upper=0) ** 2).mean())
    assert sortino(SERIES[name]) == pytest.approx(returns.mean() / downside * math.sqrt(252), rel=1e-12)


@pytest.mark.parametrize("name", SERIES)
def test_the_moments_are_the_population_ones(name: str) -> None:
    returns = pd.Series(SERIES[name])
    centred = returns - returns.mean()

    shape = moments(SERIES[name])

    assert shape is not None
    deviation = returns.std(ddof=0)
    assert shape.skewness == pytest.approx((centred**3).mean() / deviation**3, rel=1e-9)
    assert shape.kurtosis == pytest.approx((centred**4).mean() / deviation**4, rel=1e-9)


def test_a_sharpe_ratio_does_not_depend_on_the_capital() -> None:
    returns = SERIES["gains and losses"]

    assert sharpe([one * 1e9 for one in returns]) == pytest.approx(sharpe(returns), rel=1e-12)


@pytest.mark.parametrize(
    "returns",
    [
        pytest.param([], id="no day"),
        pytest.param([0.01, -0.01] * ((FEWEST_DAYS - 1) // 2), id="one day too few"),
        pytest.param([0.0] * 100, id="never traded"),
        pytest.param([0.1] * 100, id="always the same"),
    ],
)
def test_there_is_no_sharpe_ratio_without_days_or_change(returns: list[float]) -> None:
    assert sharpe(returns) is None
    assert daily_sharpe(returns) is None


def test_there_is_no_sortino_ratio_without_a_loss() -> None:
    assert sortino([0.01] * 50 + [0.02] * 50) is None


def test_averages_are_rounded_to_the_nearest_paisa() -> None:
    assert [average(7, 2), average(5, 2), average(-7, 2), average(1, 3), average(0, 0)] == [4, 2, -4, 0, None]
