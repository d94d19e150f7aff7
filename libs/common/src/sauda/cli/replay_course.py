"""From what was asked for to what is played: of each stream its first and last entry, and the items between, in order."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from sauda import reading
from sauda.cli.where import parse_where
from sauda.clock import ist_date
from sauda.contracts import Instrument
from sauda.log import Entry, EntryId
from sauda.market_time import BY_ARRIVAL
from sauda.merge import id_parts
from sauda.reading import read_entry
from sauda.replay.course import Course, Part
from sauda.replay.player import Item
from sauda.window import Bound, IdBound, TimeBound

if TYPE_CHECKING:
    from sauda.record import Record

DEFINITIONS = "instruments"
_BEFORE_MIDNIGHT = time(23, 59, 59, 999_999)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to replay, as it was asked for."""

    streams: tuple[str, ...]
    since: Bound | None = None
    until: Bound | None = None
    day: date | None = None
    where: tuple[str, ...] = ()
    define: bool = False
    """Whether services need the definitions of what trades."""
    text: str = ""
    """All of it in one line."""


def course_of(view: "Record", asked: Asked) -> Course | None:
    """Find what *asked* means on the desk of *view*; None if there is nothing.

    A time without a date means the newest trading date of the streams. Streams without market time are taken from the
    first to the last entry of those that have one; alone they go by their arrival.
    """
    for stream in asked.streams:
        parse_where(list(asked.where), stream)
    timed = [stream for stream in asked.streams if stream not in BY_ARRIVAL]
    since, until = _bounds(view, asked, timed or list(asked.streams))
    found = {stream: _part(view, stream, since, until) for stream in timed or asked.streams}
    parts = {stream: part for stream, part in found.items() if part is not None}
    if timed and not parts and any(isinstance(bound, TimeBound) for bound in (since, until)):
        return None
    names = (() if DEFINITIONS in asked.streams or not asked.define else (DEFINITIONS,)) + asked.streams
    if timed:
        others = [stream for stream in names if stream in BY_ARRIVAL]
        parts |= _beside(view, asked, others, parts, (since, until))
    if not any(stream in parts for stream in asked.streams):
        return None
    ordered = {name: parts[name] for name in names if name in parts}
    times = [_time_at(view, name, ordered[name]) for name in ordered if name in timed or not timed]
    known = [at for at in times if at is not None]
    return Course(
        source=view.desk,
        parts=ordered,
        where=asked.where,
        definitions_until=_ends(ordered)[0] if asked.define else b"",
        day=ist_date(min(at[0] for at in known)).isoformat() if known else "",
        first_ns=min(at[0] for at in known) if known else None,
        last_ns=max(at[1] for at in known) if known else None,
        asked=asked.text,
    )


def items_of(view: "Record", course: Course, behind: Mapping[str, EntryId]) -> Iterator[Item]:
    """Yield the items of *course*, in the order in which their entries were written.

    Args:
        view: The source.
        course: What is played.
        behind: stream -> the entry behind which to go on; streams that are not in it begin at their beginning.
    """
    if course.definitions_until:
        yield from definitions(view, course, behind.get(DEFINITIONS))
    timeless = any(stream not in BY_ARRIVAL for stream in course.parts)
    each = [
        _stream_items(view, course, stream, behind.get(stream), timeless=timeless and stream in BY_ARRIVAL)
        for stream in course.parts
    ]
    # A merge keeps the order of the streams where ids are equal, as `sauda.merge` does.
    yield from each[0] if len(each) == 1 else heapq.merge(*each, key=lambda item: id_parts(item.entry.id))


def definitions(view: "Record", course: Course, behind: EntryId | None) -> Iterator[Item]:
    """Yield, of each contract that had not expired, the last definition before the course."""
    last: dict[str, Entry] = {}
    for entry in view.forwards(DEFINITIONS, b"-", b"(" + course.definitions_until):
        message = read_entry(entry).message
        if isinstance(message, Instrument) and (message.expiry is None or message.expiry >= course.day):
            last[message.instrument] = entry
    ordered = sorted(last.values(), key=lambda entry: id_parts(entry.id))
    reached = id_parts(behind) if behind else (0, 0)
    yield from (Item(entry, None) for entry in ordered if id_parts(entry.id) > reached)


