"""What one unit said in life, read off streams that it shares with others. Pure.

Every entry that a unit wrote names its cause, which is one of the unit's inputs; where several units answer the same input on the
same stream, the message says whose it is: a strategy's name, a dead letter's `unit`, an alert's `source`, a subscription's `by`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from sauda.log import Entry, Position
from sauda.merge import IdParts, id_parts
from sauda.rerun.source import Streams

_NAMED: Final[Mapping[str, str]] = {"alerts": "source", "dead_letters": "unit", "subscriptions": "by"}
"""stream -> the field in which any unit names itself"""

_OF_KIND: Final[Mapping[str, Mapping[str, str]]] = {
    "strategy": {"signals": "strategy", "orders": "strategy", "subscriptions": "by"},
    "execution": {"executions": ""},
    "pnl": {"pnl": ""},
    "bars": {"bars": ""},
}
"""kind of unit -> stream -> the field in which its instance names itself; nothing where nobody else writes there.

A strategy subscribes by its own name and asks for bars of the past by its unit's: both are looked for.
"""


class Said(NamedTuple):
    """An entry that the unit wrote, and the input that led to it."""

    entry: Entry
    stream: str
    """Of the input."""
    at: IdParts


def marks_of(unit: str) -> dict[str, tuple[bytes, ...]]:
    """Return the streams on which *unit* speaks, and the bytes of which only its own messages hold one there.

    A JSON string cannot hold them: its quotes would be escaped.
    """
    kind, _, instance = unit.partition(".")
    marks: dict[str, tuple[bytes, ...]] = {stream: (_mark(field, unit),) for stream, field in _NAMED.items()}
    for stream, field in _OF_KIND.get(kind, {}).items():
        marks[stream] = (*marks.get(stream, ()), _mark(field, instance) if field else b"")
    return marks


def _mark(field: str, name: str) -> bytes:
    return b'"%s":%s' % (field.encode(), msgspec.json.encode(name))


class Recorded:
    """All that one unit said in life, stream by stream, in the order in which it stands there."""

    def __init__(self, streams: Streams, unit: str, reads: Collection[str]) -> None:
        self._said = {
            stream: _own(streams.forwards(stream), marks, reads) for stream, marks in marks_of(unit).items()
        }
        self._heads = {stream: next(said, None) for stream, said in self._said.items()}
        self._ends: dict[str, IdParts] = {}
        """How far the unit has come, in each stream that it reads."""

    def through(self, positions: Mapping[str, Position]) -> dict[str, list[Entry]]:
        """Return, of each stream with any, the entries that follow from inputs up to *positions*, each once.

        Args:
            positions: Of the streams in which the unit moved since the last call.
        """
        self._ends |= {stream: id_parts(position.id) for stream, position in positions.items()}
        return {
            stream: list(self._due(stream))
            for stream, head in self._heads.items()
            if head is not None and _is_due(head, self._ends)
        }

    def _due(self, stream: str) -> Iterator[Entry]:
        head, said = self._heads[stream], self._said[stream]
        while head is not None and _is_due(head, self._ends):
            yield head.entry
            head = next(said, None)
        self._heads[stream] = head


def _is_due(said: Said, ends: Mapping[str, IdParts]) -> bool:
    end = ends.get(said.stream)
    return end is not None and said.at <= end


def _own(entries: Iterable[Entry], marks: tuple[bytes, ...], reads: Collection[str]) -> Iterator[Said]:
    cause, place = b"", None
    for entry in entries:
        if not entry.cause or not any(mark in entry.data for mark in marks):
            continue
        if entry.cause != cause:  # Many messages follow from one input.
            cause, place = entry.cause, _place(entry.cause)
        if place is not None and place[0] in reads:
            yield Said(entry, *place)


def _place(cause: bytes) -> tuple[str, IdParts] | None:
    """Return the stream and id that *cause* names; None where it is not written as a unit's is."""
    stream, _, entry_id = cause.partition(b" ")
    try:
        return stream.decode(), id_parts(entry_id)
    except ValueError:
        return None
