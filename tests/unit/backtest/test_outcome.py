"""What a backtest comes to depends on its data and its plan, and on nothing else."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.desk import RestlessError
from sauda.backtest.run import run
from sauda.cli.backtest_words import bytes_of
from sauda.contracts import Message, OrderRejected, Tick
from sauda.errors import ConfigError, InvariantError
from sauda.testing.builders import an_order
from sauda.testing.counting import Counter
from sauda.unit import Unit
from tests.unit.backtest.made_up import CALENDAR, bars_of, opened, rows, straddle, written

ONCE_MORE = """
import sys
from pathlib import Path
from sauda.backtest.run import run
from sauda.cli.backtest_words import bytes_of
from tests.unit.backtest.made_up import opened, straddle
folder = Path(sys.argv[1])
sys.stdout.buffer.write(bytes_of(run(straddle(folder), opened(folder / "day.parquet"))))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a morning in ticks, and the same in bars."""
    found = tmp_path_factory.mktemp("data")
    some = rows(1_500)
    written(found / "day.parquet", some)
    written(found / "bars.parquet", bars_of(some))
    return found


def test_twice_and_in_processes_of_their_own_it_is_the_same_to_the_byte(folder: Path) -> None:
    here = bytes_of(run(straddle(folder), opened(folder / "day.parquet")))

    # Another seed of the hashes: whatever walks a set in no order of its own shows here.
    others = [
        subprocess.run(
            [sys.executable, "-c", ONCE_MORE, str(folder)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert here.count(b'"type":"fill"') >= 4
    assert [one == here for one in others] == [True, True]


@pytest.mark.parametrize("checkpoint", [1, 7, 10**9])
def test_it_does_not_depend_on_when_states_are_put_down(folder: Path, checkpoint: int) -> None:
    plan = straddle(folder)

    usual = run(plan, opened(folder / "day.parquet"))
    other = run(plan, opened(folder / "day.parquet"), checkpoint=checkpoint)

    assert bytes_of(other) == bytes_of(usual)


@pytest.mark.parametrize("name", ["day.parquet", "bars.parquet"])
def test_beats_of_the_clock_at_which_nothing_is_due_change_nothing(folder: Path, name: str) -> None:
    data = opened(folder / name)
    plan, _ = fitted(straddle(folder), data)

    lean, full = run(plan, data, every_second=False), run(plan, data, every_second=True)

    assert len(lean.fills) >= 4
    assert bytes_of(lean) == bytes_of(full)


def test_only_the_days_asked_for_are_played(tmp_path: Path) -> None:
    path = written(tmp_path / "days.parquet", rows(300, days=3))
    middle = date(2026, 11, 25)

    outcome = run(straddle(tmp_path), opened(path, from_day=middle, to_day=middle))

    assert outcome.data.ticks == 300
    assert len(outcome.data.sessions) == 1


def test_an_interval_without_prices_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "day.parquet", rows(30))

    with pytest.raises(ConfigError, match=r"day\.parquet has no price in the interval"):
        run(straddle(tmp_path), opened(path, from_day=date(2027, 1, 1)))


def test_files_that_overlap_are_threaded_into_each_other(tmp_path: Path) -> None:
    some = rows(1_500)
    whole = run(straddle(tmp_path), opened(written(tmp_path / "whole.parquet", some)))
    parts = [written(tmp_path / f"part{at}.parquet", some[at::2]) for at in (0, 1)]

    threaded = run(straddle(tmp_path), MarketData(parts, CALENDAR))

    assert threaded.executions == whole.executions
    assert threaded.data.fingerprint != whole.data.fingerprint


class Sick(Counter):
    """Cannot bear every seventh price: it raises after it has changed its state."""

    def handle(self, message: Message) -> Sequence[Message]:
        said = super().handle(message)
        if isinstance(message, Tick) and message.ltp % 7 == 0:
            raise ValueError("a price that it cannot bear")
        return said


class Careful(Counter):
    """Passes over the same prices."""

    def handle(self, message: Message) -> Sequence[Message]:
        is_bad = isinstance(message, Tick) and message.ltp % 7 == 0
        return [] if is_bad else super().handle(message)


def test_what_a_unit_cannot_work_is_told_and_leaves_no_trace(folder: Path) -> None:
    plan, path = straddle(folder), folder / "day.parquet"

    outcomes = [
        run(replace(plan, units=(*plan.units, Unit("strategy.sick", ("ticks",), build))), opened(path))
        for build in (Careful, Sick)
    ]

    careful, sick = outcomes
    assert sick.alerts == careful.alerts
    assert sick.executions == careful.executions
    assert len(sick.parked) > 50
    assert (
        sick.parked[0] == "strategy.sick: tick could not be worked: ValueError: a price that it cannot bear"
    )


class Impossible(Counter):
    """Finds its state impossible at the third message."""

    def handle(self, message: Message) -> Sequence[Message]:
        if len(list(self._sums)) == 2:
            raise InvariantError("two sums are one too many")
        return super().handle(message)


def test_an_impossible_state_stops_that_unit_alone(folder: Path) -> None:
    plan, path = straddle(folder), folder / "day.parquet"
    broken = Unit("strategy.broken", ("ticks",), Impossible)

    outcome = run(replace(plan, units=(*plan.units, broken)), opened(path))

    assert outcome.stopped == {"strategy.broken": "two sums are one too many"}
    assert outcome.executions == run(plan, opened(path)).executions


class Chatterbox(Counter):
    """Places an order whenever it hears of one."""

    def handle(self, message: Message) -> Sequence[Message]:
        return [an_order(order_id="again")] if isinstance(message, Tick | OrderRejected) else []


def test_units_that_answer_each_other_for_ever_are_named(folder: Path) -> None:
    plan = straddle(folder)
    chatterbox = Unit("strategy.chatterbox", ("ticks", "executions"), Chatterbox)

    with pytest.raises(RestlessError, match="without end"):
        run(replace(plan, units=(*plan.units, chatterbox)), opened(folder / "day.parquet"))
