"""From what a service declares to what its user may do: commands, each on the keys that it needs. Pure.

A key alone says too little: whoever reads a stream as a unit moves its own group's cursor there, which is a write to that key, and
a script's keys count as written whatever it does with them. So each right is a *selector* of Redis 7: these commands on these keys.
A command inside a script is judged like one outside, by all selectors of the user; `EVAL` alone gives nobody a write.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sauda.access.declared import COMMON, PEOPLE, Access, Duty
from sauda.keys import Keys
from sauda.unit import REQUEUED

ANY_DESK: Final = "{*}*"
"""Every key of every desk, books put aside too."""
REPLAYS: Final = "replay-"
"""What the name of a desk begins with that the gateway may fill by a replay."""

_CONNECTION: Final = (
    *(
        "ping",
        "select",
        "wait",
        "multi",
        "exec",
        "discard",
        "unwatch",
        "client|reply",
        "time",
        "cluster|slots",
    ),
)
"""What concerns no key: the connection, transactions, replicas, the way to a cluster's node."""
_CARRY: Final = (
    "watch",
    "get",
    "set",
    "del",
    "incr",
    "exists",
    "pexpire",
    "pttl",
    "hset",
    "hget",
    "hdel",
    "hgetall",
)
_READ: Final = (
    *("xread", "xrange", "xrevrange", "xlen", "xinfo|stream", "xinfo|groups", "xinfo|consumers"),
    *("exists", "get", "mget", "pttl", "hget", "hmget", "hgetall", "memory|usage"),
)
_CURSOR: Final = ("xgroup|create", "xgroup|setid")
_COMPETE: Final = (
    "xreadgroup",
    "xpending",
    "xautoclaim",
    "xclaim",
    "xack",
    "xgroup|create",
    "xgroup|delconsumer",
)
_SCRIPT: Final = ("eval", "evalsha")
_SERVER: Final = ("scan", "info")
"""Of the whole server: the names of all keys, and how it is."""
_WRITE_AS_PEOPLE: Final = (
    *("xadd", "set", "incr", "pexpire", "hset", "hdel", "renamenx"),
    *(
        "xgroup|create",
        "xgroup|setid",
        "xgroup|destroy",
        "xgroup|delconsumer",
        "xreadgroup",
        "xpending",
        "xack",
    ),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """Commands, and the keys that they may be used on."""

    commands: tuple[str, ...]
    keys: tuple[str, ...]
    """Key patterns as Redis understands them."""
    reading: bool = False
    """Whether only to read them."""

    def words(self) -> str:
        """Return the grant as a part of an ACL rule."""
        sign = "%R~" if self.reading else "~"
        return " ".join(
            [*(f"+{one}" for one in self.commands), *(f"{sign}{key}" for key in dict.fromkeys(self.keys))]
        )


def rule_of(access: Access, desk: str) -> str:
    """Return what *access* comes to on *desk*, as an ACL rule without the password."""
    first, *others = people_grants() if access is PEOPLE else grants(access, desk)
    return " ".join(
        [f"resetkeys resetchannels -@all {first.words()}", *(f"({one.words()})" for one in others)]
    )


def grants(access: Access, desk: str) -> list[Grant]:
    """Return what the user of a service may do on *desk*; the first grant is used most, so Redis looks at it first."""
    keys = Keys(desk)
    common = COMMON if access.units or access.groups else ()
    writes = _streams(keys, (*access.writes, *common))
    inputs = _streams(keys, (*access.reads, *([REQUEUED] if access.reads else ())))
    own = [key(unit) for unit in access.units for key in (keys.unit, keys.lease, keys.epoch, keys.holder)]
    competing = _streams(keys, access.groups)
    found = [
        Grant((*_CONNECTION, "xadd"), writes),
        Grant(
            _READ,
            (*inputs, *writes, *competing, *(keys.prefix + one for one in access.looks_at)),
            reading=True,
        ),
        Grant(_CARRY, tuple(own)),
        Grant(_CURSOR, inputs),
        Grant(_COMPETE, competing),
        Grant(_SCRIPT, (*own, *inputs, *writes, *competing)),
        *_of_duty(access.duty, keys),
    ]
    return [found[0], *(one for one in found[1:] if one.keys)]


def _of_duty(duty: Duty, keys: Keys) -> list[Grant]:
    everything = (f"{keys.prefix}*", f"{{{keys.desk}}}@*")
    match duty:
        case Duty.CARRY:
            return []
        case Duty.WATCH:
            return [Grant((*_READ, *_SERVER, "xpending"), everything, reading=True)]
        case Duty.PUT_ASIDE:
            return [
                Grant((*_READ, *_SERVER), everything, reading=True),
                Grant((*_SCRIPT, "renamenx"), everything),
                Grant(("del",), (keys.lease("*"),)),
                Grant(("incr",), (keys.aside,)),
            ]
        case Duty.ARCHIVE:
            return [
                Grant((*_READ, *_SERVER, "xpending"), everything, reading=True),
                Grant((*_SCRIPT, "xtrim"), everything),
                Grant(("set",), (keys.book, f"{{{keys.desk}}}@*:book")),
            ]
        case Duty.SERVE:
            replays = f"{{{REPLAYS}*"
            return [
                Grant((*_READ, *_SERVER, "xpending"), (ANY_DESK,), reading=True),
                Grant((*_SCRIPT, *_WRITE_AS_PEOPLE, "del"), (replays,)),
            ]


def people_grants() -> list[Grant]:
    """Return what people may do with any desk; nothing of it empties a server or lets one look into its settings."""
    return [
        Grant((*_CONNECTION, *_SERVER, *_READ, *_SCRIPT, *_WRITE_AS_PEOPLE), (ANY_DESK,)),
        # A reader that is forgotten, a lease that is given back: `del` of anything else would be a desk's past.
        Grant(("del",), ("{*}*:lease:*", "{*}*:unit:*")),
    ]


def _streams(keys: Keys, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(keys.stream, names)))
