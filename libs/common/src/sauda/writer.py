"""Carries a group of entries out of Redis into a database: the shell of every writer.

What leaves Redis cannot be committed with it, so a writer is a plain competing consumer: it acknowledges an entry only
after the database said yes, takes over what a dead peer left, and may therefore write an entry twice. That is safe
because a sink's write is idempotent: the identity of what it writes is derived from the entry, never from the moment.

While the database works on one batch the next is read and decoded: at most two are in hand. While the database is away
these are tried again and nothing more is read, so memory stays bounded.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from sauda.batch import Batch, Record, Refusal, batch_of
from sauda.beside import Beside, BesideThread
from sauda.clock import Clock, SystemClock, monotonic_s
from sauda.errors import TransientError
from sauda.log import Entry, Output
from sauda.outage import Away, Outages, Pause, StoppedError
from sauda.parking import dead_letter
from sauda.runner import Stop

T = TypeVar("T")


class Sink(Protocol):
    """A database. Writing a record twice, or in another order, is writing it once."""

    where: str
    """Which database, for people; without its password."""

    def open(self) -> None:
        """Make what is missing (tables), so that a database that is away is noticed before there is work.

        Raises:
            TransientError: the database is away or disturbed.
        """

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        """Write all *records* durably, except those it returns.

        Raises:
            TransientError: the database is away or disturbed; any part of the batch may have been written.
        """

    def close(self) -> None:
        """Let the connection go."""


class GroupReader(Protocol):
    """One consumer of a group over some streams. Every method raises TransientError while the server is away."""

    group: str

    def open(self) -> None:
        """Make the group where it is missing, at the beginning of what the stream holds."""

    def mine(self, count: int) -> list[Entry]:
        """Return what an earlier life of this consumer read and did not acknowledge."""

    def abandoned(self, min_idle_ms: int, count: int) -> list[Entry]:
        """Take over what any consumer has left alone for *min_idle_ms*."""

    def fresh(self, count: int, block_ms: int) -> list[Entry]:
        """Return what no consumer has read, at most *count* a stream; wait up to *block_ms* for it."""

    def settle(self, written: Sequence[Entry], letters: Sequence[tuple[Entry, Output]]) -> None:
        """Acknowledge all of them; a letter is written once, by whoever acknowledges its entry first."""

    def close(self) -> None:
        """Strike the consumer off the group's list, unless something is pending with it."""


