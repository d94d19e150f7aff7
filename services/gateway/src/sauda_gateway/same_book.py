"""Where the streams of a desk end, and whether a reader's places in them still mean what they meant when he got there."""

from collections.abc import Mapping

from sauda.archive.span import text_of
from sauda.log import BEGINNING, EntryId, Position
from sauda.merge import id_parts
from sauda.redis_book import RedisBook


def end_of(book: RedisBook, stream: str) -> EntryId:
    """Return the last id of *stream*, though the entry may have been moved to the archive since."""
    facts = book.facts(stream)
    return BEGINNING if facts is None else text_of(facts.last)


def is_same_book(book: RedisBook, number: int, positions: Mapping[str, Position]) -> bool:
    """Return whether no new book began behind the *number* that were put aside, and the server lost nothing of what was read."""
    return book.number(book.keys.aside) == number and all(
        id_parts(end_of(book, stream)) >= id_parts(position.id)
        for stream, position in positions.items()
        if position.id != BEGINNING
    )
