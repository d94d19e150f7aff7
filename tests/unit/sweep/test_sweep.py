"""A sweep gives the same bytes on one process or two, whole or interrupted and gone on with; what is invalid is a row."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sauda.cli.__main__ import run

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
BARS = DATA / "nifty_weekly_1min_20210611_14/bars_1min_2021-06-11.parquet"
RULES = REPOSITORY / "config/strategies/nifty_straddle.yaml"
GRID = ("--grid", "stop_loss_percentage=15,40", "--grid", "entry_time=09:20,10:00,25:00", "--metric", "net")
MANY = ("--grid", "stop_loss_percentage=15..80,40.5", "--grid", "entry_time=09:20,10:00,25:00")
RESULTS = ("sweep.json", "sweep.parquet", "sweep.html")


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the first hour and a half of a real day: enough to trade in, and quickly played."""
    if not BARS.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{BARS} is missing: CI never skips")
        pytest.skip(f"{BARS} is missing: set SAUDA_TEST_DATA")
    rows = pd.read_parquet(BARS)
    path = tmp_path_factory.mktemp("data") / "morning.parquet"
    rows[rows.ts_utc_ns < rows.ts_utc_ns.min() + 90 * 60 * 10**9].to_parquet(path)
    return path


@pytest.fixture
def sweep(morning: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.chdir(REPOSITORY)
    return lambda *more: run(["sweep", str(RULES), "--data", str(morning), *more])


def results(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in RESULTS]


def test_one_process_or_two_interrupted_or_not_the_results_are_the_same(
    sweep: Callable[..., int], morning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, broken = tmp_path / "alone", tmp_path / "broken"
    assert sweep(*GRID, "--jobs", "1", "-o", str(alone)) == 0

    interrupt(["--data", str(morning), *MANY, "--jobs", "2", "-o", str(broken)], broken)
    unfinished = json.loads((broken / "sweep.json").read_text())
    assert unfinished["complete"] is False
    assert len(unfinished["trials"]) >= 2

    # What is done of the larger grid is used, what is missing is run.
    assert sweep(*GRID, "--jobs", "2", "-o", str(broken)) == 0
    assert results(broken) == results(alone)
    assert "2 more could not be run" in capsys.readouterr().out


def test_an_invalid_combination_is_a_row_with_its_reason(sweep: Callable[..., int], tmp_path: Path) -> None:
    assert sweep(*GRID[2:], "--jobs", "1", "-o", str(tmp_path)) == 0

    rows = pd.read_parquet(tmp_path / "sweep.parquet")
    nets = list(rows["first.net"].dropna())
    assert len(nets) == 2
    assert nets == sorted(nets, reverse=True)
    assert rows["rule.entry_time"].to_list()[-1] == "25:00"
    assert "write a time of day" in rows.error.to_list()[-1]


def interrupt(arguments: list[str], folder: Path) -> None:
    """Run a sweep and press Ctrl-C, which goes to all its processes, when two combinations are done."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sauda.cli", "sweep", str(RULES), *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and done(folder) < 2:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told


def done(folder: Path) -> int:
    """Return how many trials are written down."""
    path = folder / "trials.jsonl"
    return max(0, len(path.read_bytes().splitlines()) - 1) if path.exists() else 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param(("--grid", "stop_loss_percentag=1,2"), "did you mean", id="an unknown rule"),
        pytest.param(
            ("--grid", "quantity=1,2", "--metric", "luck"), "no such figure", id="an unknown metric"
        ),
        pytest.param(("--grid", "quantity=1,2", "--split", "soon"), "write a date", id="no date to split at"),
        pytest.param(("--grid", "quantity=1,2", "--split", "100%"), "between 0% and 100%", id="nothing left"),
        pytest.param(
            ("--grid", "quantity=1", "--split", "50%", "--jobs", "1"), "empty", id="one day to split"
        ),
        pytest.param(
            ("--grid", "quantity=1,2", "--heat", "quantity,lots"), "two keys", id="no key of the grid"
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    sweep: Callable[..., int], more: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(*more) == 2

    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert why in told[0]


def test_where_no_combination_can_be_run_the_finding_is_negative(
    sweep: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("--grid", "entry_time=25:00", "--jobs", "1", "--json") == 1

    (trial,) = json.loads(capsys.readouterr().out)["trials"]
    assert "25:00" in trial["error"]
