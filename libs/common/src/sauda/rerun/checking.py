"""Runs one unit again and says whether it did the same: the heart of `sauda diff`."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sauda.errors import SaudaError
from sauda.log import Entry, Loaded, Position
from sauda.rerun.comparison import OLDER, Difference, compare
from sauda.rerun.recorded import Recorded
from sauda.rerun.recorded_log import Cut
from sauda.rerun.rerun import MakeUnit, Rerun, StoppedError, Worked
from sauda.rerun.rows import RowDifference, row_differences, touched
from sauda.rerun.source import RecordError, Recording


class NeverCarriedError(SaudaError):
    """The desk's record has no unit of that name."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the record that is asked about; what stands before is worked without a word."""

    cut: Cut | None = None
    """Where it ends; None: at the last committed step."""
    holds: Callable[[Entry], bool] = lambda _entry: True
    """Whether differences that follow from this input count."""


@dataclass(frozen=True, slots=True)
class First:
    """The first difference, and what led to it."""

    difference: Difference
    input: Entry | None
    """None where it was worked long before."""
    rows: Sequence[RowDifference]
    """What the input does to the state now."""


@dataclass(slots=True)
class Finding:
    """What running one unit again showed."""

    unit: str
    messages: int = 0
    steps: int = 0
    outputs: Counter[str] = field(default_factory=Counter)
    """stream -> messages said now"""
    first: First | None = None
    differences: int = 0
    states: Sequence[RowDifference] | None = None
    """Rows of the final state that differ from the committed ones; None where the run did not go so far."""
    stopped: StoppedError | None = None
    """Why the unit would not go on."""

    @property
    def same(self) -> bool:
        """Return whether everything is as it was."""
        return not (self.differences or self.states or self.stopped)


def check(
    record: Recording,
    name: str,
    make: MakeUnit,
    *,
    window: Window | None = None,
) -> Finding:
    """Run *name* again up to where it is committed now, and compare all that it said and its state.

    Args:
        record: The desk; it may be at work meanwhile.
        name: The unit.
        make: See `MakeUnit`.
        window: What is asked about; all of it if None.

    Raises:
        NeverCarriedError: the desk has no such unit.
        RecordError: a part of the record is gone.
    """
    # Positions and state of one instant: what the desk does from here on is left out.
    committed = record.committed(name)
    if committed is None:
        raise NeverCarriedError(f"{name} was never carried on desk {record.desk}")
    window, start = window or Window(), record.start_of(name)
    rerun = Rerun(record, name, make, start=start, until=committed.positions, cut=window.cut)
    recorded = Recorded(record, name, committed.positions)
    if start is not None:
        recorded.through(start.positions)
    finding = Finding(name)
    try:
        for worked in rerun.worked():
            finding.messages += len(worked.entries)
            finding.steps += worked.steps
            finding.outputs.update(output.stream for output in worked.outputs)
            if differences := compare(worked, recorded.through(worked.positions)):
                _note(finding, differences, worked, rerun, window)
    except StoppedError as error:
        finding.stopped = error
        return finding
    if window.cut is None:
        _insist_on_the_end(rerun, name, committed)
        finding.states = row_differences(committed.state, rerun.state)
    return finding


def _note(
    finding: Finding, differences: Sequence[Difference], worked: Worked, rerun: Rerun, window: Window
) -> None:
    wanted = [one for one in differences if one.place == OLDER or window.holds(worked.entries[one.place])]
    finding.differences += len(wanted)
    if wanted and finding.first is None:
        finding.first = _first(wanted[0], worked, rerun)


def _first(difference: Difference, worked: Worked, rerun: Rerun) -> First:
    if difference.place == OLDER:
        return First(difference, None, ())
    led_to_it = worked.entries[: difference.place + 1]
    return First(difference, led_to_it[-1], touched(rerun.unit, rerun.state_before(), led_to_it))


def _insist_on_the_end(rerun: Rerun, name: str, committed: Loaded) -> None:
    for stream, at in rerun.at().items():
        end = committed.positions.get(stream, Position(b"0-0", 0)).id
        if at.encode() != end:
            raise RecordError(
                f"the journal leads {name} to {at} in {stream}, but it is committed at {end.decode()}: "
                "the journal's end is gone, so this cannot be compared"
            )
