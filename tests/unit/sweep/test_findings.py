"""Trials are ranked by what the first part shows, and the words say what that is worth."""

import random

import pytest

from sauda.errors import ConfigError
from sauda.sweep.findings import findings, sentences
from sauda.sweep.grid import Grid, grid_of
from sauda.sweep.heat import heat, keys_of
from sauda.sweep.luck import Shape, expected_best
from sauda.sweep.trial import Scores, Trial
from sauda.sweep.writing import document

GRID = grid_of(["fast=5,8,13", "slow=20,50", "stop=10,20"])


def a_part(*, sharpe: float | None = 1.0, net: int = 0, max_drawdown: int = 0, days: int = 250) -> Scores:
    shape = None if sharpe is None else Shape(sharpe / 252**0.5, 0, 3, days)
    return Scores(
        *(days, 10, net, 0, max_drawdown, 0, sharpe, None, None, None, None, None, None, None),
        shape,
    )


def tried(grid: Grid, scores: list[Scores | None], second: Scores | None = None) -> list[Trial]:
    return [
        Trial(at, grid.at(at), one, second if one else None, None if one else "lots: too many")
        for at, one in enumerate(scores)
    ]


def test_the_best_comes_first_the_undefined_later_and_the_refused_last() -> None:
    scores = [
        None,
        a_part(sharpe=0.5),
        a_part(sharpe=None),
        a_part(sharpe=2.0),
        a_part(sharpe=-1),
        a_part(sharpe=2.0),
    ]

    found = findings(GRID, tried(GRID, scores), "sharpe", 6)

    assert [trial.number for trial in found.trials] == [3, 5, 1, 4, 2, 0]
    assert found.chosen is not None
    assert found.chosen.number == 3


def test_of_drawdowns_the_smallest_is_best() -> None:
    scores: list[Scores | None] = [a_part(max_drawdown=500), a_part(max_drawdown=100)]

    assert [one.number for one in findings(GRID, tried(GRID, scores), "max_drawdown", 2).trials] == [1, 0]


def test_the_second_part_has_no_say() -> None:
    trials = [
        Trial(0, GRID.at(0), a_part(sharpe=1), a_part(sharpe=9)),
        Trial(1, GRID.at(1), a_part(sharpe=2), a_part(sharpe=-9, net=-1234_00, days=40)),
    ]

    found = findings(GRID, trials, "sharpe", 2)

    assert found.chosen is not None
    assert found.chosen.number == 1
    assert (
        "made Rs -1,234.00 in 40 days; its sharpe was 2.00 before and is -9.00 there" in sentences(found)[-1]
    )


def test_the_order_in_which_trials_were_done_changes_nothing() -> None:
    dice = random.Random(1)
    trials = tried(GRID, [a_part(sharpe=dice.gauss(0, 1)) for _ in range(12)])
    facts = {"data": {"name": "made up"}}

    expected = document(findings(GRID, trials, "sharpe", 12), facts)
    dice.shuffle(trials)

    assert document(findings(GRID, trials, "sharpe", 12), facts) == expected


def test_the_best_of_many_without_merit_is_called_luck() -> None:
    dice = random.Random(7)
    grid = grid_of(["a=1..200"])
    trials = tried(grid, [a_part(sharpe=dice.gauss(0, 1)) for _ in range(200)])

    found = findings(grid, trials, "sharpe", 200)

    assert found.luck.sharpe is not None
    assert found.luck.sharpe > 2
    assert found.luck.probabilistic is not None
    assert found.luck.probabilistic > 0.95
    assert found.luck.deflated is not None
    assert found.luck.deflated < 0.6
    assert "luck" in sentences(found)[-2]


def test_every_trial_that_ran_counts_as_a_try() -> None:
    scores = [a_part(sharpe=1), a_part(sharpe=2), a_part(sharpe=None), None]

    luck = findings(GRID, tried(GRID, scores), "sharpe", 4).luck

    assert (luck.trials, luck.with_sharpe) == (3, 2)
    assert luck.variance == pytest.approx(0.5)
    assert luck.expected_best == pytest.approx(expected_best(3, 0.5))


def test_an_unfinished_sweep_says_so() -> None:
    found = findings(GRID, tried(GRID, [a_part()]), "sharpe", 12)

    assert "interrupted: 11 combinations are missing" in sentences(found)[1]
    assert document(found, {})["complete"] is False


def test_the_heat_map_is_drawn_over_the_keys_that_matter() -> None:
    # `fast` moves the metric by 1 a step, `stop` by a tenth, `slow` not at all.
    trials = [
        Trial(at, GRID.at(at), a_part(net=100 * int(GRID.at(at)["fast"]) + int(GRID.at(at)["stop"])))
        for at in range(12)
    ]
    found = findings(GRID, trials, "net", 12)

    keys = keys_of(None, found)
    drawn = heat(found, keys)

    assert keys == ("fast", "stop")
    assert drawn is not None
    cells = drawn["choices"][0]["traces"][0]
    assert (cells["x"], cells["y"]) == (["5", "8", "13"], ["10", "20"])
    assert cells["z"] == [[5.1, 8.1, 13.1], [5.2, 8.2, 13.2]]


def test_the_keys_of_the_heat_map_must_be_of_the_grid() -> None:
    found = findings(GRID, (), "net", 12)

    assert keys_of("slow,stop", found) == ("slow", "stop")
    for wrong in ("slow", "slow,slow", "slow,other"):
        with pytest.raises(ConfigError, match="name two keys of the grid"):
            keys_of(wrong, found)
