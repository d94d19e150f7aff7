"""What a writer is handed where it is measured: a reader and a database that keep figures. What they do is their own."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sauda.clock import monotonic_s, wall_ms
from sauda.errors import TransientError
from sauda.metrics import measures
from sauda.metrics.measures import Reading
from sauda.metrics.tally import ANSWER_S, ENTRIES, HOP_S, Counts, Distribution

if TYPE_CHECKING:
    from sauda.batch import Record, Refusal
    from sauda.log import Entry, Output
    from sauda.writer import GroupReader, Sink


class WritingFigures:
    """What one writer came to."""

    def __init__(self, writer: str) -> None:
        self.writer = writer
        self.worked = Counts()
        """(stream) -> entries written and acknowledged"""
        self.hops: dict[str, Distribution] = {}
        """stream -> seconds"""
        self.batch = Distribution(ENTRIES)
        self.write = Distribution(ANSWER_S)
        self.refused = 0
        self.write_failures = 0
        self.redis_failures = 0

    def note_settled(self, entries: "Sequence[Entry]", now_ms: int) -> None:
        """Count *entries*, oldest first: they are in the database and acknowledged."""
        counts: dict[str, int] = {}
        oldest: dict[str, bytes] = {}
        for entry in entries:
            counts[entry.stream] = counts.get(entry.stream, 0) + 1
            oldest.setdefault(entry.stream, entry.id)
        for stream, count in counts.items():
            self.worked.add((stream,), count)
            first = oldest[stream]
            late_s = max(0, now_ms - int(first[: first.index(b"-")])) / 1000
            self.hops.setdefault(stream, Distribution(HOP_S)).note(late_s)

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        name = self.writer
        found = [
            Reading(measures.BATCH, (name,), self.batch),
            Reading(measures.WRITE, (name,), self.write),
            Reading(measures.WRITE_FAILURES, (name,), self.write_failures),
            Reading(measures.REFUSED, (name,), self.refused),
            Reading(measures.FAILURES, (name,), self.redis_failures),
        ]
        found += [Reading(measures.ENTRIES, (name, *labels), count) for labels, count in self.worked.all()]
        found += [Reading(measures.HOP, (name, stream), hop) for stream, hop in list(self.hops.items())]
        return found


def measured_writer(
    writer: str, reader: "GroupReader", sink: "Sink"
) -> "tuple[MeasuredReader, MeasuredSink, WritingFigures]":
    """Return what *writer* works with instead of *reader* and *sink*, and the figures that they keep."""
    figures = WritingFigures(writer)
    return MeasuredReader(reader, figures, wall_ms), MeasuredSink(sink, figures), figures


class MeasuredReader:
    """See `sauda.writer.GroupReader`."""

    def __init__(self, reader: "GroupReader", figures: WritingFigures, now_ms: Callable[[], int]) -> None:
        self.group = reader.group
        self._reader = reader
        self._figures = figures
        self._now_ms = now_ms

    def open(self) -> None:
        """See `sauda.writer.GroupReader`."""
        self._reader.open()

    def mine(self, count: int) -> "list[Entry]":
        """See `sauda.writer.GroupReader`."""
        return self._counted(lambda: self._reader.mine(count))

    def abandoned(self, min_idle_ms: int, count: int) -> "list[Entry]":
        """See `sauda.writer.GroupReader`."""
        return self._counted(lambda: self._reader.abandoned(min_idle_ms, count))

    def fresh(self, count: int, block_ms: int) -> "list[Entry]":
        """See `sauda.writer.GroupReader`."""
        return self._counted(lambda: self._reader.fresh(count, block_ms))

    def settle(self, written: "Sequence[Entry]", letters: "Sequence[tuple[Entry, Output]]") -> None:
        """See `sauda.writer.GroupReader`."""
        try:
            self._reader.settle(written, letters)
        except TransientError:
            self._figures.redis_failures += 1
            raise
        self._figures.refused += len(letters)
        self._figures.note_settled(written, self._now_ms())

    def close(self) -> None:
        """See `sauda.writer.GroupReader`."""
        self._reader.close()

    def _counted(self, read: "Callable[[], list[Entry]]") -> "list[Entry]":
        try:
            entries = read()
        except TransientError:
            self._figures.redis_failures += 1
            raise
        if entries:
            self._figures.batch.note(len(entries))
        return entries


class MeasuredSink:
    """See `sauda.writer.Sink`."""

    def __init__(
        self, sink: "Sink", figures: WritingFigures, seconds: Callable[[], float] = monotonic_s
    ) -> None:
        self.where = sink.where
        self._sink = sink
        self._figures = figures
        self._seconds = seconds

    def open(self) -> None:
        """See `sauda.writer.Sink`."""
        self._sink.open()

    def write(self, records: "Sequence[Record]") -> "Sequence[Refusal]":
        """See `sauda.writer.Sink`."""
        begun_s = self._seconds()
        try:
            return self._sink.write(records)
        except TransientError:
            self._figures.write_failures += 1
            raise
        finally:
            self._figures.write.note(self._seconds() - begun_s)

    def close(self) -> None:
        """See `sauda.writer.Sink`."""
        self._sink.close()
