"""Where the archive's files lie: a folder, or an object store by URL. A file is there whole or not at all."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from sauda.errors import SaudaError

HALF_WRITTEN: Final = ".part"
"""Ends the name of a file that is being written; a reader never sees it."""


class ArchiveAwayError(SaudaError):
    """The archive cannot be reached, read or written now; says why."""


class Store(Protocol):
    """Files by path, `live/1763695429123/ticks/...`. Every method raises ArchiveAwayError while the place is away."""

    where: str
    """Which place, for people; without any password."""

    def names(self, folder: str) -> list[str]:
        """Return the names directly in *folder*, files and folders; none if it does not exist."""

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: it does not exist.
        """

    def write(self, path: str, data: bytes) -> None:
        """Write a file durably, whole; one of that name is replaced."""

    def remove(self, path: str) -> None:
        """Delete a file; that it is gone already is no error."""

    def tidy(self, folder: str) -> None:
        """Remove what was left half written below *folder*."""


class FolderStore:
    """Files below a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.where = str(root)
        self._device: int | None = None
        """The file system on which the root was when it was first written to."""

    def names(self, folder: str) -> list[str]:
        """See `Store`."""
        with self._complaints():
            try:
                found = [path.name for path in (self.root / folder).iterdir()]
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(name for name in found if not name.startswith("."))

    def read(self, path: str) -> bytes:
        """See `Store`."""
        with self._complaints():
            return (self.root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """See `Store`."""
        target = self.root / path
        # The thread's number too: two writers of one process must not share a half-written file.
        half = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}{HALF_WRITTEN}")
        with self._complaints():
            try:
                self._insist_on_place()
                self._make(target.parent)
                with half.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                half.replace(target)
                _sync(target.parent)
            except FileNotFoundError as error:
                raise ArchiveAwayError(f"the archive {self.where} is away: its folders vanish") from error
            except OSError:
                half.unlink(missing_ok=True)
                raise

    def remove(self, path: str) -> None:
        """See `Store`."""
        with self._complaints():
            (self.root / path).unlink(missing_ok=True)

    def tidy(self, folder: str) -> None:
        """See `Store`."""
        with self._complaints():
            for half in (self.root / folder).rglob(f".*{HALF_WRITTEN}"):
                half.unlink(missing_ok=True)

    def _insist_on_place(self) -> None:
        """Refuse to go on in the empty folder on which the archive's disk was mounted a moment ago."""
        if self._device is None:
            self.root.mkdir(parents=True, exist_ok=True)
            self._device = self.root.stat().st_dev
        elif not self.root.is_dir() or self.root.stat().st_dev != self._device:
            raise ArchiveAwayError(f"the archive {self.where} is away: nothing is mounted there any more")

    def _make(self, folder: Path) -> None:
        """Make *folder* such that it is still there after a loss of power."""
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)

    @contextmanager
    def _complaints(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, ArchiveAwayError):
            raise
        except OSError as error:
            raise ArchiveAwayError(f"the archive {self.where} is away: {error.strerror or error}") from error


def _sync(folder: Path) -> None:
    """Make the names in *folder* durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
