"""A question about margin gets one reply, whatever is lost on the way; whoever asks again before the answer costs no call."""

from collections.abc import Sequence
from pathlib import Path

from sauda.clock import NS_PER_S, ManualClock, UnixNs
from sauda.codec import decode, encode
from sauda.contracts import ClockTick, InstrumentId, MarginLeg, MarginReply, MarginRequest
from sauda.history.knowers import NobodysPast
from sauda.log import Lease, Output, Step
from sauda.memory_log import MemoryLog
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Unpaced
from sauda_feed.recording import RecordingSource
from sauda_feed.source import Batch, Resume
from tests.unit.feed.recordings import CALL, PUT, recording, row
from tests.unit.feed.test_feed_doubt import DoubtfulLog

BANK = "NFO:BANKNIFTY24SEP25C55000"


def question(name: str, *instruments: str, by: str = "execution.paper") -> MarginRequest:
    legs = tuple(MarginLeg(one, -75) for one in instruments or (f"NFO:{CALL}",))
    return MarginRequest(name, by, legs, 0)


def ask(log: MemoryLog, *questions: MarginRequest) -> None:
    log.append([Output("subscriptions", encode(one)) for one in questions])


def replies(log: MemoryLog) -> list[MarginReply]:
    found = [decode(entry.data) for entry in log.entries("replies")]
    return [one for one in found if isinstance(one, MarginReply)]


class WatchedLog(DoubtfulLog):
    """Remembers which streams each step wrote; holds back the next step that writes a reply."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.steps: list[set[str]] = []
        self.hold_next_reply = False

    def commit(self, lease: Lease, step: Step) -> None:
        wrote = {output.stream for output in step.outputs}
        self.steps.append(wrote)
        if self.hold_next_reply and "replies" in wrote:
            self.hold_next_reply, self.hold_next_commit = False, True
        super().commit(lease, step)


class SlowBroker:
    """A source whose broker answers when it is told to."""

    name = "noren"
    lag_free = False

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ready: set[str] = set()
        self._now_ns: UnixNs = 0

    def start(self, resume: Resume) -> None:
        self._now_ns = resume.market_ns or 10 * NS_PER_S

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """Nothing is quoted here."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        self._now_ns += NS_PER_S
        return Batch([ClockTick(self._now_ns)], None, 0, [], self._now_ns)

    @property
    def past(self) -> NobodysPast:
        return NobodysPast()

    def margin(self, request: MarginRequest, now_ns: UnixNs) -> MarginReply | None:
        if request.request_id not in self.asked:
            self.asked.append(request.request_id)
        if request.request_id not in self.ready:
            return None
        return MarginReply(request.request_id, now_ns, span=1_00)

    def conflate(self, away: bool) -> None:
        """Nothing to keep."""

    def condition(self) -> str:
        return "live"

    def close(self) -> None:
        """Nothing to let go."""


class Stage:
    """A feed at a slow broker, turn by turn."""

    def __init__(self) -> None:
        self.clock = ManualClock(NS_PER_S)
        self.log = WatchedLog(self.clock)
        self.begin()

    def begin(self) -> None:
        """Start a feed, as after a kill: nothing of the one before is left but the log."""
        self.clock.advance_to(self.clock.now_ns() + 2 * NS_PER_S)  # the lease of the one before runs out
        self.broker = SlowBroker()
        self.feed = Feed([Desk(self.log, "test", 1500)], lambda: self.broker)
        assert self.feed._acquire()
        self.feed.open()

    def turns(self, count: int = 5) -> None:
        for _ in range(count):
            self.feed.turn(0)

    def answered(self) -> Sequence[str]:
        return [one.request_id for one in replies(self.log)]


def test_a_recording_has_no_broker_and_says_so_once(tmp_path: Path) -> None:
    log = DoubtfulLog(ManualClock(NS_PER_S))
    opened = recording(tmp_path, [row(n, CALL, ltp=1.0 + n) for n in range(8)])
    ask(log, question("m-1"))
    for _ in range(2):
        feed = Feed([Desk(log, "test", 1500)], lambda: RecordingSource(opened, Unpaced()), limit=2)
        assert feed._acquire()
        feed.open()
        for _ in range(6):
            feed.turn(0)
        feed.close()

    [reply] = replies(log)
    assert reply.request_id == "m-1"
    assert reply.error is not None
    assert reply.error.startswith("no broker: the source is recording:")
    assert reply.event_ns >= opened.first_ns
    [entry] = log.entries("replies")
    assert entry.cause == b"subscriptions " + log.entries("subscriptions")[0].id


def test_the_market_goes_on_while_the_broker_thinks() -> None:
    stage = Stage()
    ask(stage.log, question("m-1"))
    stage.turns(20)
    assert stage.answered() == []
    assert len(stage.log.entries("ticks")) == 20

    stage.broker.ready.add("m-1")
    stage.turns()

    assert stage.answered() == ["m-1"]


def test_a_feed_that_ends_before_the_answer_asks_again() -> None:
    stage = Stage()
    ask(stage.log, question("m-1"))
    stage.turns()
    stage.begin()
    stage.broker.ready.add("m-1")
    stage.turns()
    stage.begin()
    stage.turns()

    assert stage.answered() == ["m-1"]
    assert stage.broker.asked == []


def test_a_reply_whose_commit_got_no_answer_is_written_once() -> None:
    stage = Stage()
    ask(stage.log, question("m-1"))
    stage.broker.ready.add("m-1")
    stage.log.hold_next_reply = True
    stage.turns(20)

    assert stage.answered() == ["m-1"]
    assert stage.log.came_late == ["refused"]


def test_who_asks_again_before_the_answer_gets_one_call_for_the_newest() -> None:
    stage = Stage()
    ask(stage.log, question("m-1"))
    stage.turns()
    ask(stage.log, question("m-2"), question("m-3", f"NFO:{PUT}"))
    stage.turns()
    stage.broker.ready |= {"m-1", "m-2", "m-3"}
    stage.turns()

    assert stage.broker.asked == ["m-1", "m-3"]
    assert [(one.request_id, one.error is None) for one in replies(stage.log)] == [
        ("m-1", True),
        ("m-2", False),
        ("m-3", True),
    ]
    assert "m-3" in (replies(stage.log)[1].error or "")


def test_other_underlyings_and_other_askers_overtake_nobody() -> None:
    stage = Stage()
    asked = [question("m-1"), question("m-2", BANK), question("m-3", by="cli"), question("m-4", CALL, BANK)]
    ask(stage.log, *asked)
    stage.broker.ready |= {one.request_id for one in asked}
    stage.turns(10)

    assert stage.broker.asked == ["m-1", "m-2", "m-3", "m-4"]
    assert [one.error for one in replies(stage.log)] == [None] * 4


def test_replies_stand_in_commits_of_their_own(tmp_path: Path) -> None:
    """Who reads `replies` reads `ticks` too, and a read may bring half of a step that wrote both."""
    log = WatchedLog(ManualClock(NS_PER_S))
    opened = recording(tmp_path, [row(n, CALL, ltp=1.0 + n) for n in range(8)])
    feed = Feed([Desk(log, "test", 1500)], lambda: RecordingSource(opened, Unpaced()), limit=2)
    assert feed._acquire()
    feed.open()
    for number in range(6):
        ask(log, question(f"m-{number}"))
        feed.turn(0)

    assert [step for step in log.steps if "replies" in step] == [{"replies"}] * 6
