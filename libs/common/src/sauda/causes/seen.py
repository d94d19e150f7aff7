"""What a unit had seen when it worked an entry: the newest price of an instrument, the newest fill. Pure."""

from collections.abc import Callable, Iterator
from typing import Final

from sauda.causes.course import Course
from sauda.causes.node import Node, Record, Ref, node_of
from sauda.contracts import DeadLetter, Fill, InstrumentId, Message, Requeued, Tick
from sauda.errors import ContractError
from sauda.log import EntryId
from sauda.merge import id_parts
from sauda.redelivery import original

FAR_BACK: Final = 200_000
"""Entries looked through for the last price of an instrument: half an hour of a busy desk, a second of reading."""


class Seen:
    """Looks back through one record from where a unit stood."""

    def __init__(self, record: Record, course: Course) -> None:
        self._record = record
        self._course = course

    def price(self, unit: str | None, instrument: InstrumentId, cause: Ref, said: EntryId) -> Node | None:
        """Return the newest tick of *instrument* that *unit* had seen when it worked *cause*."""
        needle = f'"{instrument}"'.encode()
        end = b"(" + cause.id if cause.stream == "ticks" else b"%d" % id_parts(said).ms
        for number, entry in enumerate(self._record.backwards("ticks", end)):
            if number == FAR_BACK:
                break
            if needle not in entry.data:
                continue
            node = node_of(entry)
            if is_price_of(instrument, node.message) and self._course.had_seen(unit, node.at, cause, said):
                return node
        return None

    def fill(
        self, unit: str | None, counts: Callable[[Fill], bool], cause: Ref, said: EntryId
    ) -> Node | None:
        """Return the newest fill that *counts* and that *unit* had seen when it worked *cause*.

        A fill that the unit had to park counts from when its letter came back.
        """
        returned = self._newest(unit, "requeued", counts, cause, said)
        for node in self._fills(unit, "executions", counts, cause, said):
            if not self._was_parked(unit, node.at):
                if returned is None or self._course.had_seen(unit, returned.at, node.at, node.at.id):
                    return node
                return returned
        return returned

    def _newest(
        self, unit: str | None, stream: str, counts: Callable[[Fill], bool], cause: Ref, said: EntryId
    ) -> Node | None:
        return next(self._fills(unit, stream, counts, cause, said), None)

    def _fills(
        self, unit: str | None, stream: str, counts: Callable[[Fill], bool], cause: Ref, said: EntryId
    ) -> Iterator[Node]:
        for entry in self._record.backwards(stream, b"%d" % id_parts(said).ms):
            node = node_of(entry)
            if isinstance(node.message, Requeued) and node.message.unit != unit:
                continue
            fill = inside(node)
            if isinstance(fill, Fill) and counts(fill) and self._course.had_seen(unit, node.at, cause, said):
                yield node

    def _was_parked(self, unit: str | None, at: Ref) -> bool:
        letters = map(node_of, self._record.forwards("dead_letters", b"%d" % id_parts(at.id).ms))
        return any(
            isinstance(letter.message, DeadLetter)
            and (letter.message.unit, letter.message.stream) == (unit, at.stream)
            and letter.message.entry_id == at.id.decode()
            for letter in letters
        )


def inside(node: Node) -> Message | None:
    """Return what a unit works of *node*: its message itself, or that of the entry inside a requeued letter."""
    if not isinstance(node.message, Requeued):
        return node.message
    try:
        return node_of(original(node.message)).message
    except ContractError:
        return None


def is_price_of(instrument: InstrumentId, message: Message | None) -> bool:
    """Return whether *message* is a tick of *instrument*."""
    return isinstance(message, Tick) and message.instrument == instrument
