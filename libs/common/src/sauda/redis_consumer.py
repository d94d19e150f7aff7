"""A consumer of a group on Redis (7.0 or later) or Valkey, for work whose effect leaves Redis.

Three lists keep an entry from being lost: the stream, the group's cursor, and the group's pending entries, which hold
what was read and not acknowledged. An entry leaves the last one only through `settle`.
"""

from collections.abc import Sequence
from typing import Any, Final

from redis.exceptions import NoScriptError, ResponseError

from sauda.connection import connect, without_password
from sauda.errors import TransientError
from sauda.keys import Keys
from sauda.log import Entry, Output
from sauda.redis_address import WAIT_MS, read_address
from sauda.redis_log import Script, server_errors

FORGOTTEN_AFTER_MS: Final = 600_000
"""A consumer that has not read for so long, and holds nothing, is a replica that will not come back."""

_CHUNK: Final = 1000
"""Entries per settling script; well below the 8,000 arguments that Lua can unpack, and short enough to share a server."""


class RedisConsumer:
    """See `sauda.writer.GroupReader`. One object per thread."""

    def __init__(self, url: str, desk: str, group: str, name: str, streams: Sequence[str]) -> None:
        self.group = group
        self.name = name
        self._streams = tuple(streams)
        self._keys = Keys(desk)
        self._where = without_password(url)
        self._replicas = read_address(url).replicas
        self._client: Any = connect(url, desk)
        # Raw replies cost a third of the library's dicts, and show which entries are gone from the stream.
        for command in ("XREADGROUP", "XAUTOCLAIM", "XCLAIM"):
            self._client.set_response_callback(command, lambda reply, **_: reply)
        self._settle = Script("settle")
        self._strike_off = Script("strike_off")

    def open(self) -> None:
        """See `sauda.writer.GroupReader`."""
        for stream in self._streams:
            key = self._keys.stream(stream)
            with server_errors(self._where):
                try:
                    self._client.execute_command("XGROUP CREATE", key, self.group, "0", "MKSTREAM")
                except ResponseError as error:
                    if not str(error).startswith("BUSYGROUP"):
                        raise

    def mine(self, count: int) -> list[Entry]:
        """See `sauda.writer.GroupReader`."""
        return self._read(count, 0, b"0")

    def fresh(self, count: int, block_ms: int) -> list[Entry]:
        """See `sauda.writer.GroupReader`."""
        return self._read(count, block_ms, b">")

    def abandoned(self, min_idle_ms: int, count: int) -> list[Entry]:
        """See `sauda.writer.GroupReader`."""
        found: list[Entry] = []
        for stream in self._streams:
            found += self._claim(stream, min_idle_ms, count)
            self._forget_the_dead(stream)
        return found

    def settle(self, written: Sequence[Entry], letters: Sequence[tuple[Entry, Output]]) -> None:
        """See `sauda.writer.GroupReader`."""
        for stream in self._streams:
            # One command for all: said one by one in a script it costs the server 2.5 µs an entry instead of 0.4.
            if ids := [entry.id for entry in written if entry.stream == stream]:
                with server_errors(self._where):
                    self._client.execute_command("XACK", self._keys.stream(stream), self.group, *ids)
        keys = [self._keys.stream("dead_letters"), *map(self._keys.stream, self._streams)]
        place = {stream: index for index, stream in enumerate(self._streams, start=2)}
        for start in range(0, len(letters), _CHUNK):
            args = [
                arg
                for entry, letter in letters[start : start + _CHUNK]
                for arg in (place[entry.stream], entry.id, letter.data, letter.cause)
            ]
            self._run(self._settle, keys, (self.group, *args))

    def close(self) -> None:
        """See `sauda.writer.GroupReader`."""
        try:
            for stream in self._streams:
                self._run(self._strike_off, (self._keys.stream(stream),), (self.group, self.name))
        finally:
            self._client.close()

    def _read(self, count: int, block_ms: int, after: bytes) -> list[Entry]:
        args: list[Any] = ["XREADGROUP", "GROUP", self.group, self.name, "COUNT", count]
        if block_ms:
            args += ("BLOCK", block_ms)
        args.append("STREAMS")
        args += [self._keys.stream(stream) for stream in self._streams]
        args += [after] * len(self._streams)
        with server_errors(self._where):
            reply = self._client.execute_command(*args)
        found = [entry for key, rows in reply or () for entry in self._entries(self._name_of(key), rows)]
        self._wait_for_replicas(found)
        return found

    def _claim(self, stream: str, min_idle_ms: int, count: int) -> list[Entry]:
        # The server looks at a part of the list at a time and says where to go on; 0-0 is its end.
        cursor: bytes = b"0-0"
        while True:
            args = (self._keys.stream(stream), self.group, self.name, min_idle_ms, cursor, "COUNT", count)
            with server_errors(self._where):
                cursor, rows, *_ = self._client.execute_command("XAUTOCLAIM", *args)
            if rows or cursor == b"0-0":
                found = self._entries(stream, rows)
                self._wait_for_replicas(found)
                return found

    def _wait_for_replicas(self, found: Sequence[Entry]) -> None:
        """Let nothing out of Redis that a failover could take back, if the address asks for that."""
        if not self._replicas or not found:
            return
        first = found[0]
        # Taking it once more is a write of this connection: only after those WAIT asks. One packet, so one connection.
        pipeline: Any = self._client.pipeline(transaction=False)
        key = self._keys.stream(first.stream)
        pipeline.execute_command("XCLAIM", key, self.group, self.name, 0, first.id, "JUSTID")
        pipeline.execute_command("WAIT", self._replicas, WAIT_MS)
        with server_errors(self._where):
            taken, had = pipeline.execute()
        if not taken:
            # Another server took over since, which never heard that this was read, nor perhaps of the entry.
            raise TransientError(f"Redis at {self._where} does not know any more what it gave out")
        if int(had) < self._replicas:
            raise TransientError(
                f"Redis at {self._where}: {had} of {self._replicas} replicas have what was read"
            )

    def _entries(self, stream: str, rows: Any) -> list[Entry]:
        there = [(entry_id, fields) for entry_id, fields in rows if fields is not None]
        if len(there) < len(rows):
            # Somebody trimmed the stream past a group; there is nothing left to write or to keep waiting for.
            self.settle(
                [Entry(stream, entry_id, b"", b"") for entry_id, fields in rows if fields is None], ()
            )
        return [_entry(stream, entry_id, fields) for entry_id, fields in there]

    def _forget_the_dead(self, stream: str) -> None:
        key = self._keys.stream(stream)
        with server_errors(self._where):
            peers: Any = self._client.xinfo_consumers(key, self.group)
        dead = [
            peer["name"]
            for peer in peers
            if peer["idle"] > FORGOTTEN_AFTER_MS
            and not peer["pending"]
            and peer["name"] != self.name.encode()
        ]
        if dead:
            self._run(self._strike_off, (key,), (self.group, *dead))

    def _name_of(self, key: bytes) -> str:
        return key.decode().removeprefix(self._keys.prefix)

    def _run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        with server_errors(self._where):
            try:
                return self._client.execute_command("EVALSHA", script.digest, len(keys), *keys, *args)
            except NoScriptError:
                # The server lost its scripts (a restart): it did nothing, so saying it again is safe.
                return self._client.execute_command("EVAL", script.text, len(keys), *keys, *args)


def _entry(stream: str, entry_id: bytes, fields: Sequence[bytes]) -> Entry:
    if len(fields) == 4 and fields[0] == b"d" and fields[2] == b"c":
        return Entry(stream, entry_id, fields[1], fields[3])
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    return Entry(stream, entry_id, named.get(b"d", b""), named.get(b"c", b""), named)
