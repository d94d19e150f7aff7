"""Whatever happens to a commit's answer or to the lease, a desk gets everything once."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S, ManualClock
from sauda.codec import decode, encode
from sauda.contracts import Message, Subscribe
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Lease, Output, Step
from sauda.memory_log import MemoryLog
from sauda.testing.builders import NOW, a_clock, a_tick
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Unpaced
from sauda_feed.recording import RecordingSource
from tests.unit.feed.recordings import CALL, recording, row


class StumblingLog(MemoryLog):
    """Loses requests and answers as it is told to, one word a commit: `ok`, `lost`, `unanswered`, `expired`."""

    def __init__(self, words: list[str], clock: ManualClock) -> None:
        super().__init__("stumbling", clock)
        self._words = words
        self._wall = clock

    def commit(self, lease: Lease, step: Step) -> None:
        word = self._words.pop(0) if self._words else "ok"
        if word == "lost":
            raise TransientError("the request was lost")
        if word == "expired":
            self._wall.advance_to(self._wall.now_ns() + 10 * NS_PER_S)
        super().commit(lease, step)
        if word == "unanswered":
            raise TransientError("the answer was lost")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(["ok", "lost", "unanswered", "expired"]), max_size=8))
def test_a_commit_that_stumbles_is_done_exactly_once(tmp_path: Path, words: list[str]) -> None:
    opened = recording(tmp_path, [row(n / 2, CALL, ltp=1.0 + n) for n in range(8)])
    log = StumblingLog(words, ManualClock(NS_PER_S))
    log.append([Output("subscriptions", encode(Subscribe("test", (f"NFO:{CALL}",), 0)))])
    feed = Feed([Desk(log, "test", 1500)], lambda: RecordingSource(opened, Unpaced()), limit=2)
    assert feed._acquire()
    feed.open()

    while not (feed._source and feed._source.condition() == "over"):
        try:
            feed.turn(0)
        except LeaseLostError:
            # What `run` does: begin again from what was committed.
            feed.close(lost=True)
            assert feed._acquire()
            feed.open()

    said: list[Message] = [decode(entry.data) for entry in log.entries("ticks")]
    assert said == list(opened.messages())


def test_a_desk_that_another_feed_has_served_meanwhile_is_given_up(tmp_path: Path) -> None:
    clock = ManualClock(NS_PER_S)
    log = MemoryLog("stolen", clock)
    opened = recording(tmp_path, [row(n, CALL, ltp=1.0 + n) for n in range(8)])
    feeds = [
        Feed([Desk(log, name, 1500)], lambda: RecordingSource(opened, Unpaced()), limit=2)
        for name in ("paused", "thief")
    ]
    paused, thief = feeds
    assert paused._acquire()
    paused.open()
    paused.turn(0)
    assert not thief._acquire()

    clock.advance_to(clock.now_ns() + 10 * NS_PER_S)
    assert thief._acquire()
    thief.open()
    thief.turn(0)

    with pytest.raises(LeaseLostError):
        paused.turn(0)


def test_a_desk_knows_since_when_it_has_heard_nothing_although_its_clock_went_on() -> None:
    log = MemoryLog("mute", ManualClock(NS_PER_S))
    desk = Desk(log, "killed", 1500)
    assert desk.acquire()
    desk.open("noren")
    desk.publish([Output("ticks", encode(a_tick()))], 0, NOW, NOW)
    desk.publish([Output("ticks", encode(a_clock(NOW + 8 * NS_PER_S)))], 0, NOW + 8 * NS_PER_S)
    desk.release()

    following = Desk(log, "next", 1500)
    assert following.acquire()
    resume = following.open("noren")
    assert (resume.quoted_ns, resume.market_ns) == (NOW, NOW + 8 * NS_PER_S)
