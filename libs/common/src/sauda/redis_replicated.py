"""The log on a server with replicas, where a commit counts only when so many of them have it: what a failover may not take back.

A commit that too few replicas have is in doubt, like one whose answer was lost: it stands on the master, and the master may yet be
replaced by a server that never heard of it. The unit is loaded again, and `load` insists on the replicas as well: so no unit is ever
more than one step ahead of them, and nobody is told of a step that they do not have (ADR 31).
"""

from collections.abc import Callable, Mapping, Sequence

import redis
from redis.exceptions import NoScriptError

from sauda.log import Entry, EntryId, Lease, Loaded, Output, Position, Step
from sauda.redis_address import read_address
from sauda.redis_commit import commit_arguments
from sauda.redis_line import Line
from sauda.redis_log import RedisLog, server_errors


def log_at(url: str, desk: str, make_line: Callable[["redis.Redis"], Line] = Line) -> RedisLog:
    """Return the log of *desk* for who commits there: one that waits for replicas, if *url* says so.

    Args:
        url: See `sauda.redis_address`.
        desk: The desk's name.
        make_line: Makes the connection that it speaks over.

    Raises:
        ConfigError: *url* or *desk* is none.
    """
    kind = ReplicatedLog if read_address(url).replicas else RedisLog
    return kind(url, desk, make_line)


class ReplicatedLog(RedisLog):
    """The streams of one desk, on a master and as many of its replicas as the address asks for."""

    def load(self, lease: Lease, inputs: Sequence[str]) -> Loaded:
        """See `sauda.log.Log`; what is loaded is on the replicas."""
        loaded = super().load(lease, inputs)
        self.insist_on_replicas()
        return loaded

    def commit(self, lease: Lease, step: Step) -> None:
        """See `sauda.log.Log`."""
        keys, args = commit_arguments(self.keys, lease, step)
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
    ) -> Sequence[Entry]:
        """See `sauda.log.Log`."""
        self.commit(lease, step)
        return self.read(positions, count, block_ms)

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        """See `sauda.log.Log`."""
        return self.append_for_good(outputs)
