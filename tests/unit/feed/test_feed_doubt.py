"""What a feed may not believe after a lost answer: that nothing more comes of the request, and that the server is as it was.

Both were found by the simulation (`python -m simulation`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sauda.clock import NS_PER_S, ManualClock
from sauda.codec import decode, encode
from sauda.contracts import Message, Subscribe
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Entry, Lease, Loaded, Output, Position, Step
from sauda.memory_log import MemoryLog
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Unpaced
from sauda_feed.recording import RecordingSource
from tests.unit.feed.recordings import CALL, recording, row


class DoubtfulLog(MemoryLog):
    """Holds a commit back until another one was done; loses the answer to a read."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__("doubtful", clock)
        self.hold_next_commit = False
        self.cut_next_read = False
        self.cut_next_load = False
        self.came_late: list[str] = []
        self._held_back: tuple[Lease, Step] | None = None

    def commit(self, lease: Lease, step: Step) -> None:
        if self.hold_next_commit:
            self.hold_next_commit = False
            self._held_back = lease, step
            raise TransientError("no answer came")
        super().commit(lease, step)
        if self._held_back is not None:
            late, self._held_back = self._held_back, None
            try:
                super().commit(*late)
                self.came_late.append("done")
            except LeaseLostError:
                self.came_late.append("refused")

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        if self.cut_next_load:
            self.cut_next_load = False
            raise TransientError("the connection was closed")
        return super().load(lease, inputs)

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int = 0) -> list[Entry]:
        if self.cut_next_read:
            self.cut_next_read = False
            raise TransientError("the connection was closed")
        return super().read(positions, count, block_ms)


class Stage:
    """A feed, turn by turn, over a recording of sixteen ticks."""

    def __init__(self, folder: Path) -> None:
        opened = recording(folder, [row(n / 2, CALL, ltp=1.0 + n) for n in range(16)])
        self.expected: list[Message] = list(opened.messages())
        self.log = DoubtfulLog(ManualClock(NS_PER_S))
        self.log.append([Output("subscriptions", encode(Subscribe("test", (f"NFO:{CALL}",), 0)))])
        self.feed = Feed([Desk(self.log, "test", 1500)], lambda: RecordingSource(opened, Unpaced()), limit=2)
        self._begin()

    def turns(self, count: int) -> None:
        """Do what `Feed.run` does."""
        for _ in range(count):
            try:
                self.feed.turn(0)
            except LeaseLostError:
                self.feed.close(lost=True)
                # The lease that nobody holds any more runs out.
                self.log._units["feed"].lease_epoch = 0
                self._begin()

    def said(self) -> list[Message]:
        return [decode(entry.data) for entry in self.log.entries("ticks")]

    def _begin(self) -> None:
        assert self.feed._acquire()
        self.feed.open()


def test_a_request_that_comes_after_its_sender_has_asked_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.turns(3)

    stage.log.hold_next_commit = True
    stage.turns(60)

    assert stage.log.came_late == ["refused"]
    assert stage.said() == stage.expected


def test_a_server_that_comes_back_without_its_last_moments_is_noticed_before_anything_is_written(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    stage.turns(4)
    bring_back = stage.log.remember()
    stage.turns(3)

    bring_back()
    stage.log.cut_next_read = True
    stage.turns(60)

    assert stage.said() == stage.expected


def test_an_idle_feed_notices_it_too(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.turns(4)
    bring_back = stage.log.remember()
    stage.turns(60)
    assert stage.said() == stage.expected

    bring_back()
    stage.log.cut_next_read = True
    stage.turns(60)

    assert stage.said() == stage.expected


def test_a_number_that_a_forgetful_server_gave_twice_lets_one_feed_write(tmp_path: Path) -> None:
    clock = ManualClock(NS_PER_S)
    log = DoubtfulLog(clock)
    opened = recording(tmp_path, [row(n / 2, CALL, ltp=1.0 + n) for n in range(16)])
    log.append([Output("subscriptions", encode(Subscribe("test", (f"NFO:{CALL}",), 0)))])
    desks = [Desk(log, name, 1500) for name in ("first", "second")]
    first, second = (Feed([desk], lambda: RecordingSource(opened, Unpaced()), limit=2) for desk in desks)
    assert first._acquire()
    first.open()
    for _ in range(4):
        first.turn(0)

    clock.advance_to(clock.now_ns() + 10 * NS_PER_S)
    bring_back = log.remember()
    assert second._acquire()
    bring_back()
    # Both connections end with the server: the first feed looks, and is given the number that the second one has.
    log.cut_next_read = True
    first.turn(0)
    assert desks[0].lease == desks[1].lease
    log.cut_next_load = True
    second.open()
    with pytest.raises(LeaseLostError, match="another feed holds desk"):
        first.turn(0)
    for _ in range(60):
        second.turn(0)

    assert [decode(entry.data) for entry in log.entries("ticks")] == list(opened.messages())
