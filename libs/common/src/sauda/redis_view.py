"""What people ask of a desk on Redis: read backwards, how far has each consumer come, who holds what. Writes nothing.

A stream may hold millions of entries, so everything here reads in chunks or asks for single entries.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from redis.exceptions import ResponseError

from sauda.connection import connect, connect_to_all, without_password
from sauda.contracts import STREAMS
from sauda.log import Entry, EntryId, Loaded, loaded_from
from sauda.redis_log import RedisLog, server_errors

CHUNK: Final = 1000
"""Entries asked for at once: some hundred kilobytes, a few milliseconds of the server's time."""

_COUNTED_MOST: Final = 20
"""Chunks counted where the server's own number is no help: 20,000 entries behind is far behind."""

_FIRST_CHUNK: Final = 50
"""Most questions are answered by the first few."""

_SCAN_ROUNDS: Final = 200
"""Of 1,000 keys each: a server that holds more than that serves something else as well."""

_DESK_KEY: Final = re.compile(rb"\{([A-Za-z0-9_.-]+)\}(@[0-9]+)?:")


class GroupLag(msgspec.Struct, frozen=True):
    """How far one consumer group has come in one stream."""

    group: str
    position: str
    """Id of the last entry that was delivered to it; for a unit, its committed position."""
    lag: int
    """Entries that it has not seen."""
    pending: int
    """Entries delivered and not acknowledged: a writer's batch in hand. A unit has none."""
    consumers: int
    lag_is_least: bool = False
    """Whether there are more than `lag`: counted no further, and the server's own number cannot be right."""


class StreamLag(msgspec.Struct, frozen=True):
    """One stream and its readers."""

    stream: str
    length: int
    last_id: str
    groups: list[GroupLag]


class UnitHolding(msgspec.Struct, frozen=True):
    """Who carries a unit, and how far it is committed."""

    unit: str
    held: bool
    """Whether a lease is running now."""
    holder: str | None
    """The present holder, or the last one."""
    epoch: int
    """Fencing token of the newest lease: how often the unit was taken."""
    lease_ms: int | None
    """Milliseconds left of the lease."""
    positions: dict[str, str]
    """stream -> id of the last entry whose effect is committed."""


class ServerFacts(msgspec.Struct, frozen=True):
    """What the promises need to know about the server."""

    name: str
    """`redis` or `valkey`."""
    version: str
    append_only: bool
    policy: str
    """`maxmemory-policy`; anything but `noeviction` may throw streams away."""
    used_bytes: int
    limit_bytes: int
    """0: none."""
    now_ns: int
    replicas: int = 0
    """Connected to it now."""


