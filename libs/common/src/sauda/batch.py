"""What a writer makes of the entries that it read: messages to write, and entries that nobody can. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sauda.codec import decode
from sauda.contracts import STREAM_OF, Message
from sauda.errors import ContractError
from sauda.log import Entry, EntryId
from sauda.redelivery import meant_for
from sauda.unit import REQUEUED


class Record(NamedTuple):
    """A message and where it stands; within one stream the id gives the order."""

    stream: str
    id: EntryId
    message: Message


class Refusal(NamedTuple):
    """A record that the database will never take, by its place in the batch, and why."""

    place: int
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that were read in one go; each is in one of the lists."""

    entries: Sequence[Entry]
    """All of them, as read."""
    records: list[Record] = field(default_factory=list)
    readable: list[Entry] = field(default_factory=list)
    """The entry of each record, in the same place."""
    passed: list[Entry] = field(default_factory=list)
    """Requeued letters of others."""
    unreadable: list[tuple[Entry, str]] = field(default_factory=list)
    """And why."""


def batch_of(group: str, entries: Sequence[Entry]) -> Batch:
    """Return *entries* as the writer with the name *group* has to work them."""
    batch = Batch(entries)
    for entry in entries:
        try:
            meant = entry if entry.stream != REQUEUED else meant_for(group, entry)
            if meant is None:
                batch.passed.append(entry)
                continue
            batch.records.append(_record(meant))
            batch.readable.append(entry)
        except ContractError as error:
            batch.unreadable.append((entry, str(error)))
    return batch


def _record(entry: Entry) -> Record:
    if entry.raw is not None and b"d" not in entry.raw:
        raise ContractError("the entry has no field `d`")
    message = decode(entry.data)
    home = STREAM_OF[type(message)]
    if home != entry.stream:
        raise ContractError(f"a message of stream {home} does not belong on {entry.stream}")
    return Record(entry.stream, entry.id, message)
