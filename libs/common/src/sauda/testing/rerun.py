"""Runs a unit again over its recorded inputs, in the order that the journal kept, and compares every output.

The same `Carrier` does the work as in life; only the log under it is a recording.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sauda.codec import decode
from sauda.contracts import Commit
from sauda.errors import InvariantError
from sauda.log import BEGINNING, Entry, Lease, Loaded, Log, Output, Position, Step
from sauda.merge import merge
from sauda.runner import Carrier
from sauda.unit import Unit

_EVERYTHING = 1 << 62


class RecordedLog:
    """A `Log` whose reads are the recorded batches of one unit, and whose commits are kept for comparison."""

    def __init__(self, source: Log, unit: Unit, records: Sequence[Commit]) -> None:
        self.desk = source.desk
        self.outputs: list[Output] = []
        """What the unit said in its last step."""
        self._source = source
        self._records = list(records)
        self._next = 0
        self._state: dict[bytes, bytes] = {}
        self._positions = {name: Position(self._first(name), 0) for name in unit.reads}

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """Return the state as of the step before."""
        return Loaded(dict(self._positions), dict(self._state))

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int) -> list[Entry]:
        """Return the next recorded batch, in the order in which it was handled."""
        if self._next == len(self._records):
            return []
        record = self._records[self._next]
        return merge(
            [self._between(name, record) for name in positions if name in record.after], count=_EVERYTHING
        )

    def commit(self, lease: Lease, step: Step) -> None:
        """Take the step as done, if it ends where the recorded one did."""
        record = self._records[self._next]
        after = {name: move.after.id.decode() for name, move in step.moves.items()}
        if after != record.after:
            raise InvariantError(f"{record.unit} now stops at {after}, recorded was {record.after}")
        self._next += 1
        for name, move in step.moves.items():
            self._positions[name] = move.after
        for row, value in step.changes.items():
            if value is None:
                self._state.pop(row, None)
            else:
                self._state[row] = value
        self.outputs = list(step.outputs)

    def commit_and_read(
        self, lease: Lease, step: Step, positions: Mapping[str, Position], count: int, block_ms: int
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        self.commit(lease, step)
        return self.read(positions, count, block_ms)

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """Return the unit's state after the steps done so far."""
        return self._state

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """Grant it: nobody else works on a recording."""
        return Lease(unit, 1, ttl_ms)

    def left_ms(self, unit: str) -> int:
        """Return 0: nobody else holds anything."""
        return 0

    def renew(self, lease: Lease) -> None:
        """Nothing runs out."""

    def release(self, lease: Lease) -> None:
        """Nothing is held."""

    def append(self, outputs: Sequence[Output]) -> list[bytes]:
        """Refuse: a recording is not written to."""
        raise InvariantError("a recording takes no entries")

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """Return what the recorded stream holds."""
        return self._source.entries(stream, start, end, count)

    def _first(self, name: str) -> bytes:
        return next((r.before[name].encode() for r in self._records if name in r.before), BEGINNING)

    def _between(self, name: str, record: Commit) -> list[Entry]:
        return self._source.entries(name, b"(" + record.before[name].encode(), record.after[name].encode())


@dataclass(slots=True)
class Verdict:
    """What running a desk again showed."""

    steps: dict[str, int] = field(default_factory=dict)
    """unit -> steps done again."""
    outputs: int = 0
    differences: list[str] = field(default_factory=list)


def verify(source: Log, units: Iterable[Unit]) -> Verdict:
    """Run all *units* of the desk again, step by step in the order of the journal.

    Each step's outputs must be the next entries of their streams, byte for byte, cause included; entries that no unit
    wrote (the feed's, a person's) have no cause and are passed over. The final states must be equal too.
    """
    journal = [decode(entry.data) for entry in source.entries("journal")]
    records = [record for record in journal if isinstance(record, Commit)]
    verdict = Verdict()
    recorded = _Recorded(source)
    carriers: dict[str, Carrier] = {}
    logs: dict[str, RecordedLog] = {}
    for unit in units:
        own = [record for record in records if record.unit == unit.name]
        log = logs[unit.name] = RecordedLog(source, unit, own)
        carriers[unit.name] = Carrier(unit, log, Lease(unit.name, 1, 1 << 40))
        verdict.steps[unit.name] = 0
    for record in records:
        carrier = carriers.get(record.unit)
        if carrier is None:
            verdict.differences.append(f"{record.unit} is in the journal but was not given")
            break
        carrier.step()
        verdict.steps[record.unit] += 1
        verdict.outputs += len(logs[record.unit].outputs)
        verdict.differences += recorded.compare(record.unit, logs[record.unit].outputs)
        if len(verdict.differences) > 10:
            break
    verdict.differences += recorded.left_over()
    for name, log in logs.items():
        verdict.differences += _state_differences(name, source.state_of(name), log.state_of(name))
    return verdict


def _state_differences(unit: str, recorded: Mapping[bytes, bytes], now: Mapping[bytes, bytes]) -> list[str]:
    rows = sorted(recorded.keys() | now.keys())
    return [
        f"{unit}: row {row!r} is {recorded.get(row)!r}, now came {now.get(row)!r}"
        for row in rows
        if recorded.get(row) != now.get(row)
    ]


class _Recorded:
    """The output streams of a desk, each read from its start, one entry after the other."""

    _OUTPUTS = ("subscriptions", "signals", "orders", "executions", "pnl", "alerts", "dead_letters")

    def __init__(self, source: Log) -> None:
        self._waiting = {
            name: [entry for entry in source.entries(name) if entry.cause][::-1] for name in self._OUTPUTS
        }

    def compare(self, unit: str, outputs: Sequence[Output]) -> list[str]:
        differences = []
        for output in outputs:
            waiting = self._waiting[output.stream]
            found = waiting.pop() if waiting else None
            if found is None or (found.data, found.cause) != (output.data, output.cause):
                differences.append(f"{unit}: {output.stream} has {found}, now came {output}")
        return differences

    def left_over(self) -> list[str]:
        return [f"{name}: nobody said {rest[-1]}" for name, rest in self._waiting.items() if rest]
