"""A proof must be able to fail: each of these small mistakes is found, and soon."""

import pytest

from simulation.bugs import BUGS
from simulation.bugs.in_the_runner import SaysAgain
from simulation.desk import Parts
from simulation.life import Life

SOON = 1_000
"""Seeds within which a mistake has to show."""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    found = next((seed for seed in range(SOON) if Life(seed, parts=BUGS[bug]).run().violations), None)

    assert found is not None, f"{bug}: {SOON} seeds show nothing"
    print(f"{bug}: found at seed {found}")


def test_a_step_said_again_does_nothing_while_positions_are_checked() -> None:
    outcomes = [Life(seed, parts=Parts(runner=SaysAgain)).run() for seed in range(60)]

    assert [outcome.violations for outcome in outcomes if outcome.violations] == []
    assert sum(outcome.seen["commit refused: PositionError"] for outcome in outcomes) > 0


def test_the_desk_without_a_bug_stands_where_the_bugs_fall() -> None:
    assert [seed for seed in range(30) if Life(seed).run().violations] == []
