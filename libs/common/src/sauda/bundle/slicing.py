"""From where to where: a slice of a desk's record in which every unit can be run again. Pure.

The journal is cut between two records, and every unit's inputs from where it stood at the first cut to where it stood at the second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sauda.archive.span import HIGHEST, LOWEST, Id, Span, text_of
from sauda.codec import decode
from sauda.contracts import STREAMS, Commit, Opened
from sauda.errors import ContractError, SaudaError
from sauda.log import Entry
from sauda.merge import id_parts

WHOLE: Final = frozenset({"instruments", "subscriptions", "control"})
"""Streams that are packed from their beginning: what a contract is, or whether the desk was halted, was said before the slice."""


class EmptySliceError(SaudaError):
    """No unit did anything in the slice."""


@dataclass(slots=True)
class Standing:
    """Where one unit stood."""

    start: dict[str, str] = field(default_factory=dict)
    """stream -> id of the last entry taken before the slice; only streams in which it had moved, or moves in the slice."""
    end: dict[str, str] = field(default_factory=dict)
    """stream -> id of the last entry taken in the slice or before it."""
    moved: bool = False
    """Whether it took anything in the slice."""
    began: bool = False
    """Whether it had taken anything before the slice."""


@dataclass(slots=True)
class Slice:
    """A part of a desk's record."""

    journal: Span
    """The ids between the two cuts."""
    last: Id
    """Of the last journal record in it."""
    units: dict[str, Standing]
    opened: list[Entry]
    """The journal's entries that say what each unit is made of when the slice begins, in their order."""

    def spans(self) -> dict[str, Span]:
        """Return which part of each stream is needed."""
        return {stream: self._span(stream) for stream in STREAMS}

    def _span(self, stream: str) -> Span:
        if stream == "journal":
            return Span(self.journal.low, self.last)
        low, high = Id(self.journal.low.ms, 0), Id(self.last.ms, HIGHEST.sequence)
        for unit in self.units.values():
            if stream in unit.start:
                # The entry behind which it began is packed too: a rerun looks whether it is there.
                low = min(low, id_parts(unit.start[stream].encode()))
            if stream in unit.end:
                high = max(high, id_parts(unit.end[stream].encode()))
        return Span(LOWEST if stream in WHOLE else low, high)


def cut(journal: Iterable[Entry], span: Span) -> Slice:
    """Return the slice of the records in *span*; *journal* begins at the record's beginning.

    Raises:
        EmptySliceError: there is none.
    """
    units: dict[str, Standing] = {}
    opened: dict[str, Entry] = {}
    last: Id | None = None
    for entry in journal:
        at = id_parts(entry.id)
        if at > span.high:
            break
        record = _record(entry)
        if isinstance(record, Commit):
            _take(units.setdefault(record.unit, Standing()), record, inside=at >= span.low)
        elif isinstance(record, Opened) and at < span.low:
            opened[record.unit] = entry
        if at >= span.low:
            last = at
    if last is None or not any(unit.moved for unit in units.values()):
        raise EmptySliceError(
            f"no unit did anything between {text_of(span.low).decode()} and {text_of(span.high).decode()}"
        )
    return Slice(span, last, units, sorted(opened.values(), key=lambda entry: id_parts(entry.id)))


def _take(unit: Standing, record: Commit, *, inside: bool) -> None:
    if inside:
        unit.moved = True
        for stream, before in record.before.items():
            unit.start.setdefault(stream, before)
    else:
        unit.began = True
        unit.start.update(record.after)
    unit.end.update(record.after)


def _record(entry: Entry) -> Commit | Opened | None:
    try:
        message = decode(entry.data)
    except ContractError:
        return None
    return message if isinstance(message, Commit | Opened) else None


def as_kept(positions: Mapping[str, str], state: Mapping[bytes, bytes]) -> dict[str, str]:
    """Return a unit's standing in the form in which Redis keeps it: `@stream` position, `table/key` state."""
    kept = {f"@{stream}": entry_id for stream, entry_id in positions.items()}
    return kept | {row.decode(): value.decode() for row, value in state.items()}
