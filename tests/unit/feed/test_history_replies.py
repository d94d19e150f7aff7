"""A question about the past gets one answer, whole, whatever is lost on the way; the market goes on meanwhile."""

import threading
from pathlib import Path

import pytest

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, ManualClock, UnixNs
from sauda.codec import decode, encode
from sauda.contracts import (
    ClockTick,
    HistoryReply,
    HistoryRequest,
    InstrumentId,
    MarginReply,
    MarginRequest,
    PastBar,
)
from sauda.history.finding import Finder
from sauda.history.knowers import Found, Knower, Wanted
from sauda.history.replies import MOST_IN_A_PART
from sauda.log import Output
from sauda.memory_log import MemoryLog
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.historian import Historian
from sauda_feed.pace import Unpaced
from sauda_feed.recording import RecordingSource
from sauda_feed.source import Batch, Resume, Source, no_broker
from tests.unit.feed.recordings import CALL, recording, row
from tests.unit.feed.test_margin_replies import WatchedLog, ask, question

CALENDAR = load_calendar(Path(__file__).parents[3] / "config" / "market")
NIFTY = "NSE:Nifty 50"
NOW = 1_796_011_500 * NS_PER_S
"""2026-11-30 09:35 IST."""
PATIENCE_S = 10.0


class Library:
    """Knows every minute, once it is let."""

    name = "broker"

    def __init__(self) -> None:
        self.asked = 0
        self.open = threading.Event()

    def look(self, wanted: Wanted) -> Found:
        self.asked += 1
        assert self.open.wait(PATIENCE_S)
        starts = [at for day in wanted.days for at in range(*day.span, 60 * NS_PER_S)]
        return Found([PastBar(at, 1, 1, 1, 1) for at in starts], [day.span for day in wanted.days])


