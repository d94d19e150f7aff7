"""What the simulation itself promises: one seed is one run, a fault can be left out, and a failure is made small."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from simulation.__main__ import main
from simulation.bugs import BUGS
from simulation.coverage import EXPECTED, MANY, Coverage
from simulation.faults import Fault, Kind
from simulation.life import Life
from simulation.seeds import outcomes
from simulation.shrink import Shrinker

ROOT = Path(__file__).parents[3]
SEEDS_IN_CI = MANY
"""So many that everything expected has to happen; `make simulate` lives as many as one likes."""


def test_a_seed_is_the_same_run_each_time() -> None:
    first, second = (Life(17, tracing=True).run() for _ in range(2))

    assert first.trace == second.trace
    assert first.digest == second.digest
    assert first.digest != Life(18).run().digest


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_a_seed_is_the_same_run_in_any_process(hash_seed: str) -> None:
    program = "from simulation.life import Life; print([Life(seed).run().digest for seed in (3, 17)])"
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert told.strip() == str([Life(seed).run().digest for seed in (3, 17)])


def test_a_quiet_day_needs_one_holder_a_unit() -> None:
    outcome = Life(5, faults=[]).run()

    assert outcome.violations == []
    assert not any("refused" in what or "followed" in what for what in outcome.seen)
    assert outcome.seen["fills"] > 0


def test_a_fault_happens_at_its_place_and_to_whom_it_is_meant_for() -> None:
    fault = Fault(60, Kind.CRASH_AFTER, 50, "execution", "commit")

    outcome = Life(5, faults=[fault], tracing=True).run()

    (line,) = [line for line in outcome.trace if "FAULT" in line]
    assert "execution#" in line
    assert outcome.faults == [fault]
    assert outcome.seen["died after a commit was done"] == 1
    assert outcome.violations == []


def test_a_failure_is_made_small() -> None:
    bug = BUGS["leftovers that nobody asks for"]
    failing = next(
        one
        for one in (Life(seed, parts=bug).run() for seed in range(100))
        if len(one.faults) > 3 and one.violations
    )

    shrinker = Shrinker(failing, bug)
    smallest = shrinker.run()

    assert smallest.violations
    assert 3 * len(smallest.faults) <= len(failing.faults)
    assert Life(failing.seed, parts=bug, faults=smallest.faults, steps=shrinker.steps).run().violations


def test_what_never_happened_is_missed() -> None:
    coverage = Coverage()
    for _ in range(MANY):
        coverage.add(Counter({"fills": 1}))

    assert set(coverage.missing()) == set(EXPECTED) - {"fills"}


@pytest.mark.parametrize("words", [["sed=3"], ["seeds=few"], ["jobs=0"], ["seeds=0"], ["17"]])
def test_a_wrong_command_line_is_refused_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_one_seed_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed=3"]) == 0

    said = capsys.readouterr().out
    assert "FAULT" in said
    assert "seed 3: every promise held" in said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_promise_is_broken_in_many_lives() -> None:
    coverage = Coverage()
    for outcome in outcomes(range(SEEDS_IN_CI), jobs=2):
        assert outcome.violations == [], f"seed {outcome.seed}"
        coverage.add(outcome.seen)

    assert coverage.missing() == []
