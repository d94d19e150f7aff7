"""Runs a whole desk again, all units together, in the order of the journal, and compares everything that units wrote."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sauda.codec import decode
from sauda.contracts import Commit, DeadLetter, Opened
from sauda.errors import ContractError
from sauda.log import Entry, Output
from sauda.rerun.rerun import Rerun
from sauda.rerun.source import Kept, KeptStreams, Streams
from sauda.unit import Unit

OUTPUTS: Final = ("subscriptions", "bars", "signals", "orders", "executions", "pnl", "alerts", "dead_letters")
"""Streams that units write."""

_ENOUGH: Final = 10
"""Differences after which it does not go on."""


@dataclass(slots=True)
class Verdict:
    """What running a desk again showed."""

    steps: dict[str, int] = field(default_factory=dict)
    """unit -> steps done again."""
    outputs: int = 0
    differences: list[str] = field(default_factory=list)


def verify(source: Kept, units: Iterable[Unit]) -> Verdict:
    """Run all *units* of the desk again, step by step in the order of the journal.

    Each step's outputs must be the next entries of their streams, byte for byte, cause included; entries that no unit
    wrote (the feed's, a person's, a writer's letters) are passed over. The final states must be equal too.

    Raises:
        RecordError: a part of the record is gone.
        InvariantError: a unit finds its own state impossible.
    """
    streams = KeptStreams(source)
    reruns = {unit.name: Rerun(streams, unit.name, _always(unit), at_once=1) for unit in units}
    steps = {name: rerun.worked() for name, rerun in reruns.items()}
    verdict = Verdict(dict.fromkeys(reruns, 0))
    written = _Written(streams, reruns)
    for commit in _commits(streams):
        if commit.unit not in steps:
            verdict.differences.append(f"{commit.unit} is in the journal but was not given")
            break
        worked = next(steps[commit.unit])
        verdict.steps[commit.unit] += 1
        verdict.outputs += len(worked.outputs)
        verdict.differences += written.compare(commit.unit, worked.outputs)
        if worked.said is None:
            at = worked.entries[-1]
            verdict.differences.append(f"{commit.unit} now stops at {at.stream} {at.id!r} inside a step")
            break
        if len(verdict.differences) > _ENOUGH:
            break
    verdict.differences += written.left_over()
    for name, rerun in reruns.items():
        verdict.differences += _state_differences(name, source.state_of(name), rerun.state)
    return verdict


def _always(unit: Unit) -> Callable[[Opened | None], Unit]:
    return lambda _opened: unit


def _commits(streams: Streams) -> Iterator[Commit]:
    for entry in streams.forwards("journal"):
        message = decode(entry.data)
        if isinstance(message, Commit):
            yield message


def _state_differences(unit: str, recorded: Mapping[bytes, bytes], now: Mapping[bytes, bytes]) -> list[str]:
    rows = sorted(recorded.keys() | now.keys())
    return [
        f"{unit}: row {row!r} is {recorded.get(row)!r}, now came {now.get(row)!r}"
        for row in rows
        if recorded.get(row) != now.get(row)
    ]


def _is_letter_of(units: Collection[str], data: bytes) -> bool:
    try:
        message = decode(data)
    except ContractError:
        return False
    return isinstance(message, DeadLetter) and message.unit in units


class _Written:
    """The output streams of a desk, each read from its start, one entry after the other."""

    def __init__(self, streams: Streams, units: Collection[str]) -> None:
        self._waiting: dict[str, Iterator[Entry]] = {
            name: (entry for entry in streams.forwards(name) if entry.cause) for name in OUTPUTS
        }
        # There people decide about letters, and writers park theirs: both name a cause, and neither is a unit's word.
        letters = self._waiting["dead_letters"]
        self._waiting["dead_letters"] = (entry for entry in letters if _is_letter_of(units, entry.data))

    def compare(self, unit: str, outputs: Sequence[Output]) -> list[str]:
        """Return where *outputs* are not the next entries of their streams."""
        differences = []
        for output in outputs:
            found = next(self._waiting[output.stream], None)
            if found is None or (found.data, found.cause) != (output.data, output.cause):
                differences.append(f"{unit}: {output.stream} has {found}, now came {output}")
        return differences

    def left_over(self) -> list[str]:
        """Return what stands on the streams and nobody said; one line for each stream."""
        rest = ((name, next(entries, None)) for name, entries in self._waiting.items())
        return [f"{name}: nobody said {entry}" for name, entry in rest if entry is not None]
