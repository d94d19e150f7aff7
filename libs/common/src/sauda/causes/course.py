"""The order in which a unit took its inputs, read off its journal: had it seen this entry when it worked that one? Pure.

Ids alone cannot tell: streams count by themselves, and what is written in the millisecond in which a unit reads may have
a lower id than what it has read already. The journal keeps the borders of its batches, and so the order, for ever.
"""

from typing import Final, NamedTuple

from sauda.causes.node import Record, Ref
from sauda.codec import decode
from sauda.contracts import Commit
from sauda.errors import ContractError
from sauda.log import Entry, EntryId
from sauda.merge import IdParts, id_parts

RANK: Final = {
    name: rank
    for rank, name in enumerate(
        ("instruments", "control", "replies", "pnl", "ticks", "orders", "executions", "requeued")
    )
}
"""Which of two entries with equal ids comes first in a batch: every unit names its inputs in this order."""

FAR: Final = 20_000
"""Journal records looked at behind an entry: a unit that was further behind is placed by ids alone, which order a backlog."""


class Place(NamedTuple):
    """When a unit worked an entry; places of one unit compare as it worked them."""

    step: IdParts
    """The journal's record of the step."""
    id: IdParts
    rank: int


class Course:
    """How the units of one desk went through their inputs."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def unit_that_said(self, prefix: str, cause: Ref, said: EntryId) -> str | None:
        """Return the unit, its name begins with *prefix*, that worked *cause* and wrote an entry at *said*."""
        found = self._step(f'"unit":"{prefix}'.encode(), cause, said)
        return found[1].unit if found else None

    def step_over(self, prefix: str, worked: Ref) -> Entry | None:
        """Return the journal's record of the step in which a unit, its name begins with *prefix*, worked the entry."""
        found = self._step(f'"unit":"{prefix}'.encode(), worked, worked.id)
        return found[0] if found else None

    def had_seen(self, unit: str | None, entry: Ref, cause: Ref, said: EntryId) -> bool:
        """Return whether *unit* worked *entry* before it worked *cause* and wrote, because of that, an entry at *said*.

        Where the journal does not say (it was trimmed), ids decide.
        """
        if entry.stream == cause.stream:
            return id_parts(entry.id) < id_parts(cause.id)
        places = [self._place(unit, cause, said), self._place(unit, entry, entry.id)] if unit else []
        if len(places) == 2 and places[0] is not None and places[1] is not None:
            return places[1] < places[0]
        return _by_ids(entry) < _by_ids(cause)

    def _place(self, unit: str, worked: Ref, since: EntryId) -> Place | None:
        found = self._step(f'"unit":"{unit}"'.encode(), worked, since)
        return None if found is None else Place(id_parts(found[0].id), *_by_ids(worked))

    def _step(self, needle: bytes, worked: Ref, since: EntryId) -> tuple[Entry, Commit] | None:
        """Return the first step from *since* on that took *worked*, of a unit in whose record *needle* stands."""
        at = id_parts(worked.id)
        start = b"%d" % id_parts(since).ms
        for number, entry in enumerate(self._record.forwards("journal", start)):
            if number == FAR:
                return None
            if needle not in entry.data or (commit := _commit(entry)) is None:
                continue
            before, after = commit.before.get(worked.stream), commit.after.get(worked.stream)
            if before is None or after is None:
                continue
            if id_parts(before.encode()) < at <= id_parts(after.encode()):
                return entry, commit
        return None


def _by_ids(ref: Ref) -> tuple[IdParts, int]:
    return id_parts(ref.id), RANK.get(ref.stream, len(RANK))


def _commit(entry: Entry) -> Commit | None:
    try:
        record = decode(entry.data)
    except ContractError:
        return None
    return record if isinstance(record, Commit) else None
