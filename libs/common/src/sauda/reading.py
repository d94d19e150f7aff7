"""Entries as messages, and the part of a stream that a question is about."""

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sauda.clock import NS_PER_MS, UnixNs, from_ist, ist_date
from sauda.codec import decode
from sauda.contracts import Message
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.market_time import BY_ARRIVAL, RISING, arrival_ns, time_of
from sauda.merge import id_parts
from sauda.window import Bound, IdBound, TimeBound, first_ms_from

if TYPE_CHECKING:
    from sauda.record import Record


class Read(NamedTuple):
    """An entry and what it says."""

    entry: Entry
    message: Message | None
    problem: str | None
    """Why there is no message."""

    @property
    def time_ns(self) -> UnixNs | None:
        """Return its market time; where it has none, its arrival; None if it cannot be read."""
        if self.entry.stream in BY_ARRIVAL:
            return arrival_ns(self.entry.id)
        return None if self.message is None else time_of(self.message)

    def wire(self) -> dict[str, Any]:
        """Return the message as it stands on the wire, with its entry's id and cause."""
        at = {"id": self.entry.id.decode(), "cause": self.entry.cause.decode(errors="replace")}
        if self.message is None:
            return {**at, "unreadable": self.problem, "fields": texts_of(self.entry)}
        fields: dict[str, Any] = msgspec.json.decode(self.entry.data)
        return at | fields


def read_entry(entry: Entry) -> Read:
    """Decode *entry*; what cannot be read is shown, not hidden."""
    try:
        return Read(entry, decode(entry.data), None)
    except ContractError as error:
        return Read(entry, None, str(error))


def texts_of(entry: Entry) -> dict[str, str]:
    """Return an entry's fields as text, whatever they hold."""
    fields = entry.raw if entry.raw is not None else {b"d": entry.data, b"c": entry.cause}
    return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in fields.items()}


def readable(entries: Iterable[Entry]) -> Iterator[Message]:
    """Yield the messages of *entries*, without those that cannot be read."""
    for entry in entries:
        if (message := read_entry(entry).message) is not None:
            yield message


class Part(NamedTuple):
    """The part of a stream between two bounds, both included."""

    start: bytes
    end: bytes
    from_ns: UnixNs | None
    """Market time below which entries are left out."""
    to_ns: UnixNs | None

    def holds(self, read: Read) -> bool:
        """Return whether *read* lies between the times; what carries no time is not left out."""
        at = read.time_ns
        if at is None:
            return True
        return (self.from_ns is None or at >= self.from_ns) and (self.to_ns is None or at <= self.to_ns)


def part_of(view: "Record", stream: str, since: Bound | None, until: Bound | None) -> Part:
    """Find the part of *stream* from *since* to *until*; None is the end that lies there."""
    newest = newest_date(view, stream)
    start, from_ns = b"-", None
    if isinstance(since, IdBound):
        start = since.id
    elif isinstance(since, TimeBound) and newest:
        from_ns = since.instant(newest)
        start = id_at(view, stream, from_ns)
    end, to_ns = b"+", None
    if isinstance(until, IdBound):
        end = until.id
    elif isinstance(until, TimeBound) and newest:
        to_ns = until.instant(newest)
        end = id_before(view, stream, to_ns + 1)
    return Part(start, end, from_ns, to_ns)


def newest_date(view: "Record", stream: str) -> date | None:
    """Return the market's date (IST) of the newest entry that has one; None for an empty stream."""
    for entry in view.backwards(stream):
        if (at := read_entry(entry).time_ns) is not None:
            return ist_date(at)
    return None


def end_of_day(view: "Record", stream: str, day: date) -> bytes:
    """Return the bound behind which no entry of *stream* belongs to *day* or earlier."""
    return id_before(view, stream, from_ist(day + timedelta(days=1), time()))


def id_at(view: "Record", stream: str, instant: UnixNs) -> bytes:
    """Return an id at or before the first entry of *instant* or later."""
    if stream in BY_ARRIVAL:
        return b"%d" % (instant // NS_PER_MS)
    found = _first_ms(view, stream, instant) if stream in RISING else None
    # Many entries share a millisecond: that before the found one may begin too early and end in time.
    return b"-" if found is None else b"%d" % max(0, found - 1)


def id_before(view: "Record", stream: str, instant: UnixNs) -> bytes:
    """Return an id at or behind the last entry before *instant*."""
    if stream in BY_ARRIVAL:
        return b"%d" % (instant // NS_PER_MS)
    found = _first_ms(view, stream, instant) if stream in RISING else None
    return b"+" if found is None else b"%d" % found


def _first_ms(view: "Record", stream: str, instant: UnixNs) -> int | None:
    between = view.around(stream, instant)
    if between is None:
        return None

    def time_from(ms: int) -> UnixNs | None:
        for entry in view.forwards(stream, b"%d" % ms):
            if (at := read_entry(entry).time_ns) is not None:
                return at
        return None

    low, high = map(id_parts, between)
    return first_ms_from(low.ms, high.ms + 1, instant, time_from)
