"""What a rerun reads: a desk's streams as they were recorded, wherever they are kept."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

from sauda.errors import SaudaError
from sauda.log import Entry, EntryId, Loaded
from sauda.merge import id_parts

CHUNK: Final = 1000
"""Entries looked at in one go."""


class RecordError(SaudaError):
    """The record cannot tell what happened: a part of it is gone, or was never there."""


class Streams(Protocol):
    """A desk's recorded streams."""

    @property
    def desk(self) -> str:
        """Return the desk's name."""

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        """Yield the entries from *start* to *end*, both included; `(` before an id excludes it."""


class Recording(Streams, Protocol):
    """Streams, and how far each unit came in them."""

    def committed(self, unit: str) -> Loaded | None:
        """Return the unit's positions and state as of one instant; None if it was never carried."""

    def start_of(self, unit: str) -> Loaded | None:
        """Return how the unit stood when the record begins, where it is a slice of another; None: it began in it."""


class Kept(Protocol):
    """A log that still holds everything, such as `MemoryLog`."""

    desk: str

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """Return a stream's entries from *start* to *end*."""

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """Return a unit's committed state."""


class KeptStreams:
    """The streams of a log that knows no `forwards`."""

    def __init__(self, log: Kept) -> None:
        self.desk = log.desk
        self._log = log

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        """See `Streams`."""
        while chunk := self._log.entries(stream, start, end, CHUNK):
            yield from chunk
            if len(chunk) < CHUNK:
                return
            start = b"(" + chunk[-1].id


class Cursor:
    """One stream's entries, taken in order, a recorded step at a time."""

    def __init__(self, stream: str, entries: Iterator[Entry]) -> None:
        self._stream = stream
        self._source = entries
        self._chunk: list[Entry] = []
        self._ids: list[EntryId] = []
        self._at = 0

    def through(self, last: EntryId) -> list[Entry]:
        """Return the entries not yet taken, up to and with *last*.

        Raises:
            RecordError: the stream does not hold *last*.
        """
        # Found in C, at once where steps are small: this runs once a step.
        try:
            end = self._ids.index(last, self._at) + 1
        except ValueError:
            return self._further(last)
        found = self._chunk[self._at : end]
        self._at = end
        return found

    def _further(self, last: EntryId) -> list[Entry]:
        found: list[Entry] = self._chunk[self._at :]
        wanted = id_parts(last)
        while not self._chunk or id_parts(self._ids[-1]) < wanted:
            self._chunk = list(islice(self._source, CHUNK))
            self._ids = [entry.id for entry in self._chunk]
            self._at = 0
            if not self._chunk:
                break
            if last in self._ids:
                return found + self.through(last)
            found += self._chunk
        raise RecordError(_gone(self._stream, last, found))


def _gone(stream: str, last: EntryId, found: Sequence[Entry]) -> str:
    near = f"it goes on with {found[-1].id.decode()}" if found else "nothing stands there"
    return (
        f"the journal has a step up to {last.decode()} of {stream}, and that entry is not there ({near}): "
        "the stream was trimmed and is not archived, so this cannot be run again"
    )
