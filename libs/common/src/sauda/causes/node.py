"""What a walk over causes finds: entries, how they hang together, and where the record ends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, Protocol

from sauda.clock import UnixNs
from sauda.codec import decode
from sauda.contracts import STREAMS, Message
from sauda.errors import ContractError
from sauda.log import Entry, EntryId
from sauda.market_time import BY_ARRIVAL, time_of

_ENTRY_ID: Final = re.compile(rb"[0-9]{1,20}-[0-9]{1,20}")


class Record(Protocol):
    """A desk as it was recorded: of `sauda.redis_view.RedisView` what a walk needs."""

    desk: str

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        """Yield the entries from *start* to *end*, oldest first; `(` before an id excludes it."""

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        """Yield the entries from *end* back to *start*, newest first."""

    def newest(self, stream: str) -> Entry | None:
        """Return the last entry of *stream*, or None."""

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """Return at most *count* entries from *start* to *end*, oldest first."""


class Ref(NamedTuple):
    """Where an entry stands."""

    stream: str
    id: EntryId

    def __str__(self) -> str:
        """Return the form that `sauda why` takes."""
        return f"{self.stream}/{self.id.decode()}"

    @property
    def as_cause(self) -> bytes:
        """Return what an entry that it led to says in its field `c`."""
        return b"%s %s" % (self.stream.encode(), self.id)


class Why(Enum):
    """How an earlier entry belongs to a later one."""

    CAUSE = "cause"
    """It set the later one off: stamped by the runner."""
    ORDER = "order"
    """The order that the later one fills, answers or changes."""
    QUOTE = "quote"
    """The newest tick of the instrument that the exchange had seen when it filled."""
    SIGNAL = "signal"
    """What the strategy said about its order, in the same breath."""
    PROTECTS = "protects"
    """The order that a stop protects."""
    FILL = "fill"
    """The newest fill that a point of P&L counts."""
    MARK = "mark"
    """The tick whose price a position was marked at."""
    ENTRY = "entry"
    """The entry inside a letter that came back and failed once more."""


class Edge(NamedTuple):
    """One step from an earlier entry to a later one."""

    earlier: Ref
    later: Ref
    why: Why


@dataclass(frozen=True, slots=True)
class Node:
    """An entry, or the place where one should be."""

    at: Ref
    entry: Entry | None
    """None: the record does not hold it."""
    message: Message | None
    problem: str | None
    """Why there is no message: it is unreadable, or the record ends here."""

    @property
    def market_ns(self) -> UnixNs | None:
        """Return its market time; None for what has none."""
        return None if self.message is None or self.at.stream in BY_ARRIVAL else time_of(self.message)


def node_of(entry: Entry) -> Node:
    """Return *entry* with its message; what cannot be read is a node all the same."""
    at = Ref(entry.stream, entry.id)
    try:
        return Node(at, entry, decode(entry.data), None)
    except ContractError as error:
        return Node(at, entry, None, str(error))


def named_cause(entry: Entry) -> Ref | None:
    """Return the entry that *entry* names as its cause; None if it names none, or nothing that could be one."""
    stream, _, entry_id = entry.cause.partition(b" ")
    name = stream.decode(errors="replace")
    return Ref(name, entry_id) if name in STREAMS and _ENTRY_ID.fullmatch(entry_id) else None
