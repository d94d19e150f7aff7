"""A log that keeps figures of what goes through it: how many, how long, how late. What it does is the log's own.

A unit's figures are taken once a step from what the step says of itself (positions before and after), never once an entry: a
step of five hundred ticks costs what a step of one costs.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from sauda.clock import monotonic_s
from sauda.errors import TransientError
from sauda.metrics import measures
from sauda.metrics.measures import Reading
from sauda.metrics.tally import ANSWER_S, ENTRIES, HOP_S, Distribution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sauda.log import Entry, EntryId, Lease, Loaded, Log, Output, Position, Step
    from sauda.metrics.timed_line import TimedLine

_STREAM: Final = attrgetter("stream")


class StepFigures:
    """What the steps of one unit came to."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.worked: dict[str, int] = {}
        """stream -> entries"""
        self.written: dict[str, int] = {}
        """stream -> entries"""
        self.hops: dict[str, Distribution] = {}
        """stream -> seconds"""
        self.batch = Distribution(ENTRIES)
        self.commit = Distribution(ANSWER_S)
        self.failures = 0

    def note_step(self, step: "Step", commit_s: float, now_ms: int) -> None:
        """Count a step that was committed, in *commit_s* seconds."""
        self.commit.note(commit_s)
        size = 0
        for stream, (before, first, after) in step.moves.items():
            # Places of tuples, not their names: this runs once a step, and a step may be a single tick.
            count = after[1] - before[1]
            size += count
            if stream not in self.hops:
                self._begin(stream)
            self.worked[stream] += count
            late_ms = now_ms - int(first.partition(b"-")[0])
            self.hops[stream].note(late_ms / 1000 if late_ms > 0 else 0.0)
        outputs = step.outputs
        if outputs:
            for stream, count in Counter(map(_STREAM, outputs)).items():
                self.written[stream] = self.written.get(stream, 0) + count
        if size or outputs:
            # The feed reads nothing off a stream: its steps are as large as what they write.
            self.batch.note(size or len(outputs))

    def _begin(self, stream: str) -> None:
        self.worked[stream] = 0
        self.hops[stream] = Distribution(HOP_S)

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        unit = self.unit
        found = [
            Reading(measures.BATCH, (unit,), self.batch),
            Reading(measures.COMMIT, (unit,), self.commit),
            Reading(measures.FAILURES, (unit,), self.failures),
        ]
        found += [Reading(measures.ENTRIES, (unit, name), n) for name, n in list(self.worked.items())]
        found += [Reading(measures.OUTPUTS, (unit, name), n) for name, n in list(self.written.items())]
        found += [Reading(measures.HOP, (unit, name), hop) for name, hop in list(self.hops.items())]
        return found


class MeasuredLog:
    """See `sauda.log.Log`; every method is the log's own, and the figures are told of it."""

    def __init__(
        self,
        log: "Log",
        figures: StepFigures,
        now_ms: Callable[[], int],
        *,
        line: "TimedLine | None" = None,
        seconds: Callable[[], float] = monotonic_s,
    ) -> None:
        """*now_ms* is wall time; *line* is the one that *log* speaks over, if that does a commit and a read in one go."""
        self.desk = log.desk
        self._log = log
        self._figures = figures
        self._now_ms = now_ms
        self._line = line
        self._seconds = seconds

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> "Lease | None":
        """See `sauda.log.Log`."""
        with self._noticing():
            return self._log.acquire(unit, holder, ttl_ms)

    def left_ms(self, unit: str) -> int:
        """See `sauda.log.Log`."""
        with self._noticing():
            return self._log.left_ms(unit)

    def renew(self, lease: "Lease") -> None:
        """See `sauda.log.Log`."""
        with self._noticing():
            self._log.renew(lease)

    def release(self, lease: "Lease") -> None:
        """See `sauda.log.Log`."""
        with self._noticing():
            self._log.release(lease)

    def load(self, lease: "Lease", inputs: Sequence[str]) -> "Loaded":
        """See `sauda.log.Log`."""
        with self._noticing():
            return self._log.load(lease, inputs)

    def read(self, positions: "Mapping[str, Position]", count: int, block_ms: int) -> "Sequence[Entry]":
        """See `sauda.log.Log`."""
        try:
            return self._log.read(positions, count, block_ms)
        except TransientError:
            self._figures.failures += 1
            raise

    def read_after_rest(
        self,
        urgent: "Mapping[str, Position]",
        rest_ms: int,
        positions: "Mapping[str, Position]",
        count: int,
    ) -> "Sequence[Entry]":
        """See `sauda.log.Log`."""
        try:
            return self._log.read_after_rest(urgent, rest_ms, positions, count)
        except TransientError:
            self._figures.failures += 1
            raise

    def commit(self, lease: "Lease", step: "Step") -> None:
        """See `sauda.log.Log`."""
        begun_s = self._seconds()
        try:
            self._log.commit(lease, step)
        except TransientError:
            self._figures.failures += 1
            raise
        self._figures.note_step(step, self._seconds() - begun_s, self._now_ms())

    def commit_and_read(
        self, lease: "Lease", step: "Step", positions: "Mapping[str, Position]", count: int, block_ms: int
    ) -> "Sequence[Entry]":
        """See `sauda.log.Log`."""
        line = self._line
        if line is None:
            # A log that cannot say when the first of the two was done does them one after the other itself.
            self.commit(lease, step)
            return self.read(positions, count, block_ms)
        begun_s = self._seconds()
        line.first_s = None
        try:
            entries = self._log.commit_and_read(lease, step, positions, count, block_ms)
        except TransientError:
            self._figures.failures += 1
            if line.first_s is not None:
                self._note(step, begun_s, line.first_s)
            raise
        self._note(step, begun_s, line.first_s)
        return entries

    def _note(self, step: "Step", begun_s: float, committed_s: float | None) -> None:
        """Count a step that was committed before a read that has waited since."""
        now_s = self._seconds()
        committed_s = committed_s or now_s
        ago_ms = round((now_s - committed_s) * 1000)
        self._figures.note_step(step, committed_s - begun_s, self._now_ms() - ago_ms)

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """See `sauda.log.Log`."""
        with self._noticing():
            return self._log.state_of(unit)

    def append(self, outputs: "Sequence[Output]") -> "list[EntryId]":
        """See `sauda.log.Log`."""
        with self._noticing():
            return self._log.append(outputs)

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> "list[Entry]":
        """See `sauda.log.Log`."""
        with self._noticing():
            return self._log.entries(stream, start, end, count)

    @contextmanager
    def _noticing(self) -> "Iterator[None]":
        try:
            yield
        except TransientError:
            self._figures.failures += 1
            raise
