"""The log in memory: the same promises in one process, for tests, lock-step runs and simulation.

It is exact, not fast-and-loose: leases run out, epochs rise, a commit is refused for the same reasons and in the same
order as by `commit.lua`; random command sequences on it and on a real server have to agree
(`tests/integration/test_model.py`). One thread at a time; a read never blocks.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sauda.clock import NS_PER_MS, Clock, ManualClock, UnixNs
from sauda.errors import LeaseLostError, PositionError
from sauda.journal import journal_record
from sauda.log import BEGINNING, STARTS_AT_NOW, Entry, EntryId, Lease, Loaded, Move, Output, Position, Step
from sauda.merge import IdParts, id_parts, merge

_LAST_NUMBER: Final = 2**64 - 1
_NOTHING_YET: Final = IdParts(0, 0)


@dataclass(slots=True)
class _Stream:
    entries: list[Entry] = field(default_factory=list)
    ids: list[IdParts] = field(default_factory=list)
    last: IdParts = _NOTHING_YET
    """Id of the newest entry there ever was."""

    def behind(self, entry_id: EntryId, count: int) -> list[Entry]:
        start = bisect_right(self.ids, id_parts(entry_id))
        return self.entries[start : start + count]

    def between(self, start: bytes, end: bytes) -> list[Entry]:
        """Return the entries from *start* to *end*, as `XRANGE` understands them."""
        beyond, before = start.startswith(b"("), end.startswith(b"(")
        first = (bisect_right if beyond else bisect_left)(self.ids, _bound(start, 0))
        last = (bisect_left if before else bisect_right)(self.ids, _bound(end, _LAST_NUMBER))
        return self.entries[first:last]


def _bound(text: bytes, sequence: int) -> IdParts:
    """Read one end of a range; without its own sequence, an id means the first or last of its millisecond."""
    if text in (b"-", b"+"):
        return _NOTHING_YET if text == b"-" else IdParts(_LAST_NUMBER, _LAST_NUMBER)
    ms, dash, rest = text.lstrip(b"(").partition(b"-")
    return IdParts(int(ms), int(rest) if dash else sequence)


@dataclass(slots=True)
class _Unit:
    positions: dict[str, Position] = field(default_factory=dict)
    state: dict[bytes, bytes] = field(default_factory=dict)
    epoch: int = 0
    lease_epoch: int = 0
    lease_until_ns: UnixNs = 0


class MemoryLog:
    """The streams of one desk in this process."""

    def __init__(self, desk: str = "memory", clock: Clock | None = None, *, one_count: bool = True) -> None:
        """Make an empty desk.

        Args:
            desk: Its name.
            clock: Gives ids and ends leases; without one, time stands still.
            one_count: Whether ids order entries of different streams as they were written. A server counts each stream
                by itself: entries of one millisecond on different streams then have equal ids.
        """
        self.desk = desk
        self._one_count = one_count
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

    def left_ms(self, unit: str) -> int:
        """See `sauda.log.Log`."""
        known = self._units.get(unit)
        if known is None or not known.lease_epoch:
            return 0
        return max(0, (known.lease_until_ns - self._clock.now_ns()) // NS_PER_MS)

    def renew(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        self._extend(self._held(lease), lease.ttl_ms)

    def release(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        known = self._units.get(lease.unit)
        if known is not None and known.lease_epoch == lease.epoch:
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
        return list(merge([self._stream(name).behind(at.id, count) for name, at in positions.items()], count))

    def read_after_rest(
        self, urgent: Mapping[str, Position], rest_ms: int, positions: Mapping[str, Position], count: int
    ) -> list[Entry]:
        """See `sauda.log.Log`; here nobody waits."""
        return self.read(positions, count)

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        known = self._held(lease)
        for name, move in step.moves.items():
            self._check(known, name, move)
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

    def positions_of(self, unit: str) -> dict[str, Position]:
        """Return how far *unit* has come, as anybody may see it."""
        return dict(self._units[unit].positions) if unit in self._units else {}

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """See `sauda.log.Log`."""
        return [self._add(*output) for output in outputs]

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        found = self._stream(stream).between(start, end)
        return found if count is None else found[:count]

    def remember(self) -> Callable[[], None]:
        """Return what brings this moment back, as a server comes back with what its disk had."""
        lengths = {name: (len(stream.entries), stream.last) for name, stream in self._streams.items()}
        units = {
            name: replace(unit, positions=dict(unit.positions), state=dict(unit.state))
            for name, unit in self._units.items()
        }

        def bring_back() -> None:
            for name, stream in self._streams.items():
                length, stream.last = lengths.get(name, (0, _NOTHING_YET))
                del stream.entries[length:], stream.ids[length:]
            self._units = units

        return bring_back

    def close(self) -> None:
        """Nothing to let go."""

    def _check(self, known: _Unit, name: str, move: Move) -> None:
        committed, before = known.positions.get(name), move.before.id
        if committed is None or committed.id != before:
            stands = (
                committed.id.decode() if committed else "false"
            )  # as Lua prints a field that is not there
            raise PositionError(f"POSITION {name} stands at {stands}, not at {before.decode()}")
        following = self._stream(name).behind(before, 1)
        if not following or following[0].id != move.first:
            raise PositionError(f"POSITION {name} goes on with another entry than {move.first.decode()}")

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
        last = self._last if self._one_count else kept.last
        parts = IdParts(now_ms, 0) if now_ms > last.ms else IdParts(last.ms, last.sequence + 1)
        self._last = kept.last = parts
        entry_id = b"%d-%d" % parts
        kept.ids.append(parts)
        kept.entries.append(Entry(stream, entry_id, bytes(data), bytes(cause)))
        return entry_id

    def _held(self, lease: Lease) -> _Unit:
        known = self._units.get(lease.unit)
        if known is None or known.lease_epoch != lease.epoch or known.lease_until_ns <= self._clock.now_ns():
            raise LeaseLostError(f"LEASE {lease.unit} is not held by epoch {lease.epoch}")
        return known

    def _extend(self, known: _Unit, ttl_ms: int) -> None:
        known.lease_until_ns = self._clock.now_ns() + ttl_ms * NS_PER_MS
