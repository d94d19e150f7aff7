"""What one look at the machinery finds: leases, readers, stores. Only measured, not judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sauda.clock import UnixNs
from sauda.redis_view import StreamLag, UnitHolding


class Disk(NamedTuple):
    """A file system that the desk writes to."""

    folder: str
    total: int
    """Bytes."""
    free: int


class Server(NamedTuple):
    """How Redis is."""

    used: int
    limit: int
    """Bytes; 0: none."""
    writes_its_file: bool
    """Whether its last write to the append-only file succeeded."""


class Newest(NamedTuple):
    """The newest entry of `ticks`."""

    arrived_ns: UnixNs
    """By the server's clock."""
    market_ns: UnixNs


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at everything."""

    now_ns: UnixNs
    """By the server's clock."""
    streams: Sequence[StreamLag]
    units: Sequence[UnitHolding]
    pending: dict[tuple[str, str], str]
    """(stream, group) -> the oldest entry that it has read and not acknowledged"""
    letters: int
    """Dead letters that nobody has decided about."""
    newest: Newest | None
    server: Server
    disks: Sequence[Disk]
