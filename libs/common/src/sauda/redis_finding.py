"""Finds the server that has a desk now: the cluster's nodes know it, or the sentinels. Asked anew for every connection."""

import threading
from typing import Any, Final, NamedTuple, Protocol

import redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from sauda.keys import Keys
from sauda.redis_address import Address, Node

LOOK_S: Final = 1.0
"""How long one node or sentinel is waited for; a frozen one must not keep us from asking the next."""


class Finder(Protocol):
    """Knows where a desk is."""

    def node(self) -> Node:
        """Return the server that takes the desk's writes now.

        Raises:
            redis.RedisError: nobody who could tell answers, or there is none at the moment.
        """


class SentinelFinder:
    """Asks the sentinels."""

    def __init__(self, address: Address) -> None:
        tls = {name: value for name, value in address.options.items() if name.startswith("ssl_")}
        options = {**_patience(), **address.sentinel_login, "ssl": address.tls, **tls}
        self._service = address.service
        self._sentinel: Any = Sentinel(  # type: ignore[no-untyped-call]
            list(address.nodes), sentinel_kwargs=options
        )

    def node(self) -> Node:
        """See `Finder`."""
        host, port = self._sentinel.discover_master(self._service)
        return str(host), int(port)


class ClusterFinder:
    """Asks the nodes which of them has the desk's slot."""

    def __init__(self, address: Address, desk: str) -> None:
        self.slot = key_slot(Keys(desk).prefix.encode())
        self._options = {**address.options, **_patience()}
        self._seeds = address.nodes
        self._nodes = list(address.nodes)
        self._lock = threading.Lock()

    def node(self) -> Node:
        """See `Finder`."""
        with self._lock:
            return self._asked_in_turn()

    def masters(self) -> list[Node]:
        """Return all servers that take writes now."""
        with self._lock:
            return sorted({part.nodes[0] for part in self._map()})

    def _asked_in_turn(self) -> Node:
        for part in self._map():
            if part.first <= self.slot <= part.last:
                return part.nodes[0]
        raise RedisConnectionError(f"no node of the cluster has slot {self.slot}")

    def _map(self) -> list["_Part"]:
        failures = []
        for node in [*self._nodes]:
            # Whom we ask now comes last the next time: one that does not know of a failover yet must not mislead us for long.
            self._nodes.remove(node)
            self._nodes.append(node)
            try:
                parts = self._ask(node)
            except RedisError as error:
                failures.append(f"{node[0]}:{node[1]}: {error}")
                continue
            self._learn(parts)
            return parts
        raise RedisConnectionError(f"no node of the cluster answers ({'; '.join(failures)})")

    def _ask(self, node: Node) -> list["_Part"]:
        client: Any = redis.Redis.from_pool(redis.ConnectionPool(**self._options, host=node[0], port=node[1]))
        try:
            reply = client.execute_command("CLUSTER SLOTS")
        finally:
            client.close()
        return [_Part(int(row[0]), int(row[1]), [_place(one, node) for one in row[2:]]) for row in reply]

    def _learn(self, parts: list["_Part"]) -> None:
        """Keep the nodes that are there now beside those of the settings, which may all be gone one day."""
        found = {node for part in parts for node in part.nodes}
        there = [node for node in self._nodes if node in found or node in self._seeds]
        self._nodes = [*(node for node in sorted(found) if node not in there), *there]


class _Part(NamedTuple):
    """A range of slots."""

    first: int
    last: int
    nodes: list[Node]
    """The master, then its replicas."""


def _place(found: Any, asked: Node) -> Node:
    # A node that does not know its own address says nothing: it means the one under which it was asked.
    host = found[0].decode() if found[0] else asked[0]
    return host, int(found[1])


def _patience() -> dict[str, Any]:
    return {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": LOOK_S,
        "socket_connect_timeout": LOOK_S,
    }