class WriterRunner:
    """Writes until told to stop; the process stays, whatever the database or Redis does."""

    def __init__(
        self,
        reader: GroupReader,
        sink: Sink,
        *,
        count: int = 2000,
        block_ms: int = 1000,
        linger_ms: int = 100,
        claim_after_ms: int = 15_000,
        clock: Clock | None = None,
        seconds: Callable[[], float] = monotonic_s,
        pause: Pause | None = None,
        beside: Beside | None = None,
        on_event: Callable[[str, dict[str, object]], None] = lambda _event, _facts: None,
    ) -> None:
        # *seconds*, *pause* and *beside* (who writes into the database) are arguments for whoever owns time and chance.
        self.written = 0
        self.refused = 0
        self._reader = reader
        self._sink = sink
        self._count = count
        self._block_ms = block_ms
        self._linger_s = linger_ms / 1000
        self._claim_after_ms = claim_after_ms
        self._claim_at_s = 0.0
        self._stage = "starting"
        self._opened = False
        self._own_first = True
        self._on_event = on_event
        self._seconds = seconds
        self._outages = Outages(clock or SystemClock(), pause, on_event)
        self._beside = beside or BesideThread()

    @property
    def group(self) -> str:
        """Return the name of the consumer group, which is the writer's name for people."""
        return self._reader.group

    @property
    def away(self) -> Away | None:
        """Return what the writer is waiting for."""
        return self._outages.first

    @property
    def phase(self) -> str:
        """Return `starting`, `writing`, `away` (the database or Redis: see `away`) or `stopped`."""
        return "away" if self.away and self._stage != "stopped" else self._stage

    @property
    def ready(self) -> bool:
        """Whether entries go into the database now."""
        return self.phase == "writing"

    def run(self, stop: Stop) -> None:
        """Write until *stop*; what is in hand is finished, or left pending if the database is away."""
        try:
            # The group first: from then on the server knows that we have not passed anything yet.
            self._persist("redis", self._open, stop)
            self._persist("database", self._sink.open, stop)
            self._stage = "writing"
            while not stop.is_set():
                entries = self._persist("redis", self._next, stop)
                batch = batch_of(self.group, entries) if entries else None
                while batch:
                    batch = self._work(batch, stop)
                if 0 < len(entries) < self._count // 2:
                    # A commit costs the database about the same for one row as for a hundred: let some gather.
                    stop.wait(self._linger_s)
        except StoppedError:
            pass
        self._leave()

    def _open(self) -> None:
        if not self._opened:
            self._reader.open()
            self._opened = True

    def _next(self) -> list[Entry]:
        """Own leftovers first, then a dead peer's, then what is new."""
        try:
            self._open()
            if self._own_first:
                if entries := self._reader.mine(self._count):
                    return entries
                self._own_first = False
            if self._seconds() >= self._claim_at_s:
                if entries := self._reader.abandoned(self._claim_after_ms, self._count):
                    return entries
                self._claim_at_s = self._seconds() + self._claim_after_ms / 3000
            return self._reader.fresh(self._count, self._block_ms)
        except TransientError:
            self._begin_again()
            raise

    def _begin_again(self) -> None:
        """Trust nothing: the server may have lost the group, or handed us entries in an answer that never came."""
        self._opened = False
        self._own_first = True

    def _work(self, batch: Batch, stop: Stop) -> Batch | None:
        """Write and acknowledge *batch*; return the next one, if it was read meanwhile."""
        writing = self._beside.submit(lambda: self._write(batch.records, stop))
        ahead = self._ahead(batch, stop)
        reasons = dict(writing.result())
        letters = [self._letter(*told) for told in batch.unreadable]
        letters += [self._letter(batch.readable[place], reasons[place]) for place in sorted(reasons)]
        written = [entry for place, entry in enumerate(batch.readable) if place not in reasons]
        self._persist("redis", lambda: self._reader.settle([*batch.passed, *written], letters), stop)
        self.written += len(written)
        self.refused += len(letters)
        return ahead

    def _write(self, records: Sequence[Record], stop: Stop) -> Sequence[Refusal]:
        return self._persist("database", lambda: self._sink.write(records), stop) if records else ()

    def _ahead(self, batch: Batch, stop: Stop) -> Batch | None:
        """Read on while the database writes *batch*, if that was a full one and no dead peer is to be looked for."""
        is_last = len(batch.entries) < self._count
        if is_last or stop.is_set() or self._seconds() >= self._claim_at_s:
            return None
        try:
            entries = self._reader.fresh(self._count, 0)
        except TransientError:
            # Said and waited for when *batch* is acknowledged, or when the next is read.
            self._begin_again()
            return None
        return batch_of(self.group, entries) if entries else None

    def _letter(self, entry: Entry, reason: str) -> tuple[Entry, Output]:
        self._on_event("dead_letter", {"stream": entry.stream, "id": entry.id.decode(), "why": reason})
        return entry, dead_letter(self.group, entry, reason)

    def _persist(self, what: str, action: Callable[[], T], stop: Stop) -> T:
        """Do *action* until it succeeds; only the word to stop ends the waiting."""
        return self._outages.sit_out(what, action, stop)

    def _leave(self) -> None:
        try:
            self._reader.close()
        except TransientError as error:
            # Our name stays on the group's list; a peer strikes it off later.
            self._on_event("redis_away", {"why": str(error)})
        self._beside.shutdown()
        self._sink.close()
        self._stage = "stopped"
