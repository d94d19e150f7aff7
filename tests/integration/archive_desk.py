"""A desk with an archive, for tests: entries go on its streams, parts of them into the archive, and off Redis again."""

from collections.abc import Iterable
from pathlib import Path

from sauda.archive.book import ArchivedBook
from sauda.archive.naming import Segment
from sauda.archive.segment import pack
from sauda.archive.span import HIGHEST, Span
from sauda.archive.store import FolderStore
from sauda.log import Entry, Output
from sauda.merge import id_parts
from sauda.record import Record
from sauda.redis_book import RedisBook, Trimmed
from sauda.settings import Settings
from sauda.testing.builders import DAY

UNIT = "archive"


class ArchiveDesk:
    """What the archiver does, step by step, as a test wants it."""

    def __init__(self, url: str, desk: str, root: Path) -> None:
        self.settings = Settings(redis_url=url, desk=desk, archive=str(root))
        self.store = FolderStore(root)
        self.redis = RedisBook(url, desk)
        lease = self.redis.acquire(UNIT, "tests", 600_000)
        assert lease is not None
        self.lease, self.lease_key = lease, self.redis.keys.lease(UNIT)

    def write(self, stream: str, payloads: Iterable[bytes]) -> list[bytes]:
        return self.redis.append([Output(stream, data, b"") for data in payloads])

    @property
    def book(self) -> str:
        found = self.redis.begin(self.lease, self.lease_key)
        assert found is not None
        return found[0]

    @property
    def archived(self) -> ArchivedBook:
        return ArchivedBook(self.store, self.redis.desk.partition("@")[0], self.book)

    def archive(self, stream: str, count: int) -> Segment | None:
        """Put the next *count* entries into the archive; return the file."""
        last = self.archived.last(stream)
        start = b"-" if last is None else b"(%d-%d" % last
        entries = self.redis.entries(stream, start, b"+", count)
        return self.put(stream, entries)

    def put(self, stream: str, entries: list[Entry]) -> Segment | None:
        if not entries:
            return None
        rows = [(one.id, [b"d", one.data, b"c", one.cause]) for one in entries]
        segment = Segment(id_parts(entries[0].id), id_parts(entries[-1].id), DAY, stream)
        self.store.write(f"{self.archived.folder}/{segment.path}", pack(stream, rows))
        return segment

    def trim(self, stream: str, keep_ms: int | None = 0) -> Trimmed:
        """Take off Redis what is archived, in one go."""
        last = self.archived.last(stream)
        assert last is not None
        return self.redis.trim(
            self.lease, self.lease_key, book=self.book, stream=stream, last=last, keep_ms=keep_ms
        )

    def record(self, desk: str | None = None) -> Record:
        return Record.open(self.settings, desk)

    def on_redis(self, stream: str) -> int:
        return len(self.redis.piece(stream, Span(id_parts(b"0-0"), HIGHEST), 1_000_000).rows)

    def close(self) -> None:
        self.redis.close()
