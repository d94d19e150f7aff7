"""A log read as a record: what `RedisView` offers people, over any `Log`, for tests without a server."""

from collections.abc import Iterator

from sauda.log import Entry, Log


class Recorded:
    """The streams of one desk, forwards and backwards."""

    def __init__(self, log: Log) -> None:
        self.desk = log.desk
        self._log = log

    def exists(self) -> bool:
        """Return True: it is there."""
        return True

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """Return at most *count* entries from *start* to *end*, oldest first."""
        return self._log.entries(stream, start, end, count)

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        """Yield the entries from *start* to *end*, oldest first."""
        return iter(self._log.entries(stream, start, end))

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        """Yield the entries from *end* back to *start*, newest first."""
        return reversed(self._log.entries(stream, start, end))

    def newest(self, stream: str) -> Entry | None:
        """Return the last entry of *stream*, or None."""
        return next(self.backwards(stream), None)

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """Return a unit's committed state."""
        return self._log.state_of(unit)
