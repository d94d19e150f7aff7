"""Bars that one unit takes whole while the others wait change nothing: the outcome is that of their ticks, to the byte."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.made_up_days import SYMBOL
from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.desk import Desk
from sauda.backtest.outcome import Outcome
from sauda.backtest.run import run
from sauda.backtest.walk import Walked
from sauda.cli.backtest_words import bytes_of
from sauda.clock import UnixNs
from sauda.contracts import Bar, Message, Plain
from sauda.recordings.bar_path import WholeBar
from sauda_strategy.api import Target
from sauda_strategy.host.calls import Calls
from tests.unit.backtest.made_up import CALENDAR, written
from tests.unit.backtest.test_whole_bars import MINUTE_NS, OPENS_NS, AsTicks, bars_at, plan_of

GRID = {"pnl_grid_ms": "900000", "order_latency_ms": "250"}
"""So rarely is the desk valued that most bars are left to the strategy alone."""


def both(
    folder: Path, script: str, timeframe: str, bars: Path, checkpoint: int = 5000
) -> tuple[Outcome, Outcome]:
    rules: dict[str, Plain] = {
        "kind": "scripted",
        "instrument": f"NFO:{SYMBOL}",
        "script": script,
        "timeframe": timeframe,
    }
    data, ticks = MarketData([bars], CALENDAR), AsTicks([bars], CALENDAR)
    plan, _ = fitted(plan_of(folder, {"one": rules}, GRID), data)
    return run(plan, data, checkpoint=checkpoint), run(plan, ticks)


def test_most_bars_are_taken_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the laws below would hold of nothing."""
    path, taken = written(tmp_path / "bars.parquet", bars_at(list(range(200)), [0, 3, -4], 0)), list[int]()
    walk = Desk.walk

    def noted(desk: Desk, bars: Sequence[WholeBar], at: int, until_ns: UnixNs) -> Walked:
        walked = walk(desk, bars, at, until_ns)
        taken.append(walked.bars)
        return walked

    monkeypatch.setattr(Desk, "walk", noted)
    whole, ticks = both(tmp_path, "b---------s---------", "1m", path)

    assert len(whole.fills) > 10
    assert sum(taken) > 120
    assert bytes_of(whole) == bytes_of(ticks)


@given(
    st.lists(st.integers(0, 500), min_size=12, max_size=90, unique=True).map(sorted),
    st.lists(st.integers(-40, 40), min_size=5, max_size=30),
    st.text("bslhpx--------", min_size=2, max_size=12),
    st.sampled_from(["1m", "5m"]),
    st.integers(0, 3),
    st.sampled_from([3, 11, 5000]),
)
@example(list(range(360, 420)), [0, 9, -8, 3, 14, -20, 5], "-p-----", "1m", 0, 11)  # a night lies between
@example(list(range(60)), [0, -9, 8, -3, -14, 20, -5, 1], "-l---x--", "5m", 1, 3)
@example(
    list(range(60)), [*[0, 1] * 20, -9], "-l------------x", "1m", 0, 5000
)  # a limit rests, and is reached within a bar
@example(list(range(60)), [*[0, 1] * 20, -30], "-p------------x", "1m", 0, 5000)  # so is a stop
@example(list(range(60)), [0], "--b--s--", "1m", 0, 3)  # nothing moves: minutes without a bar
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bars_of_a_walk_are_their_ticks(  # noqa: PLR0917
    tmp_path: Path,
    minutes: list[int],
    prices: list[int],
    script: str,
    timeframe: str,
    seed: int,
    checkpoint: int,
) -> None:
    path = written(tmp_path / "bars.parquet", bars_at(minutes, prices, seed))
    whole, ticks = both(tmp_path, script, timeframe, path, checkpoint)
    assert bytes_of(whole) == bytes_of(ticks)


@pytest.mark.parametrize("checkpoint", [7, 5000])
def test_an_error_within_a_walk_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: int
) -> None:
    """The unit goes back to before the message that it could not work, not to before the bar, and the message is told."""
    path = written(tmp_path / "bars.parquet", bars_at(list(range(80)), [0, 3, -4, 8], 1))
    tell_bar, broken_ns = Calls.tell_bar, OPENS_NS + 33 * MINUTE_NS

    def breaking(calls: Calls, bar: Bar, out: list[Message], met: Target | None = None) -> Target | None:
        met = tell_bar(calls, bar, out, met)
        if calls._time.now_ns == broken_ns:
            raise RuntimeError("a bug of the host")
        return met

    monkeypatch.setattr(Calls, "tell_bar", breaking)
    whole, ticks = both(tmp_path, "b---------s---------", "1m", path, checkpoint)

    assert len(whole.parked) == 1
    assert len(whole.fills) > 3
    assert bytes_of(whole) == bytes_of(ticks)
    assert whole.parked == ticks.parked
