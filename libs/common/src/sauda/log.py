"""The log: streams, committed positions and state, with one atomic step.

Two implementations keep its promises, `sauda.redis_log` and `sauda.memory_log`; a unit cannot tell them apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

EntryId: TypeAlias = bytes
"""`<milliseconds>-<sequence>`, given by the log when the entry is written."""

BEGINNING: EntryId = b"0-0"

STARTS_AT_NOW = frozenset({"ticks"})
"""Streams in which a new unit starts at now: prices of the past are no market to trade in. Everything else
(definitions, orders, executions, control) a new unit reads from the start of what the stream holds."""


class Entry(NamedTuple):
    """One entry of a stream as it was written."""

    stream: str
    id: EntryId
    data: bytes
    """Field `d`: the message as JSON."""
    cause: bytes
    """Field `c`: stream and id of the entry that led to it, or empty."""
    raw: Mapping[bytes, bytes] | None = None
    """All fields, where they are not just `d` and `c`: somebody else's writing, for the dead letters."""


class Output(NamedTuple):
    """A message on its way to a stream."""

    stream: str
    data: bytes
    cause: bytes = b""


class Position(NamedTuple):
    """How far a unit has come in one stream."""

    id: EntryId
    passed: int
    """Entries passed since the stream began; lets the server tell a group's lag."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to carry a unit forward; every holder gets a higher epoch (a fencing token)."""

    unit: str
    epoch: int
    ttl_ms: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """A unit as it was committed."""

    positions: dict[str, Position]
    state: dict[bytes, bytes]


def loaded_from(fields: Mapping[bytes, bytes]) -> Loaded:
    """Return a unit as its hash keeps it: `@stream` positions, `#stream` counts, `table/key` state."""
    positions = {
        key[1:].decode(): Position(value, int(fields.get(b"#" + key[1:], b"0")))
        for key, value in fields.items()
        if key[:1] == b"@"
    }
    return Loaded(positions, state_rows(fields))


def state_rows(fields: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return a unit's state: its hash without the positions (`@`) and counts (`#`)."""
    return {key: value for key, value in fields.items() if key[:1] not in (b"@", b"#")}


class Move(NamedTuple):
    """One stream's part of a batch: from behind *before* through *after*."""

    before: Position
    first: EntryId
    """The batch's first entry: the step is refused unless it is the very next one after *before*."""
    after: Position


@dataclass(slots=True)
class Step:
    """What one commit does, all of it or nothing."""

    moves: dict[str, Move] = field(default_factory=dict)
    changes: Mapping[bytes, bytes | None] = field(default_factory=dict)
    """`table/key` -> JSON, or None to remove the row."""
    outputs: Sequence[Output] = ()
    last: bool = False
    """Give the lease back in the same commit."""


class Log(Protocol):
    """The streams of one desk."""

    desk: str

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """Take the unit's lease, or return None while another holder has it."""

    def left_ms(self, unit: str) -> int:
        """Return how long the unit's present lease still runs unless it is renewed; 0 where there is none."""

    def renew(self, lease: Lease) -> None:
        """Keep the lease for another `ttl_ms`.

        Raises:
            LeaseLostError: another holder has it, or nobody (it ran out).
        """

    def release(self, lease: Lease) -> None:
        """Give the lease back at once, so that a peer need not wait for it to run out."""

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """Return the unit's committed positions and state; a new unit's positions are fixed by this call."""

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int) -> Sequence[Entry]:
        """Return what stands behind *positions*, at most *count* a stream, merged by entry id.

        Ties go by the order of *positions*. Where a stream was cut at *count*, entries of the others with a
        higher id wait for the next read. Blocks up to *block_ms* (0: not at all) while there is nothing.

        A read that waited is woken by one stream and may bring that one alone: so no two inputs of one unit may be
        written in one atomic step.
        """

    def read_after_rest(
        self,
        urgent: Mapping[str, Position],
        rest_ms: int,
        positions: Mapping[str, Position],
        count: int,
    ) -> Sequence[Entry]:
        """Wait *rest_ms*, or until there is something behind *urgent*; then `read` behind *positions* without waiting.

        One round trip where there is one: what is urgent comes with all that stands before it.
        """

    def commit(self, lease: Lease, step: Step) -> None:
        """Do *step* atomically, and renew the lease.

        Raises:
            LeaseLostError: the lease is not ours any more; nothing was done.
            PositionError: the batch does not follow the committed position; nothing was done.
            TransientError: no answer came: the step was done or not, only `load` can tell.
        """

    def commit_and_read(
        self, lease: Lease, step: Step, positions: Mapping[str, Position], count: int, block_ms: int
    ) -> Sequence[Entry]:
        """Do `commit` and then `read` behind *positions*, in one round trip where there is one."""

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """Return a unit's committed state as anybody may see it, without its lease."""

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """Write entries outside any unit (a command line, a shell's alert); return their ids."""

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """Return a stream's entries from *start* to *end*, both included; `(` before an id excludes it."""
