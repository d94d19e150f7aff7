"""A book that was put aside: archived and trimmed whole, and marked as complete, with what its units knew at the end."""

from typing import Any

import msgspec

from sauda.archive.book import ArchivedBook
from sauda.archive.naming import BOOK_FILE
from sauda.archive.span import text_of
from sauda.redis_book import RedisBook


def close_book(redis: RedisBook, archived: ArchivedBook) -> None:
    """Write the book's own file: from then on the archive alone can tell all of it."""
    about = {
        "closed": True,
        "desk": archived.desk,
        "book": archived.book,
        "aside": int(redis.desk.partition("@")[2]),
        "streams": {stream: _last(archived, stream) for stream in archived.streams()},
        "units": _units(redis),
    }
    archived.store.write(f"{archived.folder}/{BOOK_FILE}", msgspec.json.encode(about))


def _last(archived: ArchivedBook, stream: str) -> str:
    last = archived.last(stream)
    return text_of(last).decode() if last else ""


def _units(redis: RedisBook) -> dict[str, dict[str, Any]]:
    """Return unit -> its committed positions (`@stream`) and state (`table/key`), as text."""
    prefix = redis.keys.unit("")
    found = (name.removeprefix(prefix) for name in redis.key_names() if name.startswith(prefix))
    return {unit: redis.hash_of(unit) for unit in sorted(found)}
