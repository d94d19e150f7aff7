"""A writer that is measured writes, acknowledges and refuses as it did, and tells how much, how long and how late."""

from collections.abc import Sequence

import pytest

from sauda.batch import Record, Refusal
from sauda.codec import encode
from sauda.errors import TransientError
from sauda.log import Entry, Output
from sauda.metrics.writing import MeasuredReader, MeasuredSink, WritingFigures
from sauda.testing.builders import a_fill
from sauda.writer import WriterRunner


class Reader:
    """Hands out each batch once, and remembers what was settled; then says stop."""

    group = "writer.test"

    def __init__(self, batches: list[list[Entry]]) -> None:
        self.batches = batches
        self.settled: list[bytes] = []
        self.letters: list[bytes] = []
        self.stopped = False

    def open(self) -> None: ...

    def close(self) -> None: ...

    def mine(self, count: int) -> list[Entry]:
        return []

    def abandoned(self, min_idle_ms: int, count: int) -> list[Entry]:
        return []

    def fresh(self, count: int, block_ms: int) -> list[Entry]:
        if not self.batches:
            self.stopped = True
            return []
        return self.batches.pop(0)

    def settle(self, written: Sequence[Entry], letters: Sequence[tuple[Entry, Output]]) -> None:
        self.settled += [entry.id for entry in written]
        self.letters += [entry.id for entry, _ in letters]

    def is_set(self) -> bool:
        return self.stopped

    def wait(self, timeout: float) -> bool:
        return self.stopped


class Database:
    """Refuses the second record of a batch, and is away at first."""

    where = "a list"
    away = 1

    def __init__(self) -> None:
        self.rows: list[bytes] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        if self.away:
            self.away -= 1
            raise TransientError("not now")
        self.rows += [record.id for place, record in enumerate(records) if place != 1]
        return [Refusal(1, "never")] if len(records) > 1 else ()


def an_entry(at_ms: int, stream: str = "executions") -> Entry:
    return Entry(stream, b"%d-0" % at_ms, encode(a_fill()), b"")


def test_a_measured_writer_does_its_work_and_tells_of_it() -> None:
    reader, database = (
        Reader([[an_entry(1_000), an_entry(1_200), an_entry(1_300)], [an_entry(1_500)]]),
        Database(),
    )
    figures = WritingFigures("writer.test")
    runner = WriterRunner(
        MeasuredReader(reader, figures, lambda: 3_000),
        MeasuredSink(database, figures),
        pause=lambda _state: 0.0,
    )

    runner.run(reader)

    assert database.rows == reader.settled == [b"1000-0", b"1300-0", b"1500-0"]
    assert reader.letters == [b"1200-0"]
    assert figures.worked.all() == [(("executions",), 3)]
    assert figures.refused == 1
    assert figures.write_failures == 1
    assert sum(figures.write.counts) == 3
    assert (sum(figures.batch.counts), figures.batch.total) == (2, 4)
    assert figures.hops["executions"].total == pytest.approx(2.0 + 1.5)


def test_a_server_that_does_not_answer_is_counted_and_said() -> None:
    class Away(Reader):
        def fresh(self, count: int, block_ms: int) -> list[Entry]:
            raise TransientError("no answer")

        def settle(self, written: Sequence[Entry], letters: Sequence[tuple[Entry, Output]]) -> None:
            raise TransientError("no answer")

    figures = WritingFigures("writer.test")
    reader = MeasuredReader(Away([]), figures, lambda: 0)

    with pytest.raises(TransientError):
        reader.fresh(5, 0)
    with pytest.raises(TransientError):
        reader.settle([an_entry(1)], [])

    assert figures.redis_failures == 2
    assert figures.worked.all() == []
