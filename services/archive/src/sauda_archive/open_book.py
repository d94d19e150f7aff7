"""One book that is being archived: where each of its streams stands on Redis, and in the archive."""

from collections.abc import Callable

from sauda.archive.book import ArchivedBook
from sauda.archive.looking import check_file
from sauda.archive.span import Id
from sauda.contracts import STREAMS
from sauda.errors import SaudaError
from sauda.redis_book import RedisBook, StreamFacts
from sauda_archive.progress import Progress
from sauda_archive.settings import Limits


class LostPartError(SaudaError):
    """The archive lacks entries that are no longer on the stream: this is not the archive that was written so far."""


class OpenBook:
    """A book on Redis and in the archive, side by side."""

    def __init__(
        self,
        redis: RedisBook,
        archived: ArchivedBook,
        limits: Limits,
        now_s: float,
        *,
        fresh: bool,
        keep: Callable[[], None],
    ) -> None:
        """Find out from the archive how far it is.

        Args:
            redis: The book.
            archived: The same book in the archive.
            limits: What the archiver goes by.
            now_s: Passing time.
            fresh: Whether the book was named just now: what it lacks at its beginning was never ours.
            keep: Keeps the lease; called between steps that take long.

        Raises:
            DamagedError: the newest file of a stream is not what was written.
            LostPartError: it does not reach up to what is left on a stream.
            ArchiveAwayError: it cannot be read.
        """
        self.redis = redis
        self.archived = archived
        self.streams: dict[str, Progress] = {}
        self._limits = limits
        archived.store.tidy(archived.folder)
        # Nothing was seen before: what is old enough by the server's own clock must do for a beginning.
        settled = Id(max(0, redis.now_ms() - round(limits.settle_s * 1000)), 0)
        for stream in STREAMS:
            keep()
            facts = redis.facts(stream)
            if facts is not None:
                self._find(stream, facts, fresh=fresh)
                self.streams[stream].saw(now_s - limits.settle_s, min(settled, facts.last))

    def standing(self, now_s: float) -> list[tuple[str, StreamFacts]]:
        """Return how every stream stands on Redis, and take note of it."""
        found: list[tuple[str, StreamFacts]] = []
        for stream in STREAMS:
            facts = self.redis.facts(stream)
            if facts is not None:
                progress = self.streams.setdefault(stream, Progress(None, facts.added - facts.length))
                progress.look(facts, now_s, self._limits.settle_s)
                found.append((stream, facts))
        return found

    def count(self, stream: str) -> None:
        """Count anew how much is not archived: our own counting would go wrong with the server's after a kill."""
        facts = self.redis.facts(stream)
        if facts is not None:
            progress = self.streams[stream]
            behind = self.redis.count_behind(stream, progress.last, self._limits.file_entries)
            progress.passed = facts.added - behind

    def is_empty(self) -> bool:
        """Return whether no stream has an entry left on Redis."""
        facts = (self.redis.facts(stream) for stream in self.streams)
        return not any(one.length for one in facts if one is not None)

    def _find(self, stream: str, facts: StreamFacts, *, fresh: bool) -> None:
        segments = self.archived.segments(stream, anew=True)
        last = self.archived.last(stream)
        if segments:
            check_file(self.archived, max(segments, key=lambda one: one.last))
        reaches = last is not None and (facts.first is None or facts.first <= last)
        if facts.added > facts.length and not reaches and not fresh:
            raise LostPartError(
                f"{self.archived.where} ends before the stream {stream} begins on Redis: is it the right place? If it is lost, "
                f"delete the key {self.redis.keys.book} on Redis: a new book begins with what is there"
            )
        self.streams[stream] = Progress(last, facts.added)
        self.count(stream)