class RedisView(RedisLog):
    """The log of one desk, and what only people ask of it."""

    def exists(self) -> bool:
        """Return whether any stream of the desk is there."""
        with server_errors(self._where):
            return bool(self._client.exists(*map(self.keys.stream, STREAMS)))

    @property
    def where(self) -> str:
        """Return the server's address, without its password."""
        return self._where

    def length(self, stream: str) -> int:
        """Return how many entries *stream* holds."""
        with server_errors(self._where):
            return int(self._client.xlen(self.keys.stream(stream)))

    def forwards(self, stream: str, start: bytes = b"-", end: bytes = b"+") -> Iterator[Entry]:
        """Yield the entries from *start* to *end*, oldest first, as `Log.entries` understands them."""
        size = _FIRST_CHUNK
        while chunk := self.entries(stream, start, end, size):
            yield from chunk
            if len(chunk) < size:
                return
            start, size = b"(" + chunk[-1].id, CHUNK

    def backwards(self, stream: str, end: bytes = b"+", start: bytes = b"-") -> Iterator[Entry]:
        """Yield the entries from *end* back to *start*, newest first."""
        size = _FIRST_CHUNK
        while chunk := self._reverse(stream, end, start, size):
            yield from chunk
            if len(chunk) < size:
                return
            end, size = b"(" + chunk[-1].id, CHUNK

    def newest(self, stream: str) -> Entry | None:
        """Return the last entry of *stream*, or None."""
        return next(iter(self._reverse(stream, b"+", b"-", 1)), None)

    def committed(self, unit: str) -> Loaded | None:
        """Return the unit's positions and state as of one instant; None if it was never carried."""
        with server_errors(self._where):
            reply = self._line.say("HGETALL", self.keys.unit(unit))
        fields = dict(zip(reply[::2], reply[1::2], strict=True))
        return loaded_from(fields) if fields else None

    def rows_of(self, unit: str, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return those of a unit's committed rows `table/key` that are there: a few of a state that may be large."""
        with server_errors(self._where):
            found = self._line.say("HMGET", self.keys.unit(unit), *names) if names else []
        return {name: row for name, row in zip(names, found, strict=True) if row is not None}

    def lag(self) -> list[StreamLag]:
        """Return every stream that exists, with the groups that read it."""
        found = (self._stream_lag(name) for name in STREAMS)
        return [lag for lag in found if lag is not None]

    def units(self) -> list[UnitHolding]:
        """Return every unit that was ever carried on this desk, by name."""
        prefix = self.keys.epoch("").encode()
        names = sorted(
            key.removeprefix(prefix).decode() for key in _scan(self._client, self._where, prefix + b"*")
        )
        return [self._holding(name) for name in names]

    def _reverse(self, stream: str, end: bytes, start: bytes, count: int) -> list[Entry]:
        args: tuple[Any, ...] = ("XREVRANGE", self.keys.stream(stream), end, start, "COUNT", count)
        client: Any = self._client
        with server_errors(self._where):
            rows = client.execute_command(*args)
        return [_entry(stream, entry_id, fields) for entry_id, fields in rows]

    def _stream_lag(self, name: str) -> StreamLag | None:
        key = self.keys.stream(name)
        with server_errors(self._where):
            try:
                facts: Any = self._client.xinfo_stream(key)
            except ResponseError as error:
                if "no such key" in str(error).lower():
                    return None
                raise
            groups: Any = self._client.xinfo_groups(key)
        last_id = facts["last-generated-id"].decode()
        read = [self._group_lag(name, group, last_id, facts["length"]) for group in groups]
        return StreamLag(name, facts["length"], last_id, read)

    def _group_lag(self, stream: str, facts: dict[str, Any], last_id: str, length: int) -> GroupLag:
        position = facts["last-delivered-id"].decode()
        unseen, is_least = self._unseen(stream, position, last_id, facts.get("lag"), length)
        return GroupLag(
            group=facts["name"].decode(),
            position=position,
            lag=unseen,
            pending=facts["pending"],
            consumers=facts["consumers"],
            lag_is_least=is_least,
        )

    def _unseen(
        self, stream: str, position: str, last_id: str, said: int | None, length: int
    ) -> tuple[int, bool]:
        """Return how many entries stand behind *position*, and whether there are more.

        What the server *said* is a difference of counters, and a killed Redis comes back with one that is off for good.
        So what is near is counted, and its word is taken only for what is far, where it can be true.
        """
        if _as_numbers(position) >= _as_numbers(last_id):
            return 0, False
        counted, start = 0, b"(" + position.encode()
        for _ in range(_COUNTED_MOST):
            chunk = self.entries(stream, start, count=CHUNK)
            counted += len(chunk)
            if len(chunk) < CHUNK:
                return counted, False
            if said is not None and counted < said <= length:
                return said, False
            start = b"(" + chunk[-1].id
        return counted, True

    def _holding(self, unit: str) -> UnitHolding:
        with server_errors(self._where):
            pipeline: Any = self._client.pipeline(transaction=False)
            pipeline.get(self.keys.epoch(unit))
            pipeline.get(self.keys.holder(unit))
            pipeline.pttl(self.keys.lease(unit))
            pipeline.hmget(self.keys.unit(unit), [f"@{name}" for name in STREAMS])
            epoch, holder, left_ms, ids = pipeline.execute()
        held = left_ms > 0
        return UnitHolding(
            unit=unit,
            held=held,
            holder=holder.decode() if holder else None,
            epoch=int(epoch or 0),
            lease_ms=left_ms if held else None,
            positions={name: at.decode() for name, at in zip(STREAMS, ids, strict=True) if at is not None},
        )


def desks(url: str) -> list[str]:
    """Return the names of the desks found at *url*: on all masters, where it is a cluster.

    Raises:
        TransientError: one does not answer.
    """
    keys: set[bytes] = set()
    with server_errors(without_password(url)):
        clients = connect_to_all(url)
    for client in clients:
        with client:
            keys |= _scan(client, without_password(url), b"{*}*:*")
    matches = filter(None, map(_DESK_KEY.match, keys))
    return sorted({(match[1] + (match[2] or b"")).decode() for match in matches})


def server_facts(url: str, desk: str) -> ServerFacts:
    """Ask the server at *url* that has *desk* what it is and how it keeps its data.

    Raises:
        TransientError: it does not answer.
    """
    with connect(url, desk) as client, server_errors(without_password(url)):
        info: Any = client.info()
        seconds, micros = client.time()
    valkey = info.get("valkey_version")
    return ServerFacts(
        name="valkey" if valkey else "redis",
        version=str(valkey or info.get("redis_version", "?")),
        append_only=bool(info.get("aof_enabled")),
        policy=str(info.get("maxmemory_policy", "?")),
        used_bytes=int(info.get("used_memory", 0)),
        limit_bytes=int(info.get("maxmemory", 0)),
        now_ns=(seconds * 1_000_000 + micros) * 1000,
        replicas=int(info.get("connected_slaves", 0)),
    )


def _scan(client: Any, where: str, pattern: bytes) -> set[bytes]:
    found: set[bytes] = set()
    cursor = 0
    with server_errors(where):
        for _ in range(_SCAN_ROUNDS):
            cursor, keys = client.scan(cursor, match=pattern, count=1000)
            found.update(keys)
            if cursor == 0:
                break
    return found


def _as_numbers(entry_id: str) -> tuple[int, int]:
    millis, _, number = entry_id.partition("-")
    return int(millis), int(number or 0)


def _entry(stream: str, entry_id: EntryId, fields: list[bytes]) -> Entry:
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    plain = list(named) == [b"d", b"c"]
    return Entry(stream, entry_id, named.get(b"d", b""), named.get(b"c", b""), None if plain else named)
