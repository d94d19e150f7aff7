"""The archive on an object store, or on anything else that fsspec reaches: `s3://bucket/prefix`.

A put is there whole or not at all by the store's own promise, and what was put is listed at once.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from sauda.archive.store import ArchiveAwayError
from sauda.errors import ConfigError
from sauda.masking import masked_url

_WHOLE: Final = 64 * 2**20
"""Bytes below which a file goes in one put; a segment is a tenth of it."""
_S3: Final = frozenset({"s3", "s3a"})


class ObjectStore:
    """Files below a URL."""

    def __init__(self, url: str, filesystem: Any) -> None:
        self.where = masked_url(url)
        self._root = urlsplit(url).netloc + urlsplit(url).path.rstrip("/")
        self._files = filesystem

    def names(self, folder: str) -> list[str]:
        """See `Store`."""
        with self._complaints():
            try:
                found = self._files.ls(f"{self._root}/{folder}".rstrip("/"), detail=False, refresh=True)
            except FileNotFoundError:
                return []
        names = (path.rstrip("/").rpartition("/")[2] for path in found)
        return sorted(name for name in names if name and not name.startswith("."))

    def read(self, path: str) -> bytes:
        """See `Store`."""
        with self._complaints():
            data: bytes = self._files.cat_file(f"{self._root}/{path}")
            return data

    def write(self, path: str, data: bytes) -> None:
        """See `Store`."""
        with self._complaints():
            try:
                self._files.pipe_file(f"{self._root}/{path}", data, chunksize=_WHOLE)
            except FileNotFoundError as error:
                raise ArchiveAwayError(f"the archive {self.where} is away: {error}") from error

    def remove(self, path: str) -> None:
        """See `Store`."""
        with self._complaints():
            try:
                self._files.rm_file(f"{self._root}/{path}")
            except FileNotFoundError:
                return

    def tidy(self, folder: str) -> None:
        """See `Store`: nothing is ever half written here."""

    @contextmanager
    def _complaints(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, ArchiveAwayError):
            raise
        except Exception as error:
            # Every store has errors of its own (botocore's alone are hundreds); for us they are one.
            text = " ".join(str(error).split()) or type(error).__name__
            raise ArchiveAwayError(f"the archive {self.where} is away: {text}") from error


def open_objects(url: str, endpoint: str | None, key: str | None, secret: str | None) -> ObjectStore:
    """Return the store at *url*; nothing connects yet.

    Raises:
        ConfigError: the address is none, its protocol or credentials are missing.
    """
    parts = urlsplit(url)
    shown = masked_url(url)
    if not parts.netloc:
        raise ConfigError(f"SAUDA_ARCHIVE={shown!r} names no bucket: write s3://bucket/prefix, or a folder")
    if "@" in parts.netloc:
        raise ConfigError(
            f"SAUDA_ARCHIVE={shown!r}: credentials do not belong in the address, set SAUDA_ARCHIVE_KEY and SAUDA_ARCHIVE_SECRET"
        )
    if (key is None) != (secret is None):
        raise ConfigError("SAUDA_ARCHIVE_KEY and SAUDA_ARCHIVE_SECRET go together: one of them is not set")
    options = _s3_options(endpoint, key, secret) if parts.scheme in _S3 else {}
    try:
        files = importlib.import_module("fsspec").filesystem(parts.scheme, **options)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"SAUDA_ARCHIVE={shown!r} cannot be opened: {error}") from error
    return ObjectStore(url, files)


def _s3_options(endpoint: str | None, key: str | None, secret: str | None) -> dict[str, Any]:
    if key is None and not _has_credentials():
        raise ConfigError(
            "SAUDA_ARCHIVE is on S3 and there are no credentials: set SAUDA_ARCHIVE_KEY and SAUDA_ARCHIVE_SECRET"
        )
    waits = {"connect_timeout": 3, "read_timeout": 30, "retries": {"max_attempts": 1}}
    options: dict[str, Any] = {"key": key, "secret": secret, "endpoint_url": endpoint, "config_kwargs": waits}
    # One that is looked at anew each time: what another replica has put must be seen.
    return options | {"use_listings_cache": False, "skip_instance_cache": True}


def _has_credentials() -> bool:
    """Return whether the machine offers any: its environment, its profile, its role."""
    try:
        session = importlib.import_module("botocore.session").get_session()
    except ImportError as error:
        raise ConfigError(f"SAUDA_ARCHIVE is on S3, which needs the package s3fs: {error}") from error
    return session.get_credentials() is not None
