"""The files of one book as one sequence of entries: an id comes once, however often it was written.

Two archivers that both took themselves for the only one may leave files that overlap. Each file is an unbroken run of its stream
that begins at or before the end of another, so passing over what was had already joins them without a gap.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sauda.archive.naming import BOOK_FILE, Segment, day_named, segment_named
from sauda.archive.span import LOWEST, Id, Span, before, behind, text_of
from sauda.archive.store import ArchiveAwayError, Store
from sauda.clock import UnixNs, ist_date
from sauda.errors import ConfigError
from sauda.log import Entry

if TYPE_CHECKING:
    from sauda.archive.segment import SegmentFile

_OPEN: Final = 3
"""Files kept unpacked: who asks for single entries asks for neighbours."""


class ArchivedBook:
    """One book of one desk in the archive. Lists what it has not listed yet; `anew` looks for what was added."""

    def __init__(self, store: Store, desk: str, book: str) -> None:
        self.desk = desk
        self.book = book
        self.store = store
        self.folder = f"{desk}/{book}"
        self._days: dict[str, dict[date, list[Segment]]] = {}
        """stream -> trading date -> its files, as far as they were listed"""
        self._files: OrderedDict[Segment, SegmentFile] = OrderedDict()

    @property
    def where(self) -> str:
        """Return the folder, for people."""
        return f"{self.store.where}/{self.folder}"

    def streams(self) -> list[str]:
        """Return the streams of which there is anything."""
        return [name for name in self.store.names(self.folder) if "." not in name]

    def about(self) -> dict[str, Any]:
        """Return what the book's own file says; nothing while the book is not complete."""
        try:
            found = msgspec.json.decode(self.store.read(f"{self.folder}/{BOOK_FILE}"))
        except (FileNotFoundError, msgspec.DecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    def segments(self, stream: str, *, anew: bool = False) -> list[Segment]:
        """Return the files of *stream* in order."""
        days = self._days.get(stream)
        if days is None or anew:
            days = self._days[stream] = self._listed(stream, days or {})
        return [segment for day in sorted(days) for segment in days[day]]

    def add(self, segment: Segment) -> None:
        """Take note of a file that was written just now."""
        self.segments(segment.stream)
        self._days[segment.stream].setdefault(segment.day, []).append(segment)

    def last(self, stream: str, *, anew: bool = False) -> Id | None:
        """Return the id up to which *stream* is archived."""
        return max((segment.last for segment in self.segments(stream, anew=anew)), default=None)

    def pieces(self, stream: str, span: Span, *, anew: bool = False) -> Iterator[list[Entry]]:
        """Yield the entries in *span*, oldest first, some thousand at a time.

        Raises:
            DamagedError: a file is not what was written.
            ArchiveAwayError: the archive cannot be read.
        """
        low = span.low
        for segment in self.segments(stream, anew=anew):
            if segment.first > span.high or segment.last < low:
                continue
            file = self.file(segment)
            if file.after is not None and file.after >= low:
                raise self._hole(segment, file.after)
            yield from filter(None, file.forwards(_places(file, segment, Span(low, span.high))))
            low = behind(segment.last)

    def pieces_back(self, stream: str, span: Span, *, anew: bool = False) -> Iterator[list[Entry]]:
        """Yield the entries in *span*, newest first; raises as `pieces` does."""
        high = span.high
        later: tuple[Segment, Id] | None = None
        for segment in sorted(self.segments(stream, anew=anew), key=lambda one: one.last, reverse=True):
            if segment.first > high or segment.last < span.low:
                continue
            if later is not None and segment.last < later[1]:
                break
            file = self.file(segment)
            later = (segment, file.after) if file.after is not None else None
            yield from filter(None, file.backwards(_places(file, segment, Span(span.low, high))))
            if segment.first == LOWEST:
                return
            high = before(segment.first)
            if later is not None and later[1] < span.low:
                return
        if later is not None:
            raise self._hole(*later)

    def length(self, stream: str) -> int:
        """Return how many entries of *stream* are archived."""
        count, low = 0, LOWEST
        for segment in self.segments(stream, anew=True):
            if segment.last >= low:
                file = self.file(segment)
                whole = segment.first >= low
                count += file.facts.entries if whole else len(file.place_of(Span(low, segment.last)))
                low = behind(segment.last)
        return count

    def around(self, stream: str, instant: UnixNs) -> Segment | None:
        """Return the file with the first entry of *instant* or later, in a stream whose times only rise; None: none has it."""
        wanted = ist_date(instant)
        candidates = [one for one in self.segments(stream, anew=True) if one.day >= wanted]
        # A day's files are tried by halving: each look costs one file.
        place = bisect_left(candidates, instant, key=lambda one: self.file(one).facts.last_ns or instant - 1)
        return candidates[place] if place < len(candidates) else None

    def file(self, segment: Segment) -> "SegmentFile":
        """Return the file, read whole.

        Raises:
            DamagedError: it is not what was written.
        """
        found = self._files.get(segment)
        if found is None:
            found = self._files[segment] = self.read(segment)
            while len(self._files) > _OPEN:
                self._files.popitem(last=False)
        self._files.move_to_end(segment)
        return found

    def read(self, segment: Segment) -> "SegmentFile":
        """Read the file from where it lies, whatever is known of it."""
        try:
            from sauda.archive.segment import SegmentFile
        except ImportError as error:
            raise ConfigError(f"the archive needs the packages of sauda-common[archive]: {error}") from error
        path = f"{self.folder}/{segment.path}"
        try:
            return SegmentFile(self.store.read(path), path)
        except FileNotFoundError as error:
            raise ArchiveAwayError(f"{self.store.where}/{path} was there and is gone") from error

    def _hole(self, segment: Segment, after: Id) -> Exception:
        from sauda.archive.segment import DamagedError

        return DamagedError(
            f"{self.where}/{segment.path} begins behind {text_of(after).decode()}, which is in no file: one is missing; "
            f"`sauda archive verify` names what else is"
        )

    def _listed(self, stream: str, known: dict[date, list[Segment]]) -> dict[date, list[Segment]]:
        """Return the files by date; dates before the newest known one get no more of them."""
        newest = max(known, default=None)
        folder = f"{self.folder}/{stream}"
        days = filter(None, map(day_named, self.store.names(folder)))
        return {
            day: known[day] if newest and day < newest and day in known else self._of_day(stream, day)
            for day in days
        }

    def _of_day(self, stream: str, day: date) -> list[Segment]:
        names = self.store.names(f"{self.folder}/{stream}/{day.isoformat()}")
        return sorted(filter(None, (segment_named(stream, day, name) for name in names)))


def _places(file: "SegmentFile", segment: Segment, span: Span) -> range:
    """Return which entries of the file lie in *span*; where all of them do, their ids need not be unpacked to know it."""
    if span.low <= segment.first and segment.last <= span.high:
        return range(file.facts.entries)
    return file.place_of(span)
