"""Entries into files: read from Redis, written whole, and read back before anybody relies on them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sauda.archive.book import ArchivedBook
from sauda.archive.days import Part, by_day
from sauda.archive.looking import check_file
from sauda.archive.naming import Segment
from sauda.archive.segment import DamagedError, Row, let_go, pack
from sauda.archive.span import LOWEST, Id, Span, behind, text_of
from sauda.errors import LeaseLostError
from sauda.merge import id_parts
from sauda.redis_book import RedisBook
from sauda_archive.settings import Limits


class Copied(NamedTuple):
    """A file that is there."""

    last: Id
    entries: int
    bytes: int


def copy(
    redis: RedisBook,
    archived: ArchivedBook,
    stream: str,
    upto: Id,
    *,
    limits: Limits,
    keep: Callable[[], None],
) -> Iterator[Copied]:
    """Put the next entries of *stream* into the archive, one file for each trading date; yield each when it is safe.

    Args:
        redis: The book they come from.
        archived: The same book in the archive.
        stream: Its name.
        upto: The last entry that may go.
        limits: How much makes a file.
        keep: Keeps the lease; called between steps that take long.

    Raises:
        LeaseLostError: another book began meanwhile.
        ArchiveAwayError: it could not be written; what is missing is written next time.
        DamagedError: the archive does not give back what was put into it.
    """
    last = archived.last(stream)
    span = Span(behind(last) if last else LOWEST, upto)
    rows = _rows(redis, archived.book, stream, span, last, limits=limits, keep=keep)
    segments = archived.segments(stream)
    for part in by_day(stream, rows, segments[-1].day if segments else None):
        size = _write(archived, stream, part, last, keep)
        last = id_parts(part.rows[-1][0])
        yield Copied(last, len(part.rows), size)


def _rows(
    redis: RedisBook,
    book: str,
    stream: str,
    span: Span,
    last: Id | None,
    *,
    limits: Limits,
    keep: Callable[[], None],
) -> list[Row]:
    """Return the entries of *span*, an unbroken run behind *last*."""
    rows: list[Row] = []
    while not span.empty and len(rows) < limits.file_entries:
        piece = redis.piece(stream, span, min(limits.at_once, limits.file_entries - len(rows)))
        if piece.book != book:
            raise LeaseLostError(f"book {book} of desk {redis.desk!r} was put aside meanwhile")
        if last is not None and (piece.first is None or piece.first > last):
            # The last archived entry is never trimmed: another archiver has gone on, and what is left would make a file with a hole.
            where = text_of(last).decode()
            raise LeaseLostError(
                f"{stream} of desk {redis.desk!r} was archived and trimmed behind {where} meanwhile"
            )
        rows += piece.rows
        if len(piece.rows) < limits.at_once:
            break
        last = id_parts(piece.rows[-1][0])
        span = span._replace(low=behind(last))
        keep()
    return rows


def _write(
    archived: ArchivedBook, stream: str, part: Part, after: Id | None, keep: Callable[[], None]
) -> int:
    first, last = id_parts(part.rows[0][0]), id_parts(part.rows[-1][0])
    segment = Segment(first, last, part.day, stream)
    keep()
    packed = pack(stream, part.rows, part.times, after=after)
    path = f"{archived.folder}/{segment.path}"
    keep()
    archived.store.write(path, packed)
    keep()
    try:
        check_file(archived, segment)
    except DamagedError:
        # It must not be taken for good by a reader, nor for our position by a successor.
        archived.store.remove(path)
        raise
    archived.add(segment)
    let_go()
    return len(packed)
