"""Events that are not remembered any more, read back from the record (streams and archive) for a client that was away."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sauda.archive.span import LOWEST
from sauda.archive.span import text_of as id_text
from sauda.codec import decode
from sauda.contracts import Message
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.merge import IdParts, id_parts
from sauda.record import Record
from sauda_gateway.stream import frames
from sauda_gateway.stream.cursor import Past
from sauda_gateway.stream.positions import text_of
from sauda_gateway.stream.topics import Name

MOST_EVENTS: Final = 1_000
MOST_ENTRIES: Final = 50_000
"""Of the streams, read for one client: behind more than that it is quicker to ask over REST."""


class GapError(Exception):
    """More lies between than is sent, or the place to go on from is another book's."""


def read_past(
    open_record: Callable[[], Record],
    name: Name,
    after: Mapping[str, IdParts],
    until: Mapping[str, IdParts | None],
) -> list[Past] | None:
    """Return the events behind *after* through *until*, in order; None: they are too many, or *after* is another book's. For a thread.

    Raises:
        SaudaError: streams or archive cannot be read.
    """
    record = open_record()
    try:
        entries: list[Entry] = []
        for stream in name.streams:
            _insist_on_this_book(record, stream, after[stream])
            last = until.get(stream)
            if last is not None and after[stream] < last:
                entries += _between(record, stream, after[stream], last)
        return _events(name, after, sorted(entries, key=lambda entry: id_parts(entry.id)))
    except GapError:
        return None
    finally:
        record.close()


def _insist_on_this_book(record: Record, stream: str, after: IdParts) -> None:
    if after != LOWEST:
        first = next(record.forwards(stream), None)
        if first is None or after < id_parts(first.id):
            raise GapError


def _between(record: Record, stream: str, after: IdParts, last: IdParts) -> Iterator[Entry]:
    for number, entry in enumerate(record.forwards(stream, b"(" + id_text(after), id_text(last))):
        if number >= MOST_ENTRIES:
            raise GapError
        yield entry


def _events(name: Name, after: Mapping[str, IdParts], entries: list[Entry]) -> list[Past]:
    at = {stream: id_text(parts).decode() for stream, parts in after.items()}
    mark = name.subject.encode()
    found: list[Past] = []
    for entry in entries:
        at[entry.stream] = entry.id.decode()
        message = _message(entry) if mark in entry.data else None
        if message is None or not name.holds(message):
            continue
        if len(found) >= MOST_EVENTS:
            raise GapError
        position = text_of(name.streams, at)
        found.append(Past(position, frames.told(name.text, position, message)))
    return found


def _message(entry: Entry) -> Message | None:
    try:
        return decode(entry.data)
    except ContractError:
        return None
