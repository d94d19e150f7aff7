"""The market as it was recorded: ticks, definitions and commands in one order, and where each unit began to read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

from sauda.contracts import Opened
from sauda.log import Entry
from sauda.merge import IdParts, id_parts
from sauda.rerun.journal import records_of_all
from sauda.rerun.source import RecordError, Streams
from sauda.unit import REQUEUED

OUTSIDE = ("instruments", "control", "replies", "ticks", REQUEUED)
"""Streams that come from outside the units; in the order that breaks ties, as the units have it."""


@dataclass(slots=True)
class Beginning:
    """How one unit of the record began."""

    opened: Opened | None = None
    """What it was made of last."""
    ticks: IdParts | None = None
    """The newest tick before its first step; None if it never had one."""


def beginnings(streams: Streams) -> dict[str, Beginning]:
    """Return every unit of the record with its beginning, in the order in which they appeared.

    Raises:
        RecordError: the record has no journal.
    """
    found: dict[str, Beginning] = {}
    for record in records_of_all(streams.forwards("journal")):
        known = found.setdefault(record.unit, Beginning())
        if isinstance(record, Opened):
            known.opened = record
        elif known.ticks is None and "ticks" in record.before:
            known.ticks = id_parts(record.before["ticks"].encode())
    if not found:
        raise RecordError(f"the journal of desk {streams.desk} is empty: no unit was ever carried there")
    return found


def outside(streams: Streams) -> Iterator[Entry]:
    """Yield what came from outside, by entry id."""
    parts = (streams.forwards(stream) for stream in OUTSIDE)
    return merge(*parts, key=lambda entry: id_parts(entry.id))
