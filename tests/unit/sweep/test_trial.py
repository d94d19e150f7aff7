"""What comes back from a trial: the desk's figures of each part, and why there are none."""

from datetime import timedelta

import pytest

from sauda.errors import ConfigError
from sauda.report.ratios import FEWEST_DAYS
from sauda.sweep.trial import judged
from tests.unit.report.made_up import MONDAY, a_run, at, hours, points


def rising() -> object:
    days = range(2 * FEWEST_DAYS)
    # Rupees that alternate, so that there is a deviation; the second half makes twice as much.
    nets = [100_00 * (1 + day % 2) * (1 if day < FEWEST_DAYS else 2) for day in days]
    return a_run(
        equity=points((at("15:00", day), sum(nets[: day + 1])) for day in days), sessions=hours(*days)
    )


def test_each_part_has_its_own_figures() -> None:
    trial = judged(rising(), 0.5, 3, {"lots": "1"})  # type: ignore[arg-type]

    assert trial.first is not None
    assert trial.second is not None
    assert (trial.first.net, trial.second.net) == (3000_00, 6000_00)
    assert (trial.first.days, trial.second.days) == (FEWEST_DAYS, FEWEST_DAYS)
    assert trial.first.shape is not None
    assert trial.first.shape.days == FEWEST_DAYS
    # Twice the money at twice the deviation is the same ratio.
    assert trial.first.sharpe == pytest.approx(trial.second.sharpe)


def test_a_date_splits_before_it() -> None:
    trial = judged(rising(), MONDAY + timedelta(days=5), 0, {})  # type: ignore[arg-type]

    assert trial.first is not None
    assert trial.first.days == 5
    assert trial.first.shape is None


def test_a_split_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="--split: a split at 2026-11-23 leaves one part of 40 days empty"):
        judged(rising(), MONDAY, 0, {})  # type: ignore[arg-type]
