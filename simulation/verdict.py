"""What must hold once a desk has worked everything off: checked from the streams alone, whatever happened on the way."""

from collections import Counter
from collections.abc import Iterator

from sauda.codec import decode, encode
from sauda.contracts import (
    Commit,
    DeadLetter,
    Fill,
    Instrument,
)
from sauda.errors import SaudaError
from sauda.log import Entry
from sauda.memory_log import MemoryLog
from sauda.rerun.verify import verify
from simulation.books import messages, orders, positions
from simulation.desk import Desk
from simulation.group import row_of
from simulation.tape import Tape
from simulation.world import World

Poisoned = set[tuple[str, bytes]]


def judge(world: World, desk: Desk, tape: Tape, poisoned: Poisoned) -> None:
    """Note every promise that was broken as a violation of *world*."""
    log = desk.server.log
    # A server that lost its last moments lost what strangers wrote in them, too.
    written = {name: {entry.id for entry in log.entries(name)} for name, _ in poisoned}
    poisoned = {(name, entry_id) for name, entry_id in poisoned if entry_id in written[name]}
    for check in (
        _rerun(desk),
        _market(log, tape, poisoned),
        orders(log),
        positions(log),
        _coverage(desk),
        _letters(desk, poisoned),
        _database(desk, forgetful="server_forgets" in world.seen),
    ):
        for text in check:
            world.violation(text)
    _count(world, log)


class _UnitsOnly:
    """The log without what the writers said: they are no units, and nothing of theirs is run again."""

    def __init__(self, log: MemoryLog, writer: str) -> None:
        self.desk = log.desk
        self.state_of = log.state_of
        self._log = log
        self._writer = writer

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        found = self._log.entries(stream, start, end, count)
        if stream != "dead_letters":
            return found
        return [entry for entry in found if getattr(decode(entry.data), "unit", "") != self._writer]


def _rerun(desk: Desk) -> Iterator[str]:
    """Every unit, run again undisturbed, says the same and ends in the same state."""
    try:
        yield from verify(_UnitsOnly(desk.server.log, desk.group.name), desk.units).differences[:5]
    except SaudaError as error:
        yield f"the record cannot be run again: {type(error).__name__}: {error}"


def _market(log: MemoryLog, tape: Tape, poisoned: Poisoned) -> Iterator[str]:
    """The desk was given the whole tape, in order, once."""
    written = [entry.data for entry in log.entries("ticks") if ("ticks", entry.id) not in poisoned]
    played = [encode(message) for message in tape.messages]
    if written != played:
        differs = next(
            (n for n, pair in enumerate(zip(written, played, strict=False)) if pair[0] != pair[1]), None
        )
        yield f"ticks: {len(played)} were played, {len(written)} written, the first that differs is {differs}"
    defined = Counter(m.instrument for m in messages(log, "instruments") if isinstance(m, Instrument))
    if defined != Counter(one.instrument for one in tape.instruments):
        yield f"instruments: defined were {defined}"


def _coverage(desk: Desk) -> Iterator[str]:
    """The journal covers each input of each unit from where it began to its end, without a gap and without an overlap."""
    log = desk.server.log
    at: dict[tuple[str, str], str] = {}
    for record in messages(log, "journal"):
        if isinstance(record, Commit):
            for stream, before in record.before.items():
                if at.get((record.unit, stream), before) != before:
                    yield f"{record.unit} took {stream} from {before}, after {at[record.unit, stream]}"
                at[record.unit, stream] = record.after[stream]
    for unit in desk.units:
        for stream, position in log.positions_of(unit.name).items():
            ids = [entry.id for entry in log.entries(stream)]
            if ids and at.get((unit.name, stream), ids[-1].decode()) != ids[-1].decode():
                yield f"{unit.name} took {stream} up to {at[unit.name, stream]}, and it ends at {ids[-1]!r}"
            if position.passed != len(ids):
                yield f"{unit.name} counts {position.passed} entries of {stream}, which has {len(ids)}"


def _letters(desk: Desk, poisoned: Poisoned) -> Iterator[str]:
    """Whoever reads an unworkable entry parks it, once, and nothing else is parked."""
    log = desk.server.log
    letters = Counter(
        (m.unit, m.stream, m.entry_id.encode())
        for m in messages(log, "dead_letters")
        if isinstance(m, DeadLetter)
    )
    for (unit, stream, entry_id), times in letters.items():
        if times > 1 or (stream, entry_id) not in poisoned:
            yield f"{unit} parked {stream} {entry_id!r} {times} times"
    readers = {unit.name: unit.reads for unit in desk.units} | {desk.group.name: desk.group.streams}
    unlucky = {entry.id for entry in log.entries("ticks") if b"NSE:UNLUCKY" in entry.data}
    for stream, entry_id in poisoned:
        for reader, streams in readers.items():
            must = stream in streams and (entry_id not in unlucky or reader == "counter")
            if (
                must
                and not letters[reader, stream, entry_id]
                and not _began_behind(log, reader, stream, entry_id)
            ):
                yield f"{reader} never parked {stream} {entry_id!r}"


def _began_behind(log: MemoryLog, unit: str, stream: str, entry_id: bytes) -> bool:
    """Whether *unit* is so new that it never saw the entry."""
    first = next(
        (
            m.before[stream]
            for m in messages(log, "journal")
            if isinstance(m, Commit) and m.unit == unit and stream in m.before
        ),
        None,
    )
    ids = [entry.id for entry in log.entries(stream)]
    return stream == "ticks" and (
        first is None or (first.encode() in ids and ids.index(first.encode()) >= ids.index(entry_id))
    )


def _database(desk: Desk, *, forgetful: bool) -> Iterator[str]:
    """The database holds what the streams hold: nothing missing, nothing that never was.

    A server that lost its last moments cannot take back what was written into the database in them.
    """
    log = desk.server.log
    said = {row_of(m): m for stream in desk.group.streams for m in messages(log, stream)}
    rows = desk.database.rows
    missing = [key for key, message in said.items() if rows.get(key) != message]
    invented = [] if forgetful else [key for key in rows if key not in said]
    if missing or invented:
        yield f"database: {len(missing)} rows missing or wrong {missing[:3]}, {len(invented)} invented {invented[:3]}"


def _count(world: World, log: MemoryLog) -> None:
    """Count what the desk did, so that a simulation in which nothing happens is noticed."""
    fills = [m for m in messages(log, "executions") if isinstance(m, Fill)]
    counts = {
        "fills": len(fills),
        "fills of stops": sum("-stop" in fill.order_id for fill in fills),
        "points of profit and loss": len(log.entries("pnl")),
        "dead letters": len(log.entries("dead_letters")),
    }
    world.seen.update({what: count for what, count in counts.items() if count})
