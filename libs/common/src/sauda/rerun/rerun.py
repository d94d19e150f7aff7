"""Carries a unit again over its recorded inputs, in the order that the journal kept. The same `Carrier` as in life does it."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sauda.contracts import Opened
from sauda.errors import InvariantError
from sauda.log import Entry, Lease, Loaded, Output, Position
from sauda.rerun.journal import Border, own_records
from sauda.rerun.recorded_log import Cut, Inputs, RecordedLog
from sauda.rerun.source import Streams
from sauda.runner import Carrier
from sauda.unit import Unit

AT_ONCE: Final = 2000
"""Entries worked in one go, gathered from as many recorded steps as it takes."""

_FOREVER_MS: Final = 1 << 40

MakeUnit: TypeAlias = Callable[[Opened | None], Unit]
"""Makes the unit that a holder carried from its `opened` on; None before the first. The same for the same record."""


class StoppedError(InvariantError):
    """The unit found its own state impossible at *entry*: it would stop there."""

    def __init__(self, entry: Entry, why: str) -> None:
        super().__init__(f"{entry.stream} {entry.id.decode()}: {why}")
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of some recorded steps, run again."""

    entries: Sequence[Entry]
    """The inputs, in the order in which they were handled."""
    outputs: Sequence[Output]
    """What the unit said now."""
    steps: int
    """Recorded steps that ended here."""
    said: int | None
    """Messages that these steps wrote, by the journal; None where the batch has a part of a recorded step."""
    positions: Mapping[str, Position]
    """How far the unit has come; only streams in which it moved this time."""


class Rerun:
    """One unit, carried again from its beginning, or from *start*."""

    def __init__(
        self,
        streams: Streams,
        name: str,
        make: MakeUnit,
        *,
        start: Loaded | None = None,
        until: Mapping[str, Position] | None = None,
        cut: Cut | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        """Prepare to carry *name* again.

        Args:
            streams: The record.
            name: The unit, as the journal calls it.
            make: See `MakeUnit`.
            start: Positions and state to begin with, for a record that does not hold the unit's beginning.
            until: Committed positions at which to end; without them, at the journal's end.
            cut: Ends the run inside a step.
            at_once: Entries to work in one go; 1 keeps every recorded step by itself.
        """
        self._records = own_records(streams.forwards("journal"), name)
        self._inputs = Inputs(streams, name, start.positions if start else None, until or {})
        self._log = RecordedLog(streams.desk, (), start)
        self._name, self._make, self._cut, self._at_once = name, make, cut, at_once
        self._unit: Unit | None = None
        self._next_unit: Unit | None = None
        self._carrier: Carrier | None = None
        self._ends: list[tuple[int, int]] = []
        """Of each recorded step that waits: where it ends in the waiting entries, messages it wrote."""
        self._at_border = True
        """Whether all that was worked so far is whole steps."""
        self._over = False

    @property
    def state(self) -> Mapping[bytes, bytes]:
        """Return the state after what was worked so far."""
        return self._log.state

    @property
    def unit(self) -> Unit:
        """Return the unit as it is made of now."""
        if self._unit is None:
            self._unit = self._make(None)
        return self._unit

    def at(self) -> dict[str, str]:
        """Return how far the run came in each stream that it took something from."""
        return self._inputs.at()

    def worked(self) -> Iterator[Worked]:
        """Run to the end, some steps at a time.

        Raises:
            RecordError: a part of the record is gone.
            StoppedError: the unit finds its own state impossible.
        """
        while self._gather():
            yield self._step()

    def state_before(self) -> Loaded:
        """Return what the last `Worked` began with."""
        state = dict(self._log.state)
        for row, value in self._log.before.items():
            if value is None:
                state.pop(row, None)
            else:
                state[row] = value
        return Loaded(dict(self._log.positions), state)

    def _gather(self) -> bool:
        """Fill the waiting entries with recorded steps; return whether there is anything to work."""
        waiting = self._log.waiting
        if waiting:
            return True
        if self._next_unit is not None:
            self._become(self._next_unit)
        records, take, ends, at_once = self._records, self._inputs.take, self._ends, self._at_once
        order = () if self._unit is None else self._unit.reads
        # This runs once for every recorded step, which on a desk that keeps up is once a message.
        while len(waiting) < at_once and not self._over:
            record = next(records, None)
            if record.__class__ is Border:
                entries = take(record, order or self.unit.reads)
                if entries is None:
                    self._over = True
                else:
                    waiting += entries
                    ends.append((len(waiting), record.outputs))
            elif isinstance(record, Opened):
                if self._is_another(record):
                    break
                order = self.unit.reads
            else:
                self._over = True
        self._end_inside()
        return bool(waiting) or (self._next_unit is not None and self._gather())

    def _is_another(self, opened: Opened) -> bool:
        """Note what the unit is made of from *opened* on; return whether what waits must be worked before."""
        unit = self._make(opened)
        if self._log.waiting and unit is not self._unit:
            self._next_unit = unit
            return True
        self._become(unit)
        return False

    def _become(self, unit: Unit) -> None:
        if unit is not self._unit:
            # As in life: the new holder builds the unit anew and loads what was committed.
            self._unit, self._carrier = unit, None
        self._next_unit = None

    def _end_inside(self) -> None:
        waiting = self._log.waiting
        if self._cut is not None and (kept := self._cut(waiting)) < len(waiting):
            del waiting[kept:]
            self._over = True

    def _step(self) -> Worked:
        log = self._log
        entries = log.waiting[: log.portion]
        if self._carrier is None:
            self._carrier = Carrier(self.unit, log, Lease(self._name, 1, _FOREVER_MS))
        try:
            self._carrier.step()
        except InvariantError as error:
            if len(entries) == 1:
                raise StoppedError(entries[0], str(error)) from error
            # One by one, until it is known which entry it was.
            log.portion, self._carrier = 1, None
            return self._step()
        return self._report(entries[: log.done])

    def _report(self, entries: Sequence[Entry]) -> Worked:
        done, ends = len(entries), self._ends
        over = len(ends) if ends[-1][0] == done else bisect_right(ends, (done, _FOREVER_MS))
        began_at_border, self._at_border = self._at_border, over > 0 and ends[over - 1][0] == done
        is_whole = began_at_border and self._at_border
        said = sum(outputs for _, outputs in ends[:over]) if is_whole else None
        self._ends = [(end - done, outputs) for end, outputs in ends[over:]]
        return Worked(entries, self._log.outputs, over, said, self._log.moved)
