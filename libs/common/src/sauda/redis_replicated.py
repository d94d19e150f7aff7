"""The log on a server with replicas, where a commit counts only when so many of them have it: what a failover may not take back.

A commit that too few replicas have is in doubt, like one whose answer was lost: it stands on the master, and the master may yet be
replaced by a server that never heard of it. The unit is loaded again, and `load` insists on the replicas as well: so no unit is ever
more than one step ahead of them, and nobody is told of a step that they do not have (ADR 31).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.exceptions import NoScriptError

from sauda.errors import TransientError
from sauda.log import Entry, EntryId, Lease, Loaded, Output, Position, Step
from sauda.redis_address import WAIT_MS, read_address
from sauda.redis_log import RedisLog, server_errors


def log_at(url: str, desk: str) -> RedisLog:
    """Return the log of *desk* for who writes there: one that waits for replicas, if *url* says so.

    Raises:
        ConfigError: *url* or *desk* is none.
    """
    replicas = read_address(url).replicas
    return ReplicatedLog(url, desk, replicas) if replicas else RedisLog(url, desk)


class ReplicatedLog(RedisLog):
    """The streams of one desk, on a master and at least *replicas* of its replicas."""

    def __init__(self, url: str, desk: str, replicas: int) -> None:
        super().__init__(url, desk)
        self._replicas = replicas
        self._wait = ("WAIT", replicas, WAIT_MS)
        """Asks after all that was written over the same connection."""

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """See `sauda.log.Log`; what is loaded is on the replicas."""
        loaded = super().load(lease, inputs)
        with server_errors(self._where):
            self._count(self._line.say(*self._wait))
        return loaded

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        keys, args = self._commit_arguments(lease, step)
        with server_errors(self._where):
            try:
                # One round trip; the server answers the second when the replicas have the first.
                had = self._line.say_both(
                    ("EVALSHA", self._commit.digest, len(keys), *keys, *args), self._wait
                )
            except NoScriptError:
                had = self._line.say_both(("EVAL", self._commit.text, len(keys), *keys, *args), self._wait)
        self._count(had)

    def commit_and_read(
        self, lease: Lease, step: Step, positions: Mapping[str, Position], count: int, block_ms: int
    ) -> list[Entry]:
        """See `sauda.log.Log`."""
        self.commit(lease, step)
        return self.read(positions, count, block_ms)

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """See `sauda.log.Log`."""
        ids = super().append(outputs)
        client: Any = self._client
        with server_errors(self._where):
            # The pool of a client of one thread has one connection: that of the entries.
            self._count(client.execute_command(*self._wait))
        return ids

    def _count(self, had: Any) -> None:
        if int(had) < self._replicas:
            raise TransientError(
                f"Redis at {self._where}: {had} of {self._replicas} replicas have what was written (replicas={self._replicas} in SAUDA_REDIS_URL)"
            )
