"""What people ask of the archive: how far is it, is it whole?"""

from typing import TYPE_CHECKING

import msgspec

from sauda.archive.book import ArchivedBook
from sauda.archive.naming import Segment
from sauda.archive.span import Id, text_of
from sauda.contracts import STREAMS
from sauda.log import BEGINNING
from sauda.merge import id_parts
from sauda.record import Record
from sauda.redis_book import KEPT
from sauda.redis_view import StreamLag

if TYPE_CHECKING:
    from sauda.archive.segment import SegmentFile


class StreamStatus(msgspec.Struct, frozen=True):
    """One stream, in the archive and on Redis."""

    stream: str
    files: int
    from_date: str | None
    """Trading date of the oldest file."""
    to_date: str | None
    last_archived: str | None
    """Entry id."""
    on_redis: int
    """Entries."""
    bytes_on_redis: int
    held_by: str | None
    """The reader that is furthest behind, where that keeps archived entries on Redis."""


class FileCheck(msgspec.Struct, frozen=True):
    """One file that was read and compared."""

    file: str
    entries: int
    problem: str = ""


def status_of(record: Record) -> list[StreamStatus]:
    """Return how every stream stands that has ever had an entry."""
    lags = {lag.stream: lag for lag in record.lag()} if record.live else {}
    found = (_status(record, stream, lags.get(stream)) for stream in STREAMS)
    return [one for one in found if one.files or one.on_redis]


def check_book(archived: ArchivedBook) -> list[FileCheck]:
    """Read every file of a book and compare it with its checksum, its name and those around it.

    Raises:
        ArchiveAwayError: it cannot be read.
    """
    return [
        _checked(archived, segment)
        for stream in archived.streams()
        for segment in archived.segments(stream, anew=True)
    ]


def check_file(archived: ArchivedBook, segment: Segment) -> "SegmentFile":
    """Read a file back, compare it with what it says and is called, and return it.

    Raises:
        DamagedError: something differs.
    """
    from sauda.archive.segment import DamagedError

    file = archived.read(segment)
    file.check()
    if file.facts.stream != segment.stream or file.ends != (segment.first, segment.last):
        raise DamagedError(f"the archive's file {file.name} holds other entries than its name says")
    return file


def _checked(archived: ArchivedBook, segment: Segment) -> FileCheck:
    from sauda.archive.segment import DamagedError

    path = f"{archived.folder}/{segment.path}"
    try:
        file = check_file(archived, segment)
    except DamagedError as error:
        return FileCheck(path, 0, str(error))
    return FileCheck(path, file.facts.entries, _hole_before(archived, segment, file.after))


def _hole_before(archived: ArchivedBook, segment: Segment, after: Id | None) -> str:
    """Return what is missing in front of *segment*, which begins behind the entry *after*; empty: nothing, or it is not known."""
    others = archived.segments(segment.stream)
    if after is None or any(one.first <= after <= one.last for one in others):
        return ""
    last = max((one.last for one in others if one.last < after), default=None)
    begin = f"behind {text_of(last).decode()}" if last else "at the beginning"
    return (
        f"a file before it is missing: the archive has no entry of {segment.stream} {begin} up to "
        f"{text_of(after).decode()}; restore it from a copy"
    )


def _status(record: Record, stream: str, lag: StreamLag | None) -> StreamStatus:
    segments = record.archived.segments(stream, anew=True) if record.archived else []
    facts = record.live.facts(stream) if record.live else None
    last = max((segment.last for segment in segments), default=None)
    return StreamStatus(
        stream=stream,
        files=len(segments),
        from_date=segments[0].day.isoformat() if segments else None,
        to_date=segments[-1].day.isoformat() if segments else None,
        last_archived=text_of(last).decode() if last else None,
        on_redis=facts.length if facts else 0,
        bytes_on_redis=facts.memory if facts else 0,
        held_by=_held_by(stream, lag, last or id_parts(BEGINNING)),
    )


def _held_by(stream: str, lag: StreamLag | None, last: tuple[int, int]) -> str | None:
    """Return who is furthest behind of those that have not passed all that is archived."""
    if stream in KEPT or lag is None:
        return None
    behind = [
        (id_parts(group.position.encode()), group) for group in lag.groups if group.lag or group.pending
    ]
    late = [(at, group.group) for at, group in behind if at < last]
    return min(late)[1] if late else None
