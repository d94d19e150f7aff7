"""The log in memory: the same promises in one process, for tests, lock-step runs and simulation.

It is exact, not fast-and-loose: leases run out, epochs rise, a commit is refused for the same reasons and in the same
order as by `commit.lua`. One thread at a time; a read never blocks.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sauda.clock import NS_PER_MS, Clock, ManualClock, UnixNs
from sauda.errors import LeaseLostError, PositionError
from sauda.journal import journal_record
from sauda.log import BEGINNING, STARTS_AT_NOW, Entry, EntryId, Lease, Loaded, Output, Position, Step
from sauda.merge import IdParts, id_parts, merge


@dataclass(slots=True)
class _Stream:
    entries: list[Entry] = field(default_factory=list)
    ids: list[IdParts] = field(default_factory=list)

    def behind(self, entry_id: EntryId, count: int) -> list[Entry]:
        start = bisect_right(self.ids, id_parts(entry_id))
        return self.entries[start : start + count]


@dataclass(slots=True)
class _Unit:
    positions: dict[str, Position] = field(default_factory=dict)
    state: dict[bytes, bytes] = field(default_factory=dict)
    epoch: int = 0
    lease_epoch: int = 0
    lease_until_ns: UnixNs = 0


class MemoryLog:
    """The streams of one desk in this process."""

    def __init__(self, desk: str = "memory", clock: Clock | None = None) -> None:
        self.desk = desk
        self._clock = clock or ManualClock(now_ns=NS_PER_MS)
        self._streams: dict[str, _Stream] = {}
        self._units: dict[str, _Unit] = {}
        self._last = IdParts(0, 0)

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """See `sauda.log.Log`."""
        known = self._units.setdefault(unit, _Unit())
        if known.lease_epoch and known.lease_until_ns > self._clock.now_ns():
            return None
        known.epoch += 1
        lease = Lease(unit, known.epoch, ttl_ms)
        known.lease_epoch = known.epoch
        self._extend(known, ttl_ms)
        return lease

    def renew(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        self._extend(self._held(lease), lease.ttl_ms)

    def release(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        known = self._units[lease.unit]
        if known.lease_epoch == lease.epoch:
            known.lease_epoch = 0

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """See `sauda.log.Log`."""
        known = self._held(lease)
        self._extend(known, lease.ttl_ms)
        for name in inputs:
            if name not in known.positions:
                known.positions[name] = self._start_of(name)
        return Loaded({name: known.positions[name] for name in inputs}, dict(known.state))

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int = 0) -> list[Entry]:
        """See `sauda.log.Log`; *block_ms* means nothing here."""
        return merge([self._stream(name).behind(at.id, count) for name, at in positions.items()], count)

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        known = self._held(lease)
        for name, move in step.moves.items():
            committed = known.positions.get(name)
            if committed is None or committed.id != move.before.id:
                raise PositionError(f"POSITION {name} stands at {committed}, not at {move.before.id!r}")
            following = self._stream(name).behind(move.before.id, 1)
            if not following or following[0].id != move.first:
                raise PositionError(f"POSITION {name} goes on with another entry than {move.first!r}")
        for name, move in step.moves.items():
            known.positions[name] = move.after
        for row, value in step.changes.items():
            if value is None:
                known.state.pop(row, None)
            else:
                known.state[row] = value
        self.append(step.outputs)
        if record := journal_record(lease, step):
            self.append([Output("journal", record)])
        self._extend(known, lease.ttl_ms)
        if step.last:
            known.lease_epoch = 0

    def commit_and_read(
        self, lease: Lease, step: Step, positions: Mapping[str, Position], count: int, block_ms: int
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        self.commit(lease, step)
        return self.read(positions, count, block_ms)

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """See `sauda.log.Log`."""
        return dict(self._units[unit].state) if unit in self._units else {}

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """See `sauda.log.Log`."""
        return [self._add(*output) for output in outputs]

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        found = self._stream(stream).entries
        if start != b"-":
            beyond, first = start.startswith(b"("), id_parts(start.lstrip(b"("))
            found = [e for e in found if id_parts(e.id) > first or (not beyond and id_parts(e.id) == first)]
        if end != b"+":
            short, last = end.startswith(b"("), id_parts(end.lstrip(b"("))
            found = [e for e in found if id_parts(e.id) < last or (not short and id_parts(e.id) == last)]
        return list(found if count is None else found[:count])

    def close(self) -> None:
        """Nothing to let go."""

    def _stream(self, name: str) -> _Stream:
        return self._streams.setdefault(name, _Stream())

    def _start_of(self, name: str) -> Position:
        stream = self._stream(name)
        if name in STARTS_AT_NOW and stream.entries:
            return Position(stream.entries[-1].id, len(stream.entries))
        return Position(BEGINNING, 0)

    def _add(self, stream: str, data: bytes, cause: bytes) -> EntryId:
        kept = self._stream(stream)
        now_ms = self._clock.now_ns() // NS_PER_MS
        last = self._last
        # One count for all streams: ids then order entries of different streams as they were written.
        parts = IdParts(now_ms, 0) if now_ms > last.ms else IdParts(last.ms, last.sequence + 1)
        self._last = parts
        entry_id = b"%d-%d" % parts
        kept.ids.append(parts)
        kept.entries.append(Entry(stream, entry_id, bytes(data), bytes(cause)))
        return entry_id

    def _held(self, lease: Lease) -> _Unit:
        known = self._units[lease.unit]
        if known.lease_epoch != lease.epoch or known.lease_until_ns <= self._clock.now_ns():
            raise LeaseLostError(f"LEASE {lease.unit} is not held by epoch {lease.epoch}")
        return known

    def _extend(self, known: _Unit, ttl_ms: int) -> None:
        known.lease_until_ns = self._clock.now_ns() + ttl_ms * NS_PER_MS
