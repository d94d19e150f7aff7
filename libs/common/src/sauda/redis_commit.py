"""What `commit.lua` is told of a step. Pure."""

from collections.abc import Sequence
from typing import Any

from sauda.journal import journal_record
from sauda.keys import Keys
from sauda.log import Lease, Output, Step


def commit_arguments(names: Keys, lease: Lease, step: Step) -> tuple[list[str], list[Any]]:
    """Return the keys and arguments of `commit.lua`."""
    keys = [names.lease(lease.unit), names.unit(lease.unit), names.stream("journal")]
    keys += [names.stream(name) for name in step.moves]
    args: list[Any] = [lease.epoch, 0 if step.last else lease.ttl_ms, lease.unit]
    args += (journal_record(lease, step), len(step.moves))
    for name, move in step.moves.items():
        args += (name, move.before.id, move.first, move.after.id, move.after.passed)
    puts = [item for item in step.changes.items() if item[1] is not None]
    args.append(len(puts))
    for put in puts:
        args += put
    drops = [field for field, value in step.changes.items() if value is None]
    args.append(len(drops))
    args += drops
    _add_outputs(step.outputs, names, keys, args)
    return keys, args


def _add_outputs(outputs: Sequence[Output], names: Keys, keys: list[str], args: list[Any]) -> None:
    """Put *outputs* behind the script's other arguments: runs of one stream, each `d`, `c` in turn."""
    args.append(0)
    runs_at = len(args) - 1
    place: dict[str, int] = {}
    stream, size_at = "", 0
    for output in outputs:
        if output[0] != stream:
            stream = output[0]
            if stream not in place:
                keys.append(names.stream(stream))
                place[stream] = len(keys)
            args += (place[stream], 0)
            size_at = len(args) - 1
            args[runs_at] += 1
        args += output[1:]
        args[size_at] += 1
