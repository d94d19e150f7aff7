"""The deflated Sharpe ratio is that of its authors, and what it calls luck is what luck does."""

import math
import random
from statistics import fmean, variance

import pytest

from sauda.sweep.luck import Shape, deflated_sharpe, expected_best, probabilistic_sharpe

YEAR = 250


def test_the_authors_example_comes_out() -> None:
    # Bailey and Lopez de Prado (2014), "A numerical example" (recalled, not checked): 100 tries with a variance of 1/2 of their yearly ratios, the best
    # shows 2.5 in 1250 days with skewness -3 and kurtosis 10: what luck explains is 0.1132 a day, the result 0.9004.
    shape = Shape(2.5 / math.sqrt(YEAR), -3, 10, 1250)

    luck = expected_best(100, 0.5 / YEAR)

    assert luck == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic_sharpe(shape, luck) == pytest.approx(0.9004, abs=5e-5)


@pytest.mark.parametrize("trials", [50, 500])
def test_the_best_of_many_dice_is_about_what_is_expected(trials: int) -> None:
    dice = random.Random(trials)
    # The formula is for many: of five the true figure is a tenth lower.
    best = fmean(max(dice.gauss(0, 0.1) for _ in range(trials)) for _ in range(400))

    assert expected_best(trials, 0.01) == pytest.approx(best, rel=0.06)


def test_the_probability_for_normal_returns_is_that_of_the_normal_error() -> None:
    # With skewness 0 and kurtosis 3 the error of a small ratio is nearly 1 over the root of n.
    found = probabilistic_sharpe(Shape(0.02, 0, 3, 10_001))

    assert found == pytest.approx(
        0.5 * (1 + math.erf(2 / math.sqrt(2) / math.sqrt(1 + 0.5 * 0.02**2))), abs=1e-12
    )


def test_fat_tails_and_losses_in_one_piece_make_less_certain() -> None:
    plain, skewed, fat = (probabilistic_sharpe(Shape(0.1, *form, 250)) for form in ((0, 3), (-2, 3), (0, 12)))

    assert plain is not None
    assert skewed is not None
    assert fat is not None
    assert skewed < plain
    assert fat < plain


def test_one_try_is_not_deflated() -> None:
    shape = Shape(0.1, 0, 3, 250)

    assert deflated_sharpe(shape, 1, [0.1]) == (0.0, probabilistic_sharpe(shape))


def test_more_tries_deflate_more() -> None:
    shape, sharpes = Shape(0.15, 0, 3, 250), [0.15, 0.05, -0.02]

    found = [deflated_sharpe(shape, trials, sharpes) for trials in (3, 30, 300)]

    assert all(found)
    probabilities = [one[1] for one in found if one]
    assert probabilities == sorted(probabilities, reverse=True)
    assert found[0] is not None
    assert found[0][0] == expected_best(3, variance(sharpes))


def test_without_a_variance_nothing_is_claimed() -> None:
    assert deflated_sharpe(Shape(0.1, 0, 3, 250), 10, [0.1]) is None
    assert probabilistic_sharpe(Shape(2.0, 3.0, 3, 250)) is None
