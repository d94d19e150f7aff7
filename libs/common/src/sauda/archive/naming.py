"""What the path of a segment says: stream, trading date, first and last id. Pure."""

import re
from datetime import date
from typing import Final, NamedTuple

from sauda.archive.span import Id, text_of

_NAME: Final = re.compile(r"(\d+)-(\d+)_(\d+)-(\d+)\.parquet")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

BOOK_FILE: Final = "book.json"
"""In a book's folder, where the book is complete: nothing will be added to it."""


class Segment(NamedTuple):
    """One file of the archive, by what its path says."""

    first: Id
    last: Id
    day: date
    stream: str

    @property
    def path(self) -> str:
        """Return where it lies below the book's folder."""
        first, last = text_of(self.first).decode(), text_of(self.last).decode()
        return f"{self.stream}/{self.day.isoformat()}/{first}_{last}.parquet"


def segment_named(stream: str, day: date, name: str) -> Segment | None:
    """Read a file's name; None for a file that is none of ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    first_ms, first_number, last_ms, last_number = map(int, match.groups())
    return Segment(Id(first_ms, first_number), Id(last_ms, last_number), day, stream)


def day_named(name: str) -> date | None:
    """Read a folder's name; None if it is no date."""
    try:
        return date.fromisoformat(name) if _DAY.fullmatch(name) else None
    except ValueError:
        return None