def _stream_items(
    view: "Record", course: Course, stream: str, behind: EntryId | None, *, timeless: bool
) -> Iterator[Item]:
    part = course.parts[stream]
    wanted = _holds(part)
    defines = bool(course.definitions_until) and stream == DEFINITIONS
    # Services need every definition, whatever else is picked.
    conditions = [] if defines else parse_where(list(course.where), stream)
    start = part.first if behind is None or id_parts(behind) < id_parts(part.first) else b"(" + behind
    for entry in view.forwards(stream, start, part.last):
        read = read_entry(entry)
        if not wanted.holds(read):
            continue
        if conditions and not (read.message and all(one.holds(read.message) for one in conditions)):
            continue
        yield Item(entry, None if timeless else read.time_ns)


def _bounds(view: "Record", asked: Asked, streams: Sequence[str]) -> tuple[Bound | None, Bound | None]:
    """Return both bounds, times with their date."""
    since, until = asked.since, asked.until
    if asked.day is not None:
        since = since or TimeBound(asked.day, time())
        until = until or TimeBound(asked.day, _BEFORE_MIDNIGHT)
    if not any(isinstance(one, TimeBound) and one.day is None for one in (since, until)):
        return since, until
    days = [day for day in (reading.newest_date(view, stream) for stream in streams) if day]
    newest = asked.day or (max(days) if days else date.min + timedelta(days=1))
    return _dated(since, newest), _dated(until, newest)


def _dated(bound: Bound | None, day: date) -> Bound | None:
    return TimeBound(bound.day or day, bound.at) if isinstance(bound, TimeBound) else bound


def _part(view: "Record", stream: str, since: Bound | None, until: Bound | None) -> Part | None:
    """Return the part from its first entry to its last; None if it has none."""
    between = reading.part_of(view, stream, since, until)
    forwards = map(read_entry, view.forwards(stream, between.start, between.end))
    first = next((read.entry.id for read in forwards if between.holds(read)), None)
    backwards = map(read_entry, view.backwards(stream, between.end, between.start))
    last = next((read.entry.id for read in backwards if between.holds(read)), None)
    return None if first is None or last is None else Part(first, last, between.from_ns, between.to_ns)


def _beside(
    view: "Record",
    asked: Asked,
    streams: Sequence[str],
    timed: Mapping[str, Part],
    bounds: tuple[Bound | None, Bound | None],
) -> dict[str, Part]:
    """Return the parts of *streams*, which have no market time, beside those of *timed* ones."""
    first, last = _ends(timed)
    found: dict[str, Part] = {}
    for stream in streams:
        whole = stream in asked.streams
        start = _limit(bounds[0], first, b"-" if whole else first)
        end = _limit(bounds[1], last, b"+" if whole else last)
        if (part := _part(view, stream, IdBound(start), IdBound(end))) is not None:
            found[stream] = part
    return found


def _holds(part: Part) -> reading.Part:
    return reading.Part(part.first, part.last, part.from_ns, part.to_ns)


def _ends(parts: Mapping[str, Part]) -> tuple[EntryId, EntryId]:
    if not parts:
        return b"-", b"+"
    first = min((part.first for part in parts.values()), key=id_parts)
    return first, max((part.last for part in parts.values()), key=id_parts)


def _limit(bound: Bound | None, by_others: EntryId, without: EntryId) -> bytes:
    """Return where a stream without market time begins or ends beside others that have one."""
    if bound is None:
        return without
    return bound.id if isinstance(bound, IdBound) else by_others


def _time_at(view: "Record", stream: str, part: Part) -> tuple[int, int] | None:
    """Return the times of the first and last entry that carry one."""
    reads = map(read_entry, view.forwards(stream, part.first, part.last))
    first = next((read.time_ns for read in reads if read.time_ns is not None), None)
    reads = map(read_entry, view.backwards(stream, part.last, part.first))
    last = next((read.time_ns for read in reads if read.time_ns is not None), None)
    return None if first is None or last is None else (first, last)
