"""The writer's shell on a group in memory: what is acknowledged when, and what happens while something is away."""

import base64
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from sauda.batch import Record, Refusal
from sauda.clock import ManualClock
from sauda.codec import decode, encode
from sauda.contracts import ClockTick, DeadLetter, DeskPnl, Message
from sauda.errors import TransientError
from sauda.log import Entry, Output
from sauda.outage import SinkAwayError
from sauda.writer import WriterRunner

Event = tuple[str, dict[str, object]]


def desk_pnl(number: int) -> DeskPnl:
    return DeskPnl(
        realised=number, unrealised=0, charges=0, net=number, margin=None, roi=None, event_ns=number
    )


def entry(number: int, message: Message | None = None) -> Entry:
    return Entry("pnl", f"{number}-0".encode(), encode(message or desk_pnl(number)), b"ticks 1-0")


@dataclass
class GroupInMemory:
    """Keeps the promises of a consumer group: fresh entries once, pending ones until they are settled."""

    entries: list[Entry]
    group: str = "writer.test"
    leftovers: list[Entry] = field(default_factory=list)
    of_dead_peers: list[Entry] = field(default_factory=list)
    pending: dict[bytes, Entry] = field(default_factory=dict)
    letters: list[Output] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Calls that are to fail, each once."""
    opened: int = 0
    closed: bool = False
    on_empty: Callable[[], None] = lambda: None

    def _may_fail(self, call: str) -> None:
        if call in self.failures:
            self.failures.remove(call)
            raise TransientError(f"Redis does not answer: {call}")

    def open(self) -> None:
        self._may_fail("open")
        self.opened += 1

    def mine(self, count: int) -> list[Entry]:
        self._may_fail("mine")
        taken, self.leftovers = self.leftovers[:count], self.leftovers[count:]
        still = [one for one in self.pending.values() if one not in taken]
        return self._hand_out(taken) + still

    def abandoned(self, min_idle_ms: int, count: int) -> list[Entry]:
        self._may_fail("abandoned")
        taken, self.of_dead_peers = self.of_dead_peers[:count], self.of_dead_peers[count:]
        return self._hand_out(taken)

    def fresh(self, count: int, block_ms: int) -> list[Entry]:
        self._may_fail("fresh")
        taken, self.entries = self.entries[:count], self.entries[count:]
        if not taken:
            self.on_empty()
        return self._hand_out(taken)

    def _hand_out(self, taken: Sequence[Entry]) -> list[Entry]:
        self.pending |= {one.id: one for one in taken}
        return list(taken)

    def settle(self, written: Sequence[Entry], letters: Sequence[tuple[Entry, Output]]) -> None:
        self._may_fail("settle")
        for one in written:
            del self.pending[one.id]
        for one, letter in letters:
            del self.pending[one.id]
            self.letters.append(letter)

    def close(self) -> None:
        self.closed = True


@dataclass
class SinkInMemory:
    """A database that can be away for a while and has things it will not take."""

    where: str = "memory"
    away: list[SinkAwayError] = field(default_factory=list)
    refused: frozenset[int] = frozenset()
    """Nets of the desk that it will not take."""
    rows: dict[bytes, Message] = field(default_factory=dict)
    batches: list[list[bytes]] = field(default_factory=list)
    away_at_start: list[SinkAwayError] = field(default_factory=list)
    closed: bool = False

    def open(self) -> None:
        if self.away_at_start:
            raise self.away_at_start.pop(0)

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        self.batches.append([record.id for record in records])
        if self.away:
            raise self.away.pop(0)
        refusals = []
        for place, record in enumerate(records):
            if isinstance(record.message, DeskPnl) and record.message.net in self.refused:
                refusals.append(Refusal(place, "will not take it"))
            else:
                self.rows[record.id] = record.message
        return refusals

    def close(self) -> None:
        self.closed = True


class PatientStop:
    """Says stop when told; time passes at once, and every wait is written down."""

    def __init__(self) -> None:
        self._set = False
        self.waits: list[float] = []
        self.stop_at_wait: int | None = None

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        if self.stop_at_wait is not None and len(self.waits) >= self.stop_at_wait:
            self._set = True
        return self._set


def play(
    group: GroupInMemory, sink: SinkInMemory, stop: PatientStop | None = None, count: int = 3
) -> tuple[WriterRunner, list[Event], PatientStop]:
    stop = stop or PatientStop()
    group.on_empty = stop.set
    events: list[Event] = []
    runner = WriterRunner(
        group,
        sink,
        count=count,
        clock=ManualClock(1_000),
        on_event=lambda name, facts: events.append((name, facts)),
    )
    runner.run(stop)
    return runner, events, stop


def test_everything_is_written_and_acknowledged_and_the_consumer_leaves() -> None:
    group = GroupInMemory([entry(number) for number in range(1, 11)])
    sink = SinkInMemory()

    runner, events, _ = play(group, sink)

    assert sorted(sink.rows) == sorted(f"{number}-0".encode() for number in range(1, 11))
    assert (group.pending, runner.written, runner.refused, events) == ({}, 10, 0, [])
    assert (runner.phase, group.closed, sink.closed) == ("stopped", True, True)


def test_leftovers_of_an_earlier_life_come_first_then_a_dead_peers_then_what_is_new() -> None:
    group = GroupInMemory([entry(3)], leftovers=[entry(1)], of_dead_peers=[entry(2)])
    sink = SinkInMemory()

    play(group, sink)

    assert sink.batches == [[b"1-0"], [b"2-0"], [b"3-0"]]


def test_while_the_database_is_away_the_same_batch_is_tried_and_nothing_else_is_read() -> None:
    group = GroupInMemory([entry(number) for number in range(1, 7)])
    sink = SinkInMemory(away=[SinkAwayError("it is away")] * 5)

    runner, events, _ = play(group, sink)

    assert sink.batches == [[b"1-0", b"2-0", b"3-0"]] * 6 + [[b"4-0", b"5-0", b"6-0"]]
    assert [name for name, _ in events] == ["database_away"] * 5 + ["database_back"]
    assert {facts["since_ns"] for name, facts in events if name == "database_away"} == {1_000}
    assert runner.away is None


def test_nothing_is_acknowledged_when_the_word_to_stop_comes_while_the_database_is_away() -> None:
    group = GroupInMemory([entry(1), entry(2)])
    sink = SinkInMemory(away=[SinkAwayError("it is away")] * 100)
    stop = PatientStop()
    stop.stop_at_wait = 4

    runner, _, _ = play(group, sink, stop)

    assert (sorted(group.pending), sink.rows, group.closed) == ([b"1-0", b"2-0"], {}, True)
    assert len(sink.batches) == 4, "the word to stop ends the waiting at once"
    assert runner.away is not None
    assert (runner.away.what, runner.away.why) == ("database", "it is away")


def test_a_server_that_says_how_long_to_leave_it_alone_is_left_alone_so_long() -> None:
    sink = SinkInMemory(away=[SinkAwayError("too much", 45.0), SinkAwayError("too much", 1e9)])

    _, _, stop = play(GroupInMemory([entry(1)]), sink)

    assert stop.waits[0] == 45.0
    assert stop.waits[1] == 600.0, "but not for ever"


def test_without_such_a_word_the_pauses_grow_to_thirty_seconds_at_the_most() -> None:
    sink = SinkInMemory(away=[SinkAwayError("away")] * 40)

    _, _, stop = play(GroupInMemory([entry(1)]), sink)

    assert max(stop.waits) <= 30
    assert max(stop.waits[:3]) <= 1
    assert max(stop.waits) > 3


@pytest.mark.parametrize("call", ["open", "mine", "abandoned", "fresh", "settle"])
def test_a_redis_that_goes_away_at_any_call_loses_nothing(call: str) -> None:
    group = GroupInMemory([entry(1), entry(2)], failures=[call])
    sink = SinkInMemory()

    _, events, _ = play(group, sink)

    assert (sorted(sink.rows), group.pending) == ([b"1-0", b"2-0"], {})
    assert [name for name, _ in events] == ["redis_away", "redis_back"]


def test_entries_that_were_handed_out_in_an_answer_that_never_came_are_found_again() -> None:
    group = GroupInMemory([entry(2)])
    group.pending = {b"1-0": entry(1)}
    sink = SinkInMemory()
    group.failures = ["fresh"]

    play(group, sink)

    assert sorted(sink.rows) == [b"1-0", b"2-0"]


def letters_of(group: GroupInMemory) -> Iterable[DeadLetter]:
    for letter in group.letters:
        message = decode(letter.data)
        assert isinstance(message, DeadLetter)
        yield message


def test_what_cannot_be_read_or_written_becomes_a_dead_letter_and_the_rest_is_written() -> None:
    foreign = Entry("pnl", b"2-0", b"", b"", {b"x": b"\xff\x00"})
    lost = entry(3, ClockTick(event_ns=5))
    group = GroupInMemory([entry(1), foreign, lost, entry(4), Entry("pnl", b"5-0", b"{", b"")])
    sink = SinkInMemory(refused=frozenset({4}))

    runner, events, _ = play(group, sink, count=10)

    assert list(sink.rows) == [b"1-0"]
    assert (group.pending, runner.written, runner.refused) == ({}, 1, 4)
    letters = {letter.entry_id: letter for letter in letters_of(group)}
    assert sorted(letters) == ["2-0", "3-0", "4-0", "5-0"]
    assert letters["2-0"].fields == {"x": base64.b64encode(b"\xff\x00").decode()}
    assert letters["2-0"].reason == "the entry has no field `d`"
    assert letters["3-0"].reason == "a message of stream ticks does not belong on pnl"
    assert letters["4-0"].reason == "will not take it"
    assert letters["5-0"].reason.startswith("unreadable message")
    assert {letter.unit for letter in letters.values()} == {"writer.test"}
    assert [name for name, _ in events] == ["dead_letter"] * 4


def test_few_entries_are_let_gather_and_many_are_not() -> None:
    _, _, few = play(GroupInMemory([entry(1)]), SinkInMemory(), count=10)
    _, _, many = play(GroupInMemory([entry(n) for n in range(1, 21)]), SinkInMemory(), count=10)

    assert (few.waits, many.waits) == ([0.1], [])


def test_a_thread_that_waits_for_the_database_ends_within_a_moment_of_the_word_to_stop() -> None:
    group = GroupInMemory([entry(1)])
    sink = SinkInMemory(away=[SinkAwayError("away", 60.0)] * 100)
    stop = threading.Event()
    runner = WriterRunner(group, sink)
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    while runner.phase != "away":
        stop.wait(0.01)

    assert not runner.ready
    stop.set()
    thread.join(2)

    assert not thread.is_alive()
    assert list(group.pending) == [b"1-0"]


def test_a_message_keeps_its_bytes_in_a_dead_letter() -> None:
    group = GroupInMemory([entry(4)])
    play(group, SinkInMemory(refused=frozenset({4})))

    (letter,) = letters_of(group)

    assert base64.b64decode(letter.fields["d"]) == msgspec.json.encode(desk_pnl(4))
    assert base64.b64decode(letter.fields["c"]) == b"ticks 1-0"


def test_a_database_that_is_absent_at_the_start_is_said_before_there_is_work_and_the_group_exists() -> None:
    group = GroupInMemory([])
    sink = SinkInMemory(away_at_start=[SinkAwayError("nobody listens")])

    runner, events, _ = play(group, sink)

    assert [name for name, _ in events] == ["database_away", "database_back"]
    assert events[0][1]["why"] == "nobody listens"
    assert (group.opened, runner.phase) == (1, "stopped")
