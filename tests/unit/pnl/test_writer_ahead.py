"""Reading on while the database writes: what is in hand, and what becomes of it when something goes wrong then."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from sauda.batch import Record, Refusal
from sauda.beside import AtLast, Beside, BesideThread
from sauda.clock import ManualClock
from sauda.errors import TransientError
from sauda.log import Entry
from sauda.outage import SinkAwayError
from sauda.writer import WriterRunner
from tests.unit.pnl.test_writer_runner import GroupInMemory, PatientStop, SinkInMemory, entry

COUNT = 3

HANGS = """
from threading import Event
from sauda.beside import BesideThread

BesideThread().submit(Event().wait)
"""


@dataclass
class WatchedGroup(GroupInMemory):
    """Says how much is pending after each reading, and may fail at the n-th."""

    most: int = 0
    readings: int = 0
    fails_at: frozenset[int] = frozenset()
    on_reading: Callable[[int], None] = lambda _: None

    def fresh(self, count: int, block_ms: int) -> list[Entry]:
        self.readings += 1
        if self.readings in self.fails_at:
            # The server handed them out, in an answer that never came.
            super().fresh(count, block_ms)
            raise TransientError("Redis does not answer")
        found = super().fresh(count, block_ms)
        self.most = max(self.most, len(self.pending))
        self.on_reading(self.readings)
        return found


@dataclass
class WaitingSink(SinkInMemory):
    """Takes the first batch only when the second has been read."""

    second_is_read: threading.Event = field(default_factory=threading.Event)
    saw_it: list[bool] = field(default_factory=list)

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        self.saw_it.append(self.second_is_read.wait(5))
        return super().write(records)


def at_the_second(action: Callable[[], None]) -> Callable[[int], None]:
    def act(number: int) -> None:
        if number == 2:
            action()

    return act


def run(group: GroupInMemory, sink: SinkInMemory, beside: Beside, stop: PatientStop | None = None) -> None:
    stop = stop or PatientStop()
    group.on_empty = stop.set
    WriterRunner(group, sink, count=COUNT, clock=ManualClock(1_000), beside=beside).run(stop)


def entries(count: int) -> list[Entry]:
    return [entry(number) for number in range(1, count + 1)]


def test_the_next_batch_is_read_while_the_database_writes_one() -> None:
    sink = WaitingSink()
    group = WatchedGroup(entries(6), on_reading=at_the_second(sink.second_is_read.set))

    run(group, sink, BesideThread())

    assert sink.saw_it == [True, True]
    assert group.pending == {}


@pytest.mark.parametrize("beside", [BesideThread, AtLast])
def test_two_batches_are_in_hand_at_the_most_however_long_the_database_is_away(
    beside: type[Beside],
) -> None:
    group = WatchedGroup(entries(30))
    sink = SinkInMemory(away=[SinkAwayError("away")] * 20)

    run(group, sink, beside())

    assert group.most == 2 * COUNT
    assert (len(sink.rows), group.pending) == (30, {})


@pytest.mark.parametrize("beside", [BesideThread, AtLast])
@pytest.mark.parametrize("fails_at", [{2}, {3}, {2, 4}, {2, 3, 4, 5}])
def test_what_was_handed_out_in_an_answer_that_never_came_is_written_too(
    beside: type[Beside], fails_at: set[int]
) -> None:
    group = WatchedGroup(entries(20), fails_at=frozenset(fails_at))
    sink = SinkInMemory()

    run(group, sink, beside())

    assert (len(sink.rows), group.pending) == (20, {})


@pytest.mark.parametrize("beside", [BesideThread, AtLast])
def test_at_the_word_to_stop_what_was_read_ahead_is_written_and_nothing_more_is_read(
    beside: type[Beside],
) -> None:
    stop = PatientStop()
    group = WatchedGroup(entries(12), on_reading=at_the_second(stop.set))
    sink = SinkInMemory()

    run(group, sink, beside(), stop)

    assert (len(sink.rows), group.pending, len(group.entries)) == (6, {}, 6)


def test_at_the_word_to_stop_both_batches_stay_pending_if_the_database_is_away() -> None:
    stop = PatientStop()
    stop.stop_at_wait = 3
    group = WatchedGroup(entries(12))
    sink = SinkInMemory(away=[SinkAwayError("away")] * 100)

    run(group, sink, AtLast(), stop)

    assert (len(sink.rows), len(group.pending), group.closed) == (0, 6, True)


def test_a_dead_peers_entries_are_looked_for_between_two_batches_of_a_long_queue() -> None:
    group = WatchedGroup(entries(300))
    sink = SinkInMemory()
    now_s = [0.0]

    def leave_something(number: int) -> None:
        now_s[0] += 1.0
        if number == 5:
            group.of_dead_peers.append(entry(1_000))

    group.on_reading = leave_something
    stop = PatientStop()
    group.on_empty = stop.set
    WriterRunner(
        group, sink, count=COUNT, clock=ManualClock(1), seconds=lambda: now_s[0], beside=AtLast()
    ).run(stop)

    at = [ids for ids, batch in enumerate(sink.batches) if b"1000-0" in batch]
    assert at
    assert at[0] < 20
    assert group.pending == {}


def test_a_database_that_never_answers_does_not_keep_the_process_from_ending() -> None:
    subprocess.run([sys.executable, "-c", HANGS], check=True, timeout=60)


def test_what_the_work_beside_raises_is_raised_where_its_outcome_is_asked_for() -> None:
    beside = BesideThread()

    broken, whole = beside.submit(lambda: 1 // 0), beside.submit(lambda: 7)

    with pytest.raises(ZeroDivisionError):
        broken.result()
    assert whole.result() == 7
    beside.shutdown()
