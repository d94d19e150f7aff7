"""Many entries in one transaction instead of a script: a tick of the feed's costs the server a quarter less.

A script has every argument copied into its own language and back. A transaction cannot decide anything, but for a step that takes no
input there is only the lease to decide by, and that is watched: if it was touched, or ran out, since we looked, nothing is done.

    WATCH lease, GET lease                                                 is it ours?
    MULTI, HSET and HDEL rows, XADD ..., PEXPIRE lease, EXEC               if it still is
    HGET proof                                                             was it?

Nobody needs the answers to a thousand `XADD`s: they are switched off. That it was done is read off a field that the transaction sets
to what was never there before.
"""

from collections.abc import Sequence
from typing import Any, Final

import hiredis

from sauda.keys import Keys
from sauda.log import Lease, Output, Step
from sauda.redis_line import Line


def _packed(*command: Any) -> bytes:
    return bytes(hiredis.pack_command(command))


MANY: Final = 200
"""Entries from which on it pays for the second round trip."""
FAR_S: Final = 0.05
"""A server that answers no sooner is far away: one more round trip is much of a lease, and more than anything that it saves.
A near one may take half of it where more want to work than there are processors."""
_END: Final = b"end of the answers"
_MULTI: Final = _packed("MULTI")
_PING: Final = _packed("PING", _END)
_ANSWER: Final = _packed("CLIENT", "REPLY", "ON")
_DO_NOT: Final = _packed("CLIENT", "REPLY", "OFF")
_PROOF: Final = b"#transaction"
"""Field of the unit's hash; `#` keeps it out of the state, like the counts."""
_REST: Final = b"%b$%d\r\n%b\r\n$1\r\nc\r\n$%d\r\n%b\r\n"
"""Of an `XADD` behind its head: data and cause. Packed here, 0.4 instead of 1.0 µs of the feed's."""


def is_for_transaction(line: Line, step: Step) -> bool:
    """Return whether `write` is the cheaper way of doing *step*, and can do it."""
    return len(step.outputs) >= MANY and not step.moves and not step.last and line.took_s < FAR_S


def write(line: Line, keys: Keys, lease: Lease, step: Step, proof: bytes) -> bool:
    """Do *step* if *lease* is held; return whether it was done. *proof* is different each time.

    Raises:
        redis.RedisError: the server refused, or no answer came: it was done or not.
    """
    name, streams = keys.lease(lease.unit), {output[0] for output in step.outputs}
    # What could be refused is said once with answers: that it is allowed, and that the streams are streams.
    look = [
        _MULTI,
        _packed("DISCARD"),
        *(_packed("XLEN", keys.stream(stream)) for stream in streams),
        _ANSWER,
    ]
    look += [_packed("WATCH", name), _packed("GET", name), _PING]
    if line.say_packed(b"".join(look), _END)[-1] != b"%d" % lease.epoch:
        line.say("UNWATCH")
        return False
    done = [_DO_NOT, *_transaction(keys, lease, step, proof), _ANSWER]
    done += [_packed("HGET", keys.unit(lease.unit), _PROOF), _PING]
    return bool(line.say_packed(b"".join(done), _END)[-1] == proof)


def _transaction(keys: Keys, lease: Lease, step: Step, proof: bytes) -> list[bytes]:
    unit = keys.unit(lease.unit)
    puts = [part for row in step.changes.items() if row[1] is not None for part in row]
    drops = [field for field, value in step.changes.items() if value is None]
    return [
        _MULTI,
        _packed("HSET", unit, _PROOF, proof, *puts),
        *([_packed("HDEL", unit, *drops)] if drops else ()),
        *_entries(keys, step.outputs),
        _packed("PEXPIRE", keys.lease(lease.unit), lease.ttl_ms),
        _packed("EXEC"),
    ]


def _entries(keys: Keys, outputs: Sequence[Output]) -> list[bytes]:
    heads = {stream: _head(keys.stream(stream).encode()) for stream in {output[0] for output in outputs}}
    return [_REST % (heads[stream], len(data), data, len(cause), cause) for stream, data, cause in outputs]


def _head(key: bytes) -> bytes:
    return b"*7\r\n$4\r\nXADD\r\n$%d\r\n%b\r\n$1\r\n*\r\n$1\r\nd\r\n" % (len(key), key)
