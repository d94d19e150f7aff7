"""What a unit said now beside what it said in life: what is missing, came in addition, changed or changed places. Pure."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from enum import Enum
from itertools import zip_longest
from typing import NamedTuple

from sauda.log import Entry, Output
from sauda.rerun.rerun import Worked

OLDER = -1
"""Place of an input that was worked before this batch."""


class Kind(Enum):
    """How the two sides differ."""

    MISSING = "missing"
    """Recorded, and not said now."""
    ADDITIONAL = "additional"
    """Said now, and not recorded."""
    CHANGED = "changed"
    REORDERED = "reordered"
    """The same messages in another order."""
    UNACCOUNTED = "unaccounted"
    """The journal counts other messages than stand on the streams: somebody took one away, or wrote in the unit's name."""


class Difference(NamedTuple):
    """One output that is not as it was."""

    kind: Kind
    stream: str
    cause: bytes
    """The input that led to it, as an entry's cause names it."""
    place: int
    """Where that input stands in the batch; `OLDER` if before it."""
    recorded: Entry | None
    now: Output | None


def compare(worked: Worked, recorded: Mapping[str, Sequence[Entry]]) -> list[Difference]:
    """Return how the outputs of *worked* differ from those *recorded* for the same inputs, in the order of the inputs."""
    now: dict[str, list[Output]] = {}
    for output in worked.outputs:
        now.setdefault(output.stream, []).append(output)
    unlike = [
        stream
        for stream in now.keys() | recorded.keys()
        if not _are_equal(recorded.get(stream, ()), now.get(stream, ()))
    ]
    if not unlike:
        return _unaccounted(worked, recorded)
    places = {b"%s %s" % (entry.stream.encode(), entry.id): at for at, entry in enumerate(worked.entries)}
    found = [
        difference
        for stream in sorted(unlike)
        for difference in _of_stream(stream, recorded.get(stream, ()), now.get(stream, ()), places)
    ]
    return sorted(found, key=lambda difference: difference.place)


def _are_equal(recorded: Sequence[Entry], now: Sequence[Output]) -> bool:
    return [(entry.data, entry.cause) for entry in recorded] == [(one.data, one.cause) for one in now]


def _unaccounted(worked: Worked, recorded: Mapping[str, Sequence[Entry]]) -> list[Difference]:
    if worked.said is None or worked.said == sum(map(len, recorded.values())):
        return []
    last = worked.entries[-1]
    cause = b"%s %s" % (last.stream.encode(), last.id)
    return [Difference(Kind.UNACCOUNTED, "journal", cause, len(worked.entries) - 1, None, None)]


def _of_stream(
    stream: str, recorded: Sequence[Entry], now: Sequence[Output], places: Mapping[bytes, int]
) -> list[Difference]:
    if sorted((one.data, one.cause) for one in recorded) == sorted((one.data, one.cause) for one in now):
        was, came = next(
            (was, came)
            for was, came in zip(recorded, now, strict=True)
            if (was.data, was.cause) != (came.data, came.cause)
        )
        place = min(places.get(was.cause, OLDER), places.get(came.cause, OLDER))
        return [Difference(Kind.REORDERED, stream, came.cause, place, was, came)]
    # Side by side for each input, so that one message more or less does not make all that follow look changed.
    sides: dict[bytes, tuple[list[Entry], list[Output]]] = {}
    for entry in recorded:
        sides.setdefault(entry.cause, ([], []))[0].append(entry)
    for output in now:
        sides.setdefault(output.cause, ([], []))[1].append(output)
    return [
        Difference(_kind(was, came), stream, cause, places.get(cause, OLDER), was, came)
        for cause, (before, after) in sides.items()
        for was, came in _pairs(before, after)
    ]


def _pairs(
    recorded: Sequence[Entry], now: Sequence[Output]
) -> list[tuple[Entry, Output] | tuple[Entry, None] | tuple[None, Output]]:
    blocks = SequenceMatcher(None, [one.data for one in recorded], [one.data for one in now], autojunk=False)
    return [
        pair
        for what, low, high, from_, to in blocks.get_opcodes()
        if what != "equal"
        for pair in zip_longest(recorded[low:high], now[from_:to])
    ]


def _kind(recorded: Entry | None, now: Output | None) -> Kind:
    if recorded is None:
        return Kind.ADDITIONAL
    return Kind.MISSING if now is None else Kind.CHANGED
