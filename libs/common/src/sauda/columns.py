"""Entries as the server gave them, column by column. Pure.

Nearly all that a desk reads is ticks, a thousand in a piece, of which a unit needs the data and nothing else. So an `Entry` is made
only of those that somebody asks for: 0.1 instead of 0.3 µs a tick and reader.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final, overload

from sauda.codec import decode_all
from sauda.contracts import Message
from sauda.errors import ContractError
from sauda.log import Entry, EntryId, Move, Position
from sauda.unit import REQUEUED

_STREAM: Final = attrgetter("stream")


class Columns(Sequence[Entry]):
    """A sequence of entries, each with the fields `d` and `c` and no other."""

    __slots__ = ("causes", "data", "ids", "streams")

    def __init__(
        self,
        streams: Sequence[str],
        ids: Sequence[EntryId],
        data: Sequence[bytes],
        causes: Sequence[bytes],
    ) -> None:
        self.streams = streams
        self.ids = ids
        self.data = data
        self.causes = causes

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Entry: ...

    @overload
    def __getitem__(self, at: slice) -> "Columns": ...

    def __getitem__(self, at: int | slice) -> "Entry | Columns":
        if isinstance(at, slice):
            return Columns(self.streams[at], self.ids[at], self.data[at], self.causes[at])
        return Entry(self.streams[at], self.ids[at], self.data[at], self.causes[at])

    def __iter__(self) -> Iterator[Entry]:
        return map(Entry, self.streams, self.ids, self.data, self.causes)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # like a list


def columns_of(stream: str, rows: Sequence[Any]) -> Columns | None:
    """Return what Redis gives of *stream*, ids with their fields; None where an entry has other fields than `d` and `c`."""
    # Column by column: all of it is done in C.
    ids, fields = zip(*rows, strict=True)
    try:
        names, data, more_names, causes = zip(*fields, strict=True)
    except ValueError:
        return None  # not two fields each
    if names.count(b"d") == more_names.count(b"c") == len(ids):
        return Columns((stream,) * len(ids), ids, data, causes)
    return None


def joined(pieces: Sequence[Sequence[Entry]]) -> Sequence[Entry]:
    """Return the entries of all *pieces*, one behind the other; in columns if some are and all can be."""
    rows = [piece for piece in pieces if not isinstance(piece, Columns)]
    if len(rows) == len(pieces) or any(entry.raw is not None for piece in rows for entry in piece):
        return [entry for piece in pieces for entry in piece]
    whole = [piece if isinstance(piece, Columns) else _in_columns(piece) for piece in pieces]
    return Columns(
        [*chain.from_iterable(one.streams for one in whole)],
        [*chain.from_iterable(one.ids for one in whole)],
        [*chain.from_iterable(one.data for one in whole)],
        [*chain.from_iterable(one.causes for one in whole)],
    )


def _in_columns(entries: Sequence[Entry]) -> Columns:
    return (
        Columns(*zip(*(entry[:4] for entry in entries), strict=True)) if entries else Columns((), (), (), ())
    )


def entries_of(stream: str, rows: Any) -> list[Entry]:
    """Return what Redis gives of *stream*, ids with their fields, as entries."""
    new = tuple.__new__  # half the cost of calling the named tuple; this runs once a tick and reader
    return [
        new(Entry, (stream, entry_id, fields[1], fields[3], None))
        if len(fields) == 4 and fields[0] == b"d" and fields[2] == b"c"
        else _foreign(stream, entry_id, fields)
        for entry_id, fields in rows
    ]


def _foreign(stream: str, entry_id: bytes, fields: Sequence[bytes]) -> Entry:
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    return Entry(stream, entry_id, named.get(b"d", b""), named.get(b"c", b""), named)


def moves_over(entries: Sequence[Entry], positions: Mapping[str, Position]) -> dict[str, Move]:
    """Return how each stream moves from *positions* over *entries*, in the order in which the streams come."""
    streams = _streams_of(entries)
    moves = {}
    # Counted in C: this runs once for every tick of a batch.
    for name, size in Counter(streams).items():
        first = entries[streams.index(name)]
        last = entries[next(at for at in range(len(streams) - 1, -1, -1) if streams[at] == name)]
        before = positions[name]
        moves[name] = Move(before, first.id, Position(last.id, before.passed + size))
    return moves


def messages_of(entries: Sequence[Entry]) -> list[Message]:
    """Return the message of each entry.

    Raises:
        ContractError: one of them has to be looked at by itself: it cannot be read, or is a letter that comes back.
    """
    if REQUEUED in _streams_of(entries):
        raise ContractError("a letter that comes back holds another message")
    return decode_all(entries.data if isinstance(entries, Columns) else [entry.data for entry in entries])


def _streams_of(entries: Sequence[Entry]) -> Sequence[str]:
    return entries.streams if isinstance(entries, Columns) else list(map(_STREAM, entries))
