"""The log on Redis (7.0 or later) or Valkey: the promises of `sauda.log`, kept by the server-side scripts beside this file.

No command is ever repeated by the client library: a commit whose answer was lost may have been done, and only the
committed position can tell.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import redis
from redis.exceptions import AuthenticationError, NoPermissionError, NoScriptError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sauda.columns import columns_of, entries_of
from sauda.connection import connect, without_password
from sauda.errors import ForbiddenError, LeaseLostError, PositionError, TransientError
from sauda.keys import Keys
from sauda.log import (
    STARTS_AT_NOW,
    Entry,
    EntryId,
    Lease,
    Loaded,
    Output,
    Position,
    Step,
    state_rows,
)
from sauda.merge import merge
from sauda.redis_address import WAIT_MS, read_address
from sauda.redis_commit import commit_arguments
from sauda.redis_line import Line
from sauda.redis_transaction import is_for_transaction, write

_FORBIDDEN: Final = ("NOPERM", "ACL failure in script", "The user executing the script can't")
"""What servers say of a command that their access control refuses inside a script."""


class Script:
    """A server-side script, sent once and then named by its digest."""

    def __init__(self, name: str) -> None:
        self.text = Path(__file__).with_name(f"{name}.lua").read_bytes()
        self.digest = hashlib.sha1(self.text, usedforsecurity=False).hexdigest()


@contextmanager
def server_errors(where: str) -> Iterator[None]:
    """Sort what the client raises by what has to be done next."""
    try:
        yield
    except AuthenticationError as error:
        wrong = (
            "wants a login, and the address names none"
            if str(error).startswith("Authentication required")
            else f"does not know this user or its password: {error}"
        )
        raise ForbiddenError(f"Redis at {where} {wrong}") from error
    except (RedisConnectionError, RedisTimeoutError) as error:
        raise TransientError(f"Redis at {where} does not answer: {error}") from error
    except ResponseError as error:
        text = str(error)
        if text.startswith(("LEASE ", "ERR LEASE ")):
            raise LeaseLostError(text) from error
        if text.startswith(("POSITION ", "ERR POSITION ")):
            raise PositionError(text) from error
        if isinstance(error, NoPermissionError) or any(words in text for words in _FORBIDDEN):
            raise ForbiddenError(f"Redis at {where} does not let this user do that: {text}") from error
        raise TransientError(f"Redis at {where} refused: {text}") from error
    except RedisError as error:
        raise TransientError(f"Redis at {where} failed: {error}") from error


class RedisLog:
    """The streams of one desk on one server."""

    def __init__(self, url: str, desk: str, make_line: Callable[["redis.Redis"], Line] = Line) -> None:
        self.desk = desk
        self.keys = Keys(desk)
        self._client = connect(url, desk)
        self._line = make_line(self._client)
        self._where = without_password(url)
        self._replicas = read_address(url).replicas
        self._wait = ("WAIT", self._replicas, WAIT_MS)
        """Asks after all that was written over the same connection."""
        self._transacts, self._tried = True, 0
        """Whether the server lets us write in transactions, and how often we have."""
        self._commit = Script("commit")
        self._acquire = Script("acquire")
        self._open = Script("open")
        self._renew = Script("renew")
        self._release = Script("release")

    @property
    def line(self) -> Line:
        """Return the connection that it speaks over."""
        return self._line

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        """See `sauda.log.Log`."""
        keys = (self.keys.lease(unit), self.keys.epoch(unit), self.keys.holder(unit))
        epoch = self.run(self._acquire, keys, (holder, ttl_ms))
        return Lease(unit, epoch, ttl_ms) if epoch else None

    def left_ms(self, unit: str) -> int:
        """See `sauda.log.Log`."""
        with server_errors(self._where):
            return max(0, int(self._line.say("PTTL", self.keys.lease(unit))))

    def renew(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        self.run(self._renew, (self.keys.lease(lease.unit),), (lease.epoch, lease.ttl_ms, lease.unit))

    def release(self, lease: Lease) -> None:
        """See `sauda.log.Log`."""
        self.run(self._release, (self.keys.lease(lease.unit),), (lease.epoch,))

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """See `sauda.log.Log`."""
        keys = [self.keys.lease(lease.unit), self.keys.unit(lease.unit), *map(self.keys.stream, inputs)]
        args: list[Any] = [lease.epoch, lease.ttl_ms, lease.unit]
        for name in inputs:
            args += (name, "now" if name in STARTS_AT_NOW else "beginning")
        reply = self.run(self._open, keys, args)
        fields: dict[bytes, bytes] = dict(zip(reply[::2], reply[1::2], strict=True))
        positions = {
            name: Position(fields[b"@" + name.encode()], int(fields[b"#" + name.encode()])) for name in inputs
        }
        return Loaded(positions, state_rows(fields))

    def read(self, positions: Mapping[str, Position], count: int, block_ms: int) -> Sequence[Entry]:
        """See `sauda.log.Log`."""
        with server_errors(self._where):
            reply = self._line.say(*self._read_command(positions, count, block_ms))
        return self._found(positions, count, reply)

    def read_after_rest(
        self, urgent: Mapping[str, Position], rest_ms: int, positions: Mapping[str, Position], count: int
    ) -> Sequence[Entry]:
        """See `sauda.log.Log`."""
        rest, read = self._read_command(urgent, 1, rest_ms), self._read_command(positions, count, 0)
        with server_errors(self._where):
            return self._found(positions, count, self._line.say_both(rest, read))

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        # The script knows why a transaction was not done.
        if not (self._transacts and is_for_transaction(self._line, step) and self._written(lease, step)):
            self.run(self._commit, *commit_arguments(self.keys, lease, step))

    def _written(self, lease: Lease, step: Step) -> bool:
        self._tried += 1
        with server_errors(self._where):
            try:
                return write(self._line, self.keys, lease, step, b"%d-%d" % (lease.epoch, self._tried))
            except NoPermissionError:
                # Before anything was done: an access list that names the commands of scripts alone.
                self._transacts = False
                return False

    def commit_and_read(
        self, lease: Lease, step: Step, positions: Mapping[str, Position], count: int, block_ms: int
    ) -> Sequence[Entry]:
        """See `sauda.log.Log`."""
        keys, args = commit_arguments(self.keys, lease, step)
        commit = ("EVALSHA", self._commit.digest, len(keys), *keys, *args)
        read = self._read_command(positions, count, block_ms)
        with server_errors(self._where):
            try:
                reply = self._line.say_both(commit, read)
            except NoScriptError:
                self._line.say("EVAL", self._commit.text, len(keys), *keys, *args)
                reply = self._line.say(*read)
        return self._found(positions, count, reply)

    def _read_command(self, positions: Mapping[str, Position], count: int, block_ms: int) -> list[Any]:
        args: list[Any] = ["XREAD", "COUNT", count]
        if block_ms:
            args += ("BLOCK", block_ms)
        args.append("STREAMS")
        args += [self.keys.stream(name) for name in positions]
        args += [position.id for position in positions.values()]
        return args

    def _found(self, positions: Mapping[str, Position], count: int, reply: Any) -> Sequence[Entry]:
        named = [(self._name(key), rows) for key, rows in reply or ()]
        found = {name: columns_of(name, rows) or entries_of(name, rows) for name, rows in named}
        # A waiting read is woken by the first stream that gets something and brings that one alone. No two inputs of a
        # unit are written in one atomic step, so nothing with a lower id can stand on another by then.
        return merge([found.get(name, []) for name in positions], count)

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """See `sauda.log.Log`."""
        ids: list[EntryId] = self._appended(outputs)[0] if outputs else []
        return ids

    def append_for_good(self, outputs: Sequence[Output]) -> list[EntryId]:
        """Append *outputs*, and wait until the replicas that the address asks for have them.

        Raises:
            TransientError: too few have them, or no answer came: they were written or not.
        """
        if not self._replicas or not outputs:
            return self.append(outputs)
        ids: list[EntryId]
        ids, had = self._appended(outputs, self._wait)
        self._count(had)
        return ids

    def _appended(self, outputs: Sequence[Output], *more: Any) -> list[Any]:
        """Write *outputs* in one transaction; return their ids, and the answers to *more* commands of the same connection."""
        pipeline: Any = self._client.pipeline(transaction=False)
        # One packet: a connection that had to be opened anew in between could not be asked for what another one wrote.
        pipeline.execute_command("MULTI")
        for stream, data, cause in outputs:
            pipeline.execute_command("XADD", self.keys.stream(stream), "*", "d", data, "c", cause)
        pipeline.execute_command("EXEC")
        for command in more:
            pipeline.execute_command(*command)
        with server_errors(self._where):
            replies = pipeline.execute()[len(outputs) + 1 :]
            if failures := [one for one in replies[0] if isinstance(one, Exception)]:
                raise failures[0]
        return list(replies)

    def insist_on_replicas(self) -> None:
        """Wait until what this log's scripts wrote last is on the replicas that the address asks for.

        Raises:
            TransientError: too few have it, or the server does not answer: what was written is in doubt.
        """
        if self._replicas:
            with server_errors(self._where):
                self._count(self._line.say(*self._wait))

    def _count(self, had: Any) -> None:
        if int(had) < self._replicas:
            raise TransientError(
                f"Redis at {self._where}: {had} of {self._replicas} replicas have what was written (replicas={self._replicas} in SAUDA_REDIS_URL)"
            )

    def entries(
        self, stream: str, start: bytes = b"-", end: bytes = b"+", count: int | None = None
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        args: list[Any] = ["XRANGE", self.keys.stream(stream), start, end]
        if count is not None:
            args += ("COUNT", count)
        with server_errors(self._where):
            return entries_of(stream, self._line.say(*args) or ())

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run *script* on the server, once."""
        with server_errors(self._where):
            try:
                return self._line.say("EVALSHA", script.digest, len(keys), *keys, *args)
            except NoScriptError:
                # The server lost its scripts (a restart): it did nothing, so saying it again is safe.
                return self._line.say("EVAL", script.text, len(keys), *keys, *args)

    def number(self, key: str) -> int:
        """Return a counter of the desk; 0 if it never counted."""
        with server_errors(self._where):
            return int(self._line.say("GET", key) or 0)

    def state_of(self, unit: str) -> dict[bytes, bytes]:
        """See `sauda.log.Log`."""
        with server_errors(self._where):
            reply = self._line.say("HGETALL", self.keys.unit(unit))
        return state_rows(dict(zip(reply[::2], reply[1::2], strict=True)))

    def key_names(self) -> list[str]:
        """Return every key of the desk."""
        with server_errors(self._where):
            return [key.decode() for key in self._client.scan_iter(f"{self.keys.prefix}*", count=1000)]

    def close(self) -> None:
        """Let the connection go."""
        self._line.close()
        self._client.close()

    def _name(self, key: bytes) -> str:
        return key.decode().removeprefix(self.keys.prefix)
