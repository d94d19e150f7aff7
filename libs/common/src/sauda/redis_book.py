"""What the archive asks of a desk's book on Redis: pieces of its streams, each with the book it belongs to; and trimming."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from redis.exceptions import ResponseError

from sauda.archive.span import HIGHEST, LOWEST, Id, Span, behind, text_of
from sauda.contracts import STREAMS
from sauda.errors import SaudaError
from sauda.log import Lease
from sauda.merge import id_parts
from sauda.redis_consumer import FORGOTTEN_AFTER_MS
from sauda.redis_log import Script, server_errors
from sauda.redis_view import RedisView

TRIMMED_AT_ONCE: Final = 20_000
"""Entries in one call: a millisecond or two of the server's time."""

_COUNTED_AT_ONCE: Final = 5_000

KEPT: Final = frozenset({"instruments", "subscriptions", "control"})
"""Streams that are archived and never trimmed: units that are new, and a feed that starts, read them from their beginning."""


class BusyError(SaudaError):
    """A reader that was to be forgotten is at work."""


class Piece(NamedTuple):
    """A part of a stream."""

    book: str | None
    """The book it belongs to; None: the archive has not named it yet."""
    first: Id | None
    """Of the whole stream, right after the part was read; None: it was empty."""
    rows: list[Any]
    """Ids with their fields, as Redis gives them."""


class StreamFacts(NamedTuple):
    """How a stream stands."""

    length: int
    first: Id | None
    last: Id
    """The last id given out; of a trimmed stream too."""
    added: int
    """Entries that were ever written to it."""
    memory: int
    """Bytes, as the server estimates them."""


class Trimmed(NamedTuple):
    """What one call of the trimming did."""

    taken: int
    held_by: str
    """The group that holds up the rest; empty: none."""


class Unrefused(Script):
    """A script that runs on a server whose memory is full, too: who makes room must not be refused for want of it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.text = b"#!lua flags=allow-oom\n" + self.text
        self.digest = hashlib.sha1(self.text, usedforsecurity=False).hexdigest()


class RedisBook(RedisView):
    """The book of a desk, live or put aside, with what only the archive asks of it."""

    def __init__(self, url: str, desk: str) -> None:
        super().__init__(url, desk)
        self._acquire = Unrefused("acquire")
        self._begin = Unrefused("begin_book")
        self._trim = Unrefused("trim")
        self._forget = Unrefused("forget")

    def book(self) -> str | None:
        """Return the book's name in the archive."""
        with server_errors(self._where):
            name = self._line.say("GET", self.keys.book)
        return name.decode() if name else None

    def begin(self, lease: Lease, lease_key: str) -> tuple[str, bool] | None:
        """Return the book's name and whether it was given it now; None while it has no stream.

        Raises:
            LeaseLostError: *lease* is not ours any more.
        """
        keys = (lease_key, self.keys.book, *map(self.keys.stream, STREAMS))
        found = self.run(self._begin, keys, (lease.epoch, lease.unit))
        return (found[0].decode(), bool(found[1])) if found else None

    def piece(self, stream: str, span: Span, count: int) -> Piece:
        """Return the first *count* entries in *span*."""
        return self._at_once(stream, ("XRANGE", self.keys.stream(stream), span.start, span.end), count)

    def piece_back(self, stream: str, span: Span, count: int) -> Piece:
        """Return the last *count* entries in *span*, the newest first."""
        return self._at_once(stream, ("XREVRANGE", self.keys.stream(stream), span.end, span.start), count)

    def facts(self, stream: str) -> StreamFacts | None:
        """Return how *stream* stands; None if it does not exist."""
        key = self.keys.stream(stream)
        with server_errors(self._where):
            try:
                reply = self._line.say("XINFO", "STREAM", key)
            except ResponseError as error:
                if "no such key" in str(error).lower():
                    return None
                raise
            memory = self._line.say("MEMORY", "USAGE", key)
        found = dict(zip(reply[::2], reply[1::2], strict=True))
        first = found[b"first-entry"]
        return StreamFacts(
            length=found[b"length"],
            first=id_parts(first[0]) if first else None,
            last=id_parts(found[b"last-generated-id"]),
            added=found[b"entries-added"],
            memory=memory or 0,
        )

    def now_ms(self) -> int:
        """Return the server's clock."""
        with server_errors(self._where):
            seconds, micros = self._line.say("TIME")
        return int(seconds) * 1000 + int(micros) // 1000

    def count_behind(self, stream: str, last: Id | None, most: int) -> int:
        """Return how many entries stand behind *last*, counting up to *most*."""
        span, count = Span(behind(last) if last else LOWEST, HIGHEST), 0
        while rows := self.piece(stream, span, _COUNTED_AT_ONCE).rows:
            count += len(rows)
            if len(rows) < _COUNTED_AT_ONCE or count >= most:
                break
            span = span._replace(low=behind(id_parts(rows[-1][0])))
        return count

    def hash_of(self, unit: str) -> dict[str, str]:
        """Return all that is committed of a unit: positions, counts and state."""
        with server_errors(self._where):
            reply = self._line.say("HGETALL", self.keys.unit(unit))
        texts = [part.decode(errors="replace") for part in reply]
        return dict(zip(texts[::2], texts[1::2], strict=True))

    def forget(self, group: str, gone_after_ms: int = FORGOTTEN_AFTER_MS) -> int:
        """Let go of a reader that will not come back; return of how many streams it was one.

        Args:
            group: Its name.
            gone_after_ms: A consumer that has not read for so long was killed: nobody is left to take it off the list.

        Raises:
            BusyError: somebody holds the unit or works in the group.
        """
        keys = (self.keys.lease(group), self.keys.unit(group), *map(self.keys.stream, STREAMS))
        found = int(self.run(self._forget, keys, (group, gone_after_ms)))
        if found < 0:
            raise BusyError(f"{group} is at work: stop its service first")
        return found

    def trim(
        self, lease: Lease, lease_key: str, *, book: str, stream: str, last: Id, keep_ms: int | None
    ) -> Trimmed:
        """Take a portion of what is archived up to *last* off *stream*.

        Args:
            lease: The archiver's.
            lease_key: Where it is kept.
            book: The book that was archived; if another has begun, nothing is done.
            stream: Its name.
            last: The last archived id.
            keep_ms: How long entries stay at least; None: the book was put aside, all of it goes at once.

        Raises:
            LeaseLostError: *lease* is not ours any more; nothing was done.
        """
        keys = (lease_key, self.keys.book, self.keys.stream(stream))
        how = "all" if keep_ms is None else ""
        args = (lease.epoch, lease.unit, book, text_of(last), keep_ms or 0, TRIMMED_AT_ONCE, how)
        taken, held_by = self.run(self._trim, keys, args)
        return Trimmed(taken, held_by.decode())

    def _at_once(self, stream: str, command: Sequence[Any], count: int) -> Piece:
        # No MULTI: a server whose memory is full refuses one. The book is looked at before and after, the first id after, so
        # that one that lies at or before the place asked for tells that nothing was trimmed until then.
        key = self.keys.stream(stream)
        while True:
            pipeline: Any = self._client.pipeline(transaction=False)
            pipeline.get(self.keys.book)
            pipeline.execute_command(*command, "COUNT", count)
            pipeline.execute_command("XRANGE", key, "-", "+", "COUNT", 1)
            pipeline.get(self.keys.book)
            with server_errors(self._where):
                book, rows, first, still = pipeline.execute()
            if book == still:
                return Piece(book.decode() if book else None, id_parts(first[0][0]) if first else None, rows)
