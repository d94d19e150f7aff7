"""A `Log` whose reads are the recorded inputs of one unit, in the order of the journal, and whose commits are kept.

One read hands out many recorded steps at once: `handle` cannot see the borders of batches, so the outcome is the same,
and a step of one entry does not cost a whole turn of the `Carrier`. Where an entry raises, the carrier cuts the batch there
and the rest is read again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sauda.archive.span import behind, text_of
from sauda.errors import InvariantError
from sauda.log import BEGINNING, Entry, EntryId, Lease, Loaded, Output, Position, Step
from sauda.merge import id_parts, merge
from sauda.rerun.journal import Border
from sauda.rerun.source import Cursor, RecordError, Streams

_EVERYTHING: Final = 1 << 62

Cut = Callable[[Sequence[Entry]], int]
"""Says how many of the entries, given in the unit's order, still belong to what is asked for."""


class Inputs:
    """One unit's inputs as the journal says that it took them."""

    def __init__(
        self, streams: Streams, unit: str, start: Mapping[str, Position] | None, until: Mapping[str, Position]
    ) -> None:
        """Begin at *start*, or where the first records begin; end at *until*, where it says something."""
        self._streams = streams
        self._unit = unit
        self._cursors: dict[str, Cursor] = {}
        self._at: dict[str, str] = {}
        """stream -> id of the last entry taken."""
        self._until = {name: position.id.decode() for name, position in until.items()}
        for name, position in (start or {}).items():
            self._begin(name, position.id.decode())

    def at(self) -> dict[str, str]:
        """Return how far each stream was taken that moved."""
        return dict(self._at)

    def take(self, border: Border, order: Sequence[str]) -> list[Entry] | None:
        """Return the entries of one recorded step, in the order in which they were handled; None behind the end.

        Raises:
            RecordError: the journal or a stream has a hole.
        """
        at, until, cursors, after = self._at, self._until, self._cursors, border.after
        for name, before in border.before.items():
            if until.get(name) == before:
                return None
            if at.get(name) != before:
                self._begin_or_jump(name, before)
            at[name] = after[name]
        if len(after) == 1:
            return cursors[name].through(after[name].encode())
        moved = [name for name in order if name in after]
        return list(merge([cursors[name].through(after[name].encode()) for name in moved], _EVERYTHING))

    def _begin_or_jump(self, name: str, before: str) -> None:
        if name in self._at:
            raise RecordError(self._jump(name, before))
        self._begin(name, before, check=True)

    def _begin(self, name: str, before: str, *, check: bool = False) -> None:
        entry_id = before.encode()
        if check and entry_id != BEGINNING and not self._is_there(name, entry_id):
            raise RecordError(
                f"{self._unit} began behind {before} of {name}, and that entry is not there: "
                "the stream was trimmed and is not archived, so its beginning cannot be run again"
            )
        self._cursors[name] = Cursor(name, self._streams.forwards(name, b"(" + entry_id))
        self._at[name] = before

    def _is_there(self, name: str, entry_id: EntryId) -> bool:
        """Return whether the record has the entry, or the very next id: a unit that is new to a trimmed stream begins before that."""
        following = text_of(behind(id_parts(entry_id)))
        return any(self._streams.forwards(name, entry_id, following))

    def _jump(self, name: str, before: str) -> str:
        return (
            f"the journal of {self._unit} jumps in {name} from {self._at[name]} to {before}: "
            "a part of it is gone, so this cannot be run again"
        )


class RecordedLog:
    """What the `Carrier` of a rerun works on."""

    def __init__(self, desk: str, reads: Sequence[str], start: Loaded | None = None) -> None:
        self.desk = desk
        self.waiting: list[Entry] = []
        """What the next reads hand out."""
        self.portion: int | None = None
        """How much of it one read hands out; None: all."""
        self.positions = {name: Position(BEGINNING, 0) for name in reads} | (start.positions if start else {})
        self.state: dict[bytes, bytes] = dict(start.state) if start else {}
        self.done = 0
        """Entries that the last commit took; a raising entry leaves some waiting."""
        self.moved: dict[str, Position] = {}
        """Where the streams stand that moved in the last commit."""
        self.outputs: Sequence[Output] = ()
        """What the unit said in its last commit."""
        self.before: dict[bytes, bytes | None] = {}
        """row -> its value before the last commit, None for one that was not there; only rows that it wrote."""

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """Return the state as of the last commit."""
        for name in inputs:
            self.positions.setdefault(name, Position(BEGINNING, 0))
        return Loaded({name: self.positions[name] for name in inputs}, dict(self.state))

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int) -> list[Entry]:
        """Return what is waiting, however much it is."""
        return self.waiting[: self.portion]

    def read_after_rest(
        self, urgent: Mapping[str, Position], rest_ms: int, positions: Mapping[str, Position], count: int
    ) -> list[Entry]:
        """Nobody rests who is run again."""
        return self.read(positions, count, 0)

    def commit(self, lease: Lease, step: Step) -> None:
        """Take the step as done, and note how far it came."""
        self.done = sum(move.after.passed - move.before.passed for move in step.moves.values())
        self.waiting = self.waiting[self.done :]
        self.moved = {name: move.after for name, move in step.moves.items()}
        self.positions |= self.moved
        state = self.state
        self.before = {row: state.get(row) for row in step.changes}
        for row, value in step.changes.items():
            if value is None:
                state.pop(row, None)
            else:
                state[row] = value
        self.outputs = step.outputs

    def commit_and_read(
        self, lease: Lease, step: Step, positions: Mapping[str, Position], count: int, block_ms: int
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        self.commit(lease, step)
        return self.read(positions, count, block_ms)

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """Return the state after the steps done so far."""
        return self.state

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """Grant it: nobody else works on a recording."""
        return Lease(unit, 1, ttl_ms)

    def left_ms(self, unit: str) -> int:
        """Nobody holds it in life while it is run again here."""
        return 0

    def renew(self, lease: Lease) -> None:
        """Nothing runs out."""

    def release(self, lease: Lease) -> None:
        """Nothing is held."""

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """Refuse: a recording is not written to."""
        raise InvariantError("a recording takes no entries")

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """Refuse: the inputs come from the journal's order alone."""
        raise InvariantError(f"a rerun does not read {stream} from {start!r}")
