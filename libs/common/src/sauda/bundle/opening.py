"""Opens a bundle: its book goes into the archive under a desk of its own, its rules and market data into a folder.

Everything is checked before anything is written, and the book's own file comes last: a book without it is not there.
"""

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sauda.archive.store import Store
from sauda.bundle.manifest import (
    BOOK,
    BOOK_FILE,
    CONFIG,
    MANIFEST,
    BundleError,
    Manifest,
    read_manifest,
)

_EXPECTED: Final = re.compile(
    r"book/(book\.json|[a-z_]+/\d{4}-\d{2}-\d{2}/[0-9_-]+\.parquet)|config/(?!\.)[\w-]+(/[\w-]+)*\.ya?ml"
)
"""What a bundle may hold: nothing that could be written anywhere else."""

_LARGEST: Final = 1 << 32
"""Bytes of one file in it; ours have some ten million."""


@contextmanager
def opened_bundle(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open the file and read what it says of itself.

    Raises:
        BundleError: it is not there, is no bundle, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as file:
            yield file, read_manifest(file.read(MANIFEST))
    except (zipfile.BadZipFile, KeyError) as error:
        raise BundleError(f"{path} is no bundle, or a damaged one: {error}") from error
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}") from error
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def checked_files(file: zipfile.ZipFile, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the bundle with its content, the book's own file last.

    Raises:
        BundleError: one is missing, is not what was packed, or does not belong in a bundle.
    """
    names = sorted(manifest.files, key=lambda name: (name == BOOK_FILE, name))
    if BOOK_FILE not in manifest.files:
        raise BundleError(f"it has no {BOOK_FILE}")
    for name in names:
        if not _EXPECTED.fullmatch(name):
            raise BundleError(f"it holds {name!r}, which no bundle has")
        if file.getinfo(name).file_size > _LARGEST:
            raise BundleError(f"{name} is too large to be part of a bundle")
        data = file.read(name)
        if hashlib.sha256(data).hexdigest() != manifest.files[name]:
            raise BundleError(f"{name} is not what was packed: its checksum differs")
        yield name, data


def install(file: zipfile.ZipFile, manifest: Manifest, store: Store, desk: str, config: Path) -> bool:
    """Put the bundle's book into *store* as *desk* and its config files into *config*; return False if it was there.

    Raises:
        BundleError: the bundle is damaged, or another book has that name.
        ArchiveAwayError: the archive cannot be written.
    """
    if manifest.book in store.names(desk) and _is_there(file, manifest, store, desk):
        return False
    if (others := store.names(desk)) and (others != [manifest.book] or not _is_half(manifest, store, desk)):
        raise BundleError(
            f"the archive has a desk {desk!r} already (book {others[-1]}): choose another name with --as"
        )
    for _ in checked_files(file, manifest):
        pass
    for name, data in checked_files(file, manifest):
        if name.startswith(CONFIG):
            target = config / name.removeprefix(CONFIG)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        else:
            store.write(f"{desk}/{manifest.book}/{name.removeprefix(BOOK)}", data)
    return True


def _is_half(manifest: Manifest, store: Store, desk: str) -> bool:
    """Return whether a kill left the opening of this very bundle half done: it may be written over, a desk's own book never."""
    folder = f"{desk}/{manifest.book}"
    if BOOK_FILE.removeprefix(BOOK) in store.names(folder):
        return False
    paths = (
        f"{stream}/{day}/{name}"
        for stream in store.names(folder)
        for day in store.names(f"{folder}/{stream}")
        for name in store.names(f"{folder}/{stream}/{day}")
    )
    return all(BOOK + path in manifest.files for path in paths)


def _is_there(file: zipfile.ZipFile, manifest: Manifest, store: Store, desk: str) -> bool:
    try:
        kept = store.read(f"{desk}/{manifest.book}/{BOOK_FILE.removeprefix(BOOK)}")
    except FileNotFoundError:
        return False
    return hashlib.sha256(kept).hexdigest() == manifest.files.get(BOOK_FILE) and bool(file.namelist())
