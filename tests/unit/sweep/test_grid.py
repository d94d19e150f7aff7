"""A grid has every combination once, and a sample of it is always the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.errors import ConfigError
from sauda.sweep.grid import Grid, grid_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("lots=1,2,5", ("1", "2", "5"), id="listed"),
        pytest.param("lots=1..9..2", ("1", "3", "5", "7", "9"), id="range with a step"),
        pytest.param("lots=3..5", ("3", "4", "5"), id="range"),
        pytest.param("stop=0.1..0.4..0.1", ("0.1", "0.2", "0.3", "0.4"), id="tenths stay tenths"),
        pytest.param("stop=1..4..2", ("1", "3"), id="a step beyond the end is left out"),
        pytest.param("bias=-50..50..50", ("-50", "0", "50"), id="below zero"),
        pytest.param("lots=1..3,10", ("1", "2", "3", "10"), id="both"),
        pytest.param("entry_time=09:20, 09:45", ("09:20", "09:45"), id="times"),
    ],
)
def test_values_are_read_as_they_are_written(text: str, values: tuple[str, ...]) -> None:
    ((_, found),) = grid_of([text]).axes

    assert found == values


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        pytest.param([], "nothing to vary", id="no grid"),
        pytest.param(["lots"], "is not key=", id="no values"),
        pytest.param(["=1,2"], "is not key=", id="no key"),
        pytest.param(["lots=1,,2"], "empty value", id="an empty value"),
        pytest.param(["lots=1,2,1"], "1 stands twice", id="a value twice"),
        pytest.param(["lots=1", "lots=2"], "said twice", id="a key twice"),
        pytest.param(["lots=5..1"], "has no value", id="downwards"),
        pytest.param(["lots=1..5..0"], "has no value", id="no step"),
        pytest.param(["lots=a..b"], "is not from", id="no numbers"),
        pytest.param(["lots=1..2..3..4"], "is not from", id="too many dots"),
        pytest.param(["lots=1..1e9"], "more than 10,000", id="too many values"),
        pytest.param(["lots=1..Infinity"], "is not from", id="without end"),
    ],
)
def test_a_grid_that_cannot_be_read_is_refused_by_name(texts: list[str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        grid_of(texts)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_every_combination_is_there_once(sizes: list[int]) -> None:
    grid = Grid(tuple((f"k{at}", tuple(map(str, range(size)))) for at, size in enumerate(sizes)))

    combinations = [tuple(grid.at(number).values()) for number in range(len(grid))]

    assert combinations == sorted(set(combinations))
    assert len(combinations) == len(grid)


def test_a_sample_depends_on_the_grid_alone() -> None:
    grid = grid_of(["a=1..30", "b=1..30"])

    assert grid.chosen(20) == grid_of(["a=1..30", "b=1..30"]).chosen(20)
    assert grid.chosen(20) != grid_of(["a=1..30", "c=1..30"]).chosen(20)
    assert len(set(grid.chosen(20))) == 20
    assert list(grid.chosen(900)) == list(range(900))


def test_too_many_combinations_are_refused_unless_sampled() -> None:
    grid = grid_of(["a=1..1000", "b=1..1000"])

    with pytest.raises(ConfigError, match="1,000,000 combinations"):
        grid.chosen(None)
    assert len(grid.chosen(10)) == 10
