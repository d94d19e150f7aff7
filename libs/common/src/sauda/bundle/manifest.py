"""What a bundle says of itself."""

from typing import Final

import msgspec

from sauda.clock import UnixNs
from sauda.errors import SaudaError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
BOOK: Final = "book/"
CONFIG: Final = "config/"
BOOK_FILE: Final = BOOK + "book.json"


class BundleError(SaudaError):
    """The file is no bundle, is damaged, or cannot be opened here; says why."""


class Manifest(msgspec.Struct, frozen=True):
    """`manifest.json`."""

    desk: str
    book: str
    """The book's name in the archive it came from."""
    from_id: str
    to_id: str
    """The first and last id of the journal that were asked for."""
    made_ns: UnixNs
    version: str
    """Names the code that made the bundle, see `sauda.version`."""
    settings: dict[str, str | int | float | None]
    """Every setting, secrets as `set` or `not set`."""
    units: list[str]
    entries: dict[str, int]
    """stream -> entries in the bundle."""
    files: dict[str, str]
    """file -> its SHA-256"""
    notes: list[str] = []
    """What whoever opens it should know, such as a unit that could not be run again."""
    format: int = FORMAT


class Book(msgspec.Struct, frozen=True):
    """`book.json`: a book to which nothing will be added."""

    starts: dict[str, dict[str, str]]
    """unit -> how it stood at the beginning, as Redis keeps it; only units that had begun before."""
    units: dict[str, dict[str, str]]
    """unit -> how it stood at the end."""
    bundle: bool = True
    closed: bool = True


def read_manifest(data: bytes) -> Manifest:
    """Read `manifest.json`.

    Raises:
        BundleError: it is of another format, or none.
    """
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise BundleError(f"its {MANIFEST} cannot be read: {error}") from error
    if found.format != FORMAT:
        raise BundleError(f"it has format {found.format}; this version of Sauda reads format {FORMAT}")
    return found
