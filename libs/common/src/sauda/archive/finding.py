"""Which place the settings mean, and which book of it a desk's name means."""

import re
from pathlib import Path
from typing import Final

from sauda.archive.book import ArchivedBook
from sauda.archive.store import FolderStore, Store
from sauda.settings import Settings

_NAMED: Final = re.compile(r"(?P<desk>[A-Za-z0-9][A-Za-z0-9_.-]{0,63})@(?P<book>[0-9]{7,})")
"""`live@1795580105123` names a book of the archive; `live@1` one that Redis still knows."""


def open_store(settings: Settings) -> Store:
    """Return the archive that *settings* name; nothing connects yet.

    Raises:
        ConfigError: the address or the credentials cannot be right.
    """
    if "://" not in settings.archive:
        return FolderStore(Path(settings.archive))
    from sauda.archive.objects import open_objects

    key, secret = settings.archive_key, settings.archive_secret
    return open_objects(
        settings.archive,
        settings.archive_endpoint,
        key.get_secret_value() if key else None,
        secret.get_secret_value() if secret else None,
    )


def base_name(desk: str) -> str:
    """Return the desk that a book belongs to: `live` for `live@1`."""
    return desk.partition("@")[0]


def names_archived_book(desk: str) -> bool:
    """Return whether *desk* names a book by its name in the archive, `live@1795580105123`."""
    return _NAMED.fullmatch(desk) is not None


def book_named(store: Store, desk: str) -> ArchivedBook | None:
    """Return the book that `live@1795580105123` names; None if the archive has none."""
    match = _NAMED.fullmatch(desk)
    if match is None or match["book"] not in store.names(match["desk"]):
        return None
    return ArchivedBook(store, match["desk"], match["book"])


def newest_book(store: Store, desk: str) -> ArchivedBook | None:
    """Return the desk's book that began last; of `live@1` the one that was put aside first."""
    name, _, aside = desk.partition("@")
    books = [ArchivedBook(store, name, book) for book in reversed(books_of(store, name))]
    if aside:
        books = [book for book in books if str(book.about().get("aside")) == aside]
    return books[0] if books else None


def books_of(store: Store, desk: str) -> list[str]:
    """Return the names of a desk's books in the archive, the oldest first."""
    return sorted((name for name in store.names(desk) if name.isdecimal()), key=int)


def desks_in(store: Store) -> list[str]:
    """Return the desks of which the archive has a book, each book by its full name."""
    return [f"{desk}@{book}" for desk in store.names("") for book in books_of(store, desk)]
