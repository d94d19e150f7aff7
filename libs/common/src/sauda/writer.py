"""Carries a group of entries out of Redis into a database: the shell of every writer.

What leaves Redis cannot be committed with it, so a writer is a plain competing consumer: it acknowledges an entry only
after the database said yes, takes over what a dead peer left, and may therefore write an entry twice. That is safe
because a sink's write is idempotent: the identity of what it writes is derived from the entry, never from the moment.
While the database is away the batch in hand is tried again and nothing more is read, so memory stays bounded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from sauda.clock import Clock, SystemClock, UnixNs, monotonic_s
from sauda.codec import decode
from sauda.contracts import STREAM_OF, Message
from sauda.errors import ContractError, TransientError
from sauda.log import Entry, EntryId, Output
from sauda.parking import dead_letter
from sauda.redelivery import meant_for
from sauda.runner import Stop

T = TypeVar("T")

LONGEST_PAUSE_S: Final = 30.0
"""Between two attempts at the most, so that a database that is back is noticed soon."""

LONGEST_RETRY_AFTER_S: Final = 600.0
"""A server may ask for a longer pause than ours, but not for one that looks like a standstill."""


class SinkAwayError(TransientError):
    """The database cannot take the batch now; it may have said how long to leave it alone."""

    def __init__(self, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Record(NamedTuple):
    """A message and where it stands; within one stream the id gives the order."""

    stream: str
    id: EntryId
    message: Message


class Refusal(NamedTuple):
    """A record that the database will never take, by its place in the batch, and why."""

    place: int
    reason: str


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


@dataclass(frozen=True, slots=True)
class Away:
    """What a writer is waiting for."""

    what: str
    """`database` or `redis`."""
    since_ns: UnixNs
    why: str


class _StoppedError(Exception):
    """The word to stop came while a batch was waiting; it stays pending."""


class WriterRunner:
    """Writes until told to stop; the process stays, whatever the database or Redis does."""

    def __init__(
        self,
        reader: GroupReader,
        sink: Sink,
        *,
        count: int = 1000,
        block_ms: int = 1000,
        linger_ms: int = 100,
        claim_after_ms: int = 15_000,
        clock: Clock | None = None,
        seconds: Callable[[], float] = monotonic_s,
        pause: Callable[[RetryCallState], float] | None = None,
        on_event: Callable[[str, dict[str, object]], None] = lambda _event, _facts: None,
    ) -> None:
        # *seconds* and *pause* (how long to wait before another attempt) are arguments for whoever owns time and chance.
        self.away: Away | None = None
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
        self._clock = clock or SystemClock()
        self._on_event = on_event
        self._seconds = seconds
        self._backoff = pause or wait_random_exponential(multiplier=0.25, max=LONGEST_PAUSE_S)

    @property
    def group(self) -> str:
        """Return the name of the consumer group, which is the writer's name for people."""
        return self._reader.group

    @property
    def phase(self) -> str:
        """Return `starting`, `writing`, `away` (the database or Redis: see `away`) or `stopped`."""
        return "away" if self.away and self._stage != "stopped" else self._stage

    @property
    def ready(self) -> bool:
        """Whether entries go into the database now."""
        return self.phase == "writing"

    def run(self, stop: Stop) -> None:
        """Write until *stop*; the batch in hand is finished, or left pending if the database is away."""
        try:
            # The group first: from then on the server knows that we have not passed anything yet.
            self._persist("redis", self._open, stop)
            self._persist("database", self._sink.open, stop)
            self._stage = "writing"
            while not stop.is_set():
                entries = self._persist("redis", self._next, stop)
                if entries:
                    self._work(entries, stop)
                if 0 < len(entries) < self._count // 2:
                    # A commit costs the database about the same for one row as for a hundred: let some gather.
                    stop.wait(self._linger_s)
        except _StoppedError:
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
            # The server may have lost the group, or handed us entries in an answer that never came.
            self._opened = False
            self._own_first = True
            raise

    def _work(self, entries: Sequence[Entry], stop: Stop) -> None:
        letters: list[tuple[Entry, Output]] = []
        readable: list[Entry] = []
        records: list[Record] = []
        passed: list[Entry] = []
        for entry in entries:
            try:
                meant = meant_for(self.group, entry)
                if meant is None:
                    passed.append(entry)
                    continue
                records.append(_record(meant))
                readable.append(entry)
            except ContractError as error:
                letters.append(self._letter(entry, str(error)))
        refusals = self._persist("database", lambda: self._sink.write(records), stop) if records else ()
        reasons = dict(refusals)
        letters += [self._letter(readable[index], reason) for index, reason in sorted(reasons.items())]
        written = [entry for index, entry in enumerate(readable) if index not in reasons]
        self._persist("redis", lambda: self._reader.settle([*passed, *written], letters), stop)
        self.written += len(written)
        self.refused += len(letters)

    def _letter(self, entry: Entry, reason: str) -> tuple[Entry, Output]:
        self._on_event("dead_letter", {"stream": entry.stream, "id": entry.id.decode(), "why": reason})
        return entry, dead_letter(self.group, entry, reason)

    def _persist(self, what: str, action: Callable[[], T], stop: Stop) -> T:
        """Do *action* until it succeeds; only the word to stop ends the waiting."""

        def pause(seconds: float) -> None:
            if stop.wait(seconds):
                raise _StoppedError

        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            wait=self._pause_s,
            sleep=pause,
            before_sleep=lambda state: self._note_away(what, state),
        )
        result = retrying(action)
        self._note_back(what)
        return result

    def _pause_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = error.retry_after_s if isinstance(error, SinkAwayError) else None
        return max(self._backoff(state), min(asked_s or 0.0, LONGEST_RETRY_AFTER_S))

    def _note_away(self, what: str, state: RetryCallState) -> None:
        why = str(state.outcome.exception()) if state.outcome else ""
        since_ns = self.away.since_ns if self.away and self.away.what == what else self._clock.now_ns()
        self.away = Away(what, since_ns, why)
        pause_s = round(state.upcoming_sleep, 2)
        facts = {"why": why, "attempt": state.attempt_number, "pause_s": pause_s, "since_ns": since_ns}
        self._on_event(f"{what}_away", facts)

    def _note_back(self, what: str) -> None:
        if self.away and self.away.what == what:
            away_ms = (self._clock.now_ns() - self.away.since_ns) // 1_000_000
            self.away = None
            self._on_event(f"{what}_back", {"away_ms": away_ms})

    def _leave(self) -> None:
        try:
            self._reader.close()
        except TransientError as error:
            # Our name stays on the group's list; a peer strikes it off later.
            self._on_event("redis_away", {"why": str(error)})
        self._sink.close()
        self._stage = "stopped"


def _record(entry: Entry) -> Record:
    if entry.raw is not None and b"d" not in entry.raw:
        raise ContractError("the entry has no field `d`")
    message = decode(entry.data)
    home = STREAM_OF[type(message)]
    if home != entry.stream:
        raise ContractError(f"a message of stream {home} does not belong on {entry.stream}")
    return Record(entry.stream, entry.id, message)
