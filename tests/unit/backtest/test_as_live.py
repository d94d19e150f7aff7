"""A backtest is the desk itself, only fast: the real feed and the real runner, one message at a time, say the same."""

from pathlib import Path

from sauda.backtest.run import run
from sauda.codec import decode
from sauda.contracts import Alert, DeskPnl, Fill, Message, StrategyPnl
from sauda.memory_log import MemoryLog
from sauda.recordings.timeline import Recording
from sauda.testing.lockstep import LockStep
from sauda.unit import Unit
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Unpaced
from sauda_feed.recording import RecordingSource
from tests.unit.backtest.made_up import CALENDAR, opened, rows, straddle, written

TURNS = 1_200
"""Each is an instant of the market, or a beat of its clock: a little more than the rows have."""


def live(path: Path, units: tuple[Unit, ...]) -> MemoryLog:
    """Let the feed play the file to the units, an instant at a time."""
    log = MemoryLog()
    source = Recording(path, frozenset({"NIFTY"}), CALENDAR)
    feed = Feed([Desk(log, "test", 3_600_000)], lambda: RecordingSource(source, Unpaced()), limit=1)
    desk = LockStep(units, log)
    assert feed._acquire()
    feed.open()
    for _ in range(TURNS):
        feed.turn(0)
        desk.settle()
    return log


def said(log: MemoryLog, stream: str) -> list[Message]:
    return [decode(entry.data) for entry in log.entries(stream)]


def test_the_feed_and_the_runner_make_the_same_of_it(tmp_path: Path) -> None:
    path = written(tmp_path / "day.parquet", rows(750))
    plan = straddle(tmp_path, {"stale_quote_s": "60"}, entry_time="09:16", exit_time="09:18")

    log = live(path, plan.units)
    # The feed's clock beats every second, so this one has to.
    outcome = run(plan, opened(path), every_second=True)

    points = [one for one in said(log, "pnl") if isinstance(one, StrategyPnl | DeskPnl)]
    equity = [(one.event_ns, one.net) for one in outcome.equity]
    # The backtest goes on until the exchange closes.
    for stream, ours in (("signals", outcome.signals), ("executions", outcome.executions)):
        recorded = said(log, stream)
        assert list(ours)[: len(recorded)] == recorded
    assert equity[: len(points)] == [(one.event_ns, one.net) for one in points]
    assert sum(isinstance(one, Fill) for one in said(log, "executions")) == len(outcome.fills) >= 4
    assert list(outcome.alerts) == [
        one for one in said(log, "alerts") if isinstance(one, Alert) and one.source != "feed"
    ]