class Market:
    """A source that shows nothing but the time."""

    name = "noren"
    lag_free = False

    def __init__(self, past: Knower) -> None:
        self._past = past
        self._now_ns: UnixNs = NOW

    @property
    def past(self) -> Knower:
        return self._past

    def start(self, resume: Resume) -> None:
        self._now_ns = resume.market_ns or NOW

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """Nothing is quoted here."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        self._now_ns += NS_PER_S
        return Batch([ClockTick(self._now_ns)], None, 0, [], self._now_ns)

    def margin(self, request: MarginRequest, now_ns: UnixNs) -> MarginReply | None:
        return no_broker(request, self.name, now_ns)

    def conflate(self, away: bool) -> None:
        """Nothing to keep."""

    def condition(self) -> str:
        return "live"

    def close(self) -> None:
        """Nothing to let go."""


class Stage:
    """A feed whose historian waits for the library, turn by turn."""

    def __init__(self) -> None:
        self.clock = ManualClock(NS_PER_S)
        self.log = WatchedLog(self.clock)
        self.begin()

    def begin(self) -> None:
        """Start a feed, as after a kill: nothing of the one before is left but the log."""
        self.clock.advance_to(self.clock.now_ns() + 2 * NS_PER_S)  # the lease of the one before runs out
        self.library = Library()
        self.feed = Feed(
            [Desk(self.log, "test", 1500)],
            lambda: Market(self.library),
            make_historian=lambda source: Historian(Finder([source.past], CALENDAR), market="real"),
        )
        assert self.feed._acquire()
        self.feed.open()

    def turns(self, count: int = 5) -> None:
        for _ in range(count):
            self.feed.turn(0)

    def until_answered(self, name: str) -> list[HistoryReply]:
        self.library.open.set()
        return until_answered(self.feed, self.log, name)


def until_answered(feed: Feed, log: MemoryLog, name: str) -> list[HistoryReply]:
    """Turn the feed until the answer is there: its thread needs a moment."""
    pause = threading.Event()
    for _ in range(round(PATIENCE_S / 0.005)):
        feed.turn(0)
        found = [one for one in replies(log) if one.request_id == name]
        if found:
            return found
        pause.wait(0.005)
    raise AssertionError(f"{name} is not answered")


def wish(log: MemoryLog, name: str, instrument: str = NIFTY, count: int = 3) -> None:
    request = HistoryRequest(name, "test", instrument, "1m", NOW, NOW, count=count)
    log.append([Output("subscriptions", encode(request))])


def replies(log: MemoryLog) -> list[HistoryReply]:
    found = [decode(entry.data) for entry in log.entries("replies")]
    return [one for one in found if isinstance(one, HistoryReply)]


def test_the_market_and_margins_go_on_while_it_is_looked_up() -> None:
    stage = Stage()
    wish(stage.log, "h-1")
    ask(stage.log, question("m-1"))
    stage.turns(20)

    assert len(stage.log.entries("ticks")) == 20
    assert [type(decode(entry.data)) for entry in stage.log.entries("replies")] == [MarginReply]
    [reply] = stage.until_answered("h-1")
    assert (len(reply.bars), reply.source, reply.market) == (3, "broker", "real")
    # What it holds is of the time of the question; it is told at the time of the answer.
    assert reply.event_ns >= NOW + 20 * NS_PER_S
    assert stage.library.asked == 1


def test_all_parts_of_an_answer_are_one_step_and_nothing_else_is_in_it() -> None:
    stage = Stage()
    wish(stage.log, "h-1", count=2 * MOST_IN_A_PART + 1)
    parts = stage.until_answered("h-1")

    assert [(one.part, one.parts, len(one.bars)) for one in parts] == [(1, 3, 1500), (2, 3, 1500), (3, 3, 1)]
    assert [wrote for wrote in stage.log.steps if "replies" in wrote] == [{"replies"}]
    causes = {entry.cause for entry in stage.log.entries("replies")}
    assert causes == {b"subscriptions " + stage.log.entries("subscriptions")[0].id}


def test_a_feed_that_ends_before_the_answer_leaves_the_question_open() -> None:
    stage = Stage()
    wish(stage.log, "h-1")
    wish(stage.log, "h-2")
    stage.turns()
    stage.begin()
    stage.until_answered("h-1")
    stage.begin()
    stage.until_answered("h-2")
    stage.begin()
    wish(stage.log, "h-3")
    stage.until_answered("h-3")

    assert [one.request_id for one in replies(stage.log)] == ["h-1", "h-2", "h-3"]


def test_an_answer_whose_commit_was_lost_is_given_once() -> None:
    stage = Stage()
    stage.log.hold_next_reply = True
    wish(stage.log, "h-1")
    wish(stage.log, "h-2")
    stage.until_answered("h-2")
    stage.turns()

    assert [one.request_id for one in replies(stage.log)] == ["h-1", "h-2"]


def test_a_feed_without_a_historian_says_so() -> None:
    stage = Stage()
    feed = Feed([Desk(stage.log, "other", 1500)], lambda: Market(stage.library))
    stage.clock.advance_to(stage.clock.now_ns() + 2 * NS_PER_S)
    assert feed._acquire()
    feed.open()
    wish(stage.log, "h-1")
    assert until_answered(feed, stage.log, "h-1")[0].error == "this feed looks nothing up"


class Broken:
    name = "broker"

    def look(self, wanted: Wanted) -> Found:
        raise ZeroDivisionError


def test_a_defect_costs_one_answer_and_not_the_thread() -> None:
    told: list[str] = []
    clock = ManualClock(NS_PER_S)
    log = WatchedLog(clock)
    feed = Feed(
        [Desk(log, "test", 1500)],
        lambda: Market(Broken()),
        make_historian=lambda source: Historian(
            Finder([source.past], CALENDAR), market="real", complain=lambda event, _why: told.append(event)
        ),
    )
    assert feed._acquire()
    feed.open()
    for name in ("h-1", "h-2"):
        wish(log, name)
        assert "ZeroDivisionError" in (until_answered(feed, log, name)[0].error or "")
    assert told == ["history_not_answered"] * 2


@pytest.mark.parametrize(("turns", "most"), [(1, 0), (4, 5), (20, 7)])
def test_a_recording_answers_of_its_own_rows_behind_the_market(tmp_path: Path, turns: int, most: int) -> None:
    log = WatchedLog(ManualClock(NS_PER_S))
    opened = recording(tmp_path, [row(60 * n, CALL, ltp=1.0 + n) for n in range(8)])

    def historian(source: Source) -> Historian:
        return Historian(Finder([source.past], CALENDAR), market="real")

    feed = Feed(
        [Desk(log, "test", 1500)],
        lambda: RecordingSource(opened, Unpaced()),
        limit=60,
        make_historian=historian,
    )
    assert feed._acquire()
    feed.open()
    for _ in range(turns):
        feed.turn(0)
    request = HistoryRequest("h-1", "test", f"NFO:{CALL}", "1m", 1 << 61, 0, count=99)
    log.append([Output("subscriptions", encode(request))])
    [reply] = until_answered(feed, log, "h-1")

    # The market goes on between question and answer; by then one more minute may have ended.
    assert [bar.close for bar in reply.bars] == [100 * n for n in range(1, len(reply.bars) + 1)]
    assert most - 2 <= len(reply.bars) <= most
    assert all(bar.start_ns + 60 * NS_PER_S <= reply.event_ns for bar in reply.bars)
