"""The record of a desk: all that was ever written to its streams, archive and Redis joined without a seam.

    archive  |------------------------------|
    Redis                            |---------------->      the older end is trimmed while somebody reads

What is read from Redis comes with the stream's first id right after it. Where that lies behind the place that was asked for,
something may have been moved meanwhile: it is fetched from the archive before anything else is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

from sauda.archive.book import ArchivedBook
from sauda.archive.finding import book_named, names_archived_book, newest_book, open_store
from sauda.archive.span import HIGHEST, Id, before, behind, span_of, text_of
from sauda.archive.store import ArchiveAwayError, Store
from sauda.clock import UnixNs
from sauda.columns import entries_of
from sauda.errors import ConfigError, SaudaError, TransientError
from sauda.log import Entry, EntryId, Loaded, Output, Position, loaded_from
from sauda.merge import id_parts
from sauda.redis_book import Piece, RedisBook
from sauda.redis_view import StreamLag, UnitHolding
from sauda.settings import Settings

_FIRST: Final = 50
"""Most questions are answered by the first few entries."""
_CHUNK: Final = 2000
"""Entries asked for at once: some hundred kilobytes, a few milliseconds of the server's time."""


class NewBookError(SaudaError):
    """The desk began another book while its record was read."""


class Record:
    """One book of one desk, to be read: live, put aside, or only in the archive."""

    def __init__(
        self, desk: str, live: RedisBook | None, archived: ArchivedBook | None, store: Store
    ) -> None:
        self.desk = desk
        self._live = live
        self._archived = archived
        self._store = store

    @classmethod
    def open(cls, settings: Settings, desk: str | None = None) -> "Record":
        """Open *desk*, by default that of the settings: `live`, `live@1`, or `live@1795580105123` by its name in the archive.

        A book that is complete in the archive needs no Redis.

        Raises:
            ConfigError: the settings or the name are wrong.
            TransientError: Redis does not answer, and the archive has no complete book of that name.
            ArchiveAwayError: the archive is needed and away.
        """
        name, store = desk or settings.desk, open_store(settings)
        if names_archived_book(name):
            return cls(name, None, book_named(store, name), store)
        live = RedisBook(settings.redis_url, name)
        try:
            book, exists = live.book(), live.exists()
        except TransientError:
            live.close()
            archived = newest_book(store, name)
            if archived is None or not archived.about().get("closed"):
                raise
            return cls(name, None, archived, store)
        if not exists and (found := newest_book(store, name)) is not None:
            live.close()
            return cls(name, None, found, store)
        return cls(name, live, _of(store, name, book), store)

    @property
    def where(self) -> str:
        """Return where it is read from, for people."""
        if self._live is not None:
            return self._live.where
        return self._archived.where if self._archived else self._store.where

    @property
    def live(self) -> RedisBook | None:
        """Return its part on Redis, if there is one."""
        return self._live

    @property
    def archived(self) -> ArchivedBook | None:
        """Return its part in the archive, if there is one."""
        return self._archived

    def exists(self) -> bool:
        """Return whether there is anything of the desk."""
        return self._archived is not None or (self._live is not None and self._live.exists())

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        """Yield the entries from *start* to *end*, oldest first, as `Log.entries` understands them.

        Raises:
            NewBookError: the desk began another book meanwhile.
            ArchiveAwayError, DamagedError, TransientError: a part cannot be read; what was given is right.
        """
        return chain.from_iterable(self.chunks(stream, start, end))

    def chunks(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[list[Entry]]:
        """Yield what `forwards` yields, some thousand at a time."""
        span, size = span_of(start, end), _FIRST
        if self._live is None:
            yield from self._archived.pieces(stream, span, anew=True) if self._archived else ()
            return
        while not span.empty:
            found = self._live.piece(stream, span, size)
            self._check(found)
            if self._archived is not None and (found.first is None or found.first > span.low):
                # What lies before the first entry that was read was moved, if it was ever there.
                older = span._replace(high=min(_before_first(found), span.high))
                self._insist_on_archive(self._live, self._archived, stream)
                for piece in self._archived.pieces(stream, older):
                    yield piece
                    span = span._replace(low=behind(id_parts(piece[-1].id)))
            if found.rows:
                yield entries_of(stream, found.rows)
            if len(found.rows) < size:
                return
            span, size = span._replace(low=behind(id_parts(found.rows[-1][0]))), _CHUNK

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        """Yield the entries from *end* back to *start*, newest first; errors as `forwards`."""
        span, size = span_of(start, end), _FIRST
        while self._live is not None and not span.empty:
            found = self._live.piece_back(stream, span, size)
            self._check(found)
            yield from entries_of(stream, found.rows)
            if found.rows:
                span = span._replace(high=before(id_parts(found.rows[-1][0])))
            if len(found.rows) < size:
                if found.first is not None and found.first <= span.low:
                    return
                break
            size = _CHUNK
        if self._archived is not None and not span.empty:
            self._insist_on_archive(self._live, self._archived, stream)
            for piece in self._archived.pieces_back(stream, span):
                yield from piece

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """Return the entries from *start* to *end*, both included, at most *count*; `(` before an id excludes it."""
        return list(islice(self.forwards(stream, start, end), count))

    def newest(self, stream: str) -> Entry | None:
        """Return the last entry of *stream*, or None."""
        return next(self.backwards(stream), None)

    def length(self, stream: str) -> int:
        """Return how many entries *stream* has, archived ones included."""
        archived = self._archived.length(stream) if self._archived else 0
        last = self._archived.last(stream) if self._archived else None
        if self._live is None:
            return archived
        if last is None:
            return self._live.length(stream)
        return archived + sum(1 for _ in self.forwards(stream, b"(" + text_of(last)))

    def around(self, stream: str, instant: UnixNs) -> tuple[EntryId, EntryId] | None:
        """Return two ids between which the first entry of *instant* or later lies, unless it is behind the stream's end.

        Only for streams whose times rise; None for an empty one. Costs a look at a few files, or at both ends of the stream.
        """
        if self._archived is not None and (segment := self._archived.around(stream, instant)) is not None:
            return text_of(segment.first), text_of(segment.last)
        last = self.newest(stream)
        if last is None:
            return None
        archived = self._archived.last(stream) if self._archived else None
        first = text_of(archived) if archived else self.entries(stream, count=1)[0].id
        return first, last.id

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """Return a unit's state as it is, or as it was when the book was completed."""
        if self._live is not None:
            return self._live.state_of(unit)
        kept = self._kept("units", unit)
        return kept.state if kept else {}

    def committed(self, unit: str) -> Loaded | None:
        """Return the unit's positions and state as of one instant, or as of the book's end; None if it was never carried."""
        return self._live.committed(unit) if self._live is not None else self._kept("units", unit)

    def start_of(self, unit: str) -> Loaded | None:
        """Return how the unit stood when the book begins, where the book is a slice of another; None: it began in it."""
        return self._kept("starts", unit)

    @property
    def book_name(self) -> str:
        """Return the book's name in the archive; `0` for one that the archive does not know yet."""
        return self._archived.book if self._archived else "0"

    def units(self) -> list[UnitHolding]:
        """Return every unit that was ever carried on this book; none where only the archive is left."""
        return self._live.units() if self._live else []

    def lag(self) -> list[StreamLag]:
        """Return every stream with the groups that read it; nobody reads one that is only in the archive."""
        if self._live is not None:
            return self._live.lag()
        if self._archived is None:
            return []
        ends = {stream: self._archived.last(stream) for stream in self._archived.streams()}
        return [
            StreamLag(stream, self.length(stream), text_of(last).decode(), [])
            for stream, last in ends.items()
            if last is not None
        ]

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int) -> Sequence[Entry]:
        """Return what is new behind *positions*, as `Log.read`; those at the end of a stream are meant, which no trimming reaches."""
        return self._writable().read(positions, count, block_ms)

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """Write entries, as `Log.append`: what somebody asked for, so the replicas that the address asks for have it, too.

        Raises:
            ConfigError: the book can only be read.
        """
        return self._writable().append_for_good(outputs)

    def close(self) -> None:
        """Let the connections go."""
        if self._live is not None:
            self._live.close()

    def _writable(self) -> RedisBook:
        if self._live is None:
            raise ConfigError(
                f"the book {self.desk!r} is only in the archive: it can be read, nothing comes to it"
            )
        return self._live

    def _kept(self, what: str, unit: str) -> Loaded | None:
        """Return a unit as the book's own file has it, in the form of Redis' hash."""
        about: Mapping[str, Any] = self._archived.about() if self._archived else {}
        kept = about.get(what, {}).get(unit)
        if kept is None:
            return None
        return loaded_from({key.encode(): str(value).encode() for key, value in kept.items()})

    def _insist_on_archive(self, live: RedisBook | None, archived: ArchivedBook, stream: str) -> None:
        """List the archive anew, and refuse one that lacks what was trimmed: an empty folder must not look like an empty past."""
        # In this order: what was trimmed before the first look is in the second.
        facts = live.facts(stream) if live is not None else None
        last = archived.last(stream, anew=True)
        if facts is None or facts.first is None or facts.added <= facts.length:
            return
        if last is None or last < facts.first:
            raise ArchiveAwayError(
                f"{archived.where} ends before the stream {stream} begins on Redis: is SAUDA_ARCHIVE the place where the desk archives?"
            )

    def _check(self, piece: Piece) -> None:
        """Insist that the piece is of the book that was opened; one that had no name may have got it since."""
        if self._archived is None and piece.book is not None:
            self._archived = _of(self._store, self.desk, piece.book)
        if self._archived is not None and piece.book != self._archived.book:
            raise NewBookError(f"desk {self.desk!r} began a new book while the old one was read: ask again")


def _before_first(piece: Piece) -> Id:
    """Return the last id that could be missing in *piece*."""
    if piece.rows:
        return before(id_parts(piece.rows[0][0]))
    return before(piece.first) if piece.first else HIGHEST


def _of(store: Store, desk: str, book: str | None) -> ArchivedBook | None:
    return ArchivedBook(store, desk.partition("@")[0], book) if book else None
