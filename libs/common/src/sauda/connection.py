"""The one place where clients of Redis are made: of one server, of a cluster's node, of the master that sentinels watch.

All keys of a desk are in one slot, so a desk is always on one node: whoever works for a desk needs an ordinary connection to
that node and nothing else. A server that turns out to be the wrong one (it was made a replica, or the slot has moved) has done
nothing of what it was told; the connection is closed, the command fails as if no answer had come, and the next one asks anew
where the desk is (ADR 31).
"""

from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.retry import Retry

from sauda.masking import masked_url
from sauda.redis_address import Kind, Node, read_address
from sauda.redis_finding import ClusterFinder, Finder, SentinelFinder

ANSWER_TIMEOUT_S: Final = 5
"""A server that says nothing for so long is taken for gone; longer than any blocking read."""

_NOT_HERE: Final = frozenset(
    {"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "READONLY", "MASTERDOWN", "UNBLOCKED", "NOREPLICAS"}
)
"""What a server says that is not, or not now, the one to write to; it did nothing. `UNBLOCKED`: it became a replica under a read."""


class _Found:
    """A connection that looks for its server each time it is opened; mixed into one of the library's."""

    def __init__(self, *, finder: Finder | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._finder = finder

    def connect_check_health(self, *args: Any, **options: Any) -> None:
        """Connect, wherever the server is now; every way to an open connection leads through here."""
        self_: Any = self
        if self._finder is not None and not self_.is_connected:
            self_.host, self_.port = self._finder.node()
        super().connect_check_health(*args, **options)  # type: ignore[misc]

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Return the answer; let go of a server that is not the one to ask any more."""
        try:
            return super().read_response(*args, **options)  # type: ignore[misc]
        except ResponseError as error:
            if (said := _code(error)) not in _NOT_HERE:
                raise
            self_: Any = self
            self_.disconnect()
            hint = (
                " (a node of a cluster: SAUDA_REDIS_URL must begin with redis+cluster://)"
                if said in ("MOVED", "ASK") and self._finder is None
                else ""
            )
            raise RedisConnectionError(
                f"{self_.host}:{self_.port} is not the one to ask: {said} {error}{hint}"
            ) from error


class _FoundConnection(_Found, Connection):
    """Over TCP."""


class _FoundTlsConnection(_Found, SSLConnection):
    """Over TLS."""


def without_password(url: str) -> str:
    """Return *url* fit for a log line: neither password nor user."""
    return masked_url(url)


def connect(url: str, desk: str) -> "redis.Redis":
    """Return a client for what *url* says of *desk*, which never repeats a command by itself; it connects on first use.

    Raises:
        ConfigError: the address is not one that Redis clients know.
    """
    address = read_address(url)
    match address.kind:
        case Kind.FIXED:
            return _client(address.options, None)
        case Kind.SENTINEL:
            return _client(address.options, SentinelFinder(address))
        case Kind.CLUSTER:
            return _client(address.options, ClusterFinder(address, desk))


def connect_to_all(url: str) -> list["redis.Redis"]:
    """Return a client for each server that *url* stands for: the masters of a cluster, else the only one.

    Raises:
        ConfigError: see `connect`.
        redis.RedisError: no node of the cluster answers.
    """
    address = read_address(url)
    if address.kind is not Kind.CLUSTER:
        return [connect(url, "any")]
    return [_client(address.options, _Known(node)) for node in ClusterFinder(address, "any").masters()]


class _Known:
    """See `Finder`: it is here."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def node(self) -> Node:
        """See `Finder`."""
        return self._node


def _client(found: dict[str, Any], finder: Finder | None) -> "redis.Redis":
    patience: dict[str, Any] = {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": ANSWER_TIMEOUT_S,
        "socket_connect_timeout": 2,
    }
    options = {**patience, **found}
    kind = options.get("connection_class", Connection)
    if kind in (Connection, SSLConnection):
        options["connection_class"] = _FoundTlsConnection if kind is SSLConnection else _FoundConnection
        options |= {"finder": finder, "socket_keepalive": True}
    client = redis.Redis.from_pool(redis.ConnectionPool(**options))
    # Raw replies: the library would make a dict of every entry, which nobody here wants.
    for command in ("XREAD", "XRANGE", "XREVRANGE"):
        client.set_response_callback(command, lambda reply, **_: reply)
    return client


def _code(error: ResponseError) -> str:
    """Return the first word of what the server said; the library strips it off the errors that it knows."""
    return str(getattr(error, "status_code", None) or str(error).partition(" ")[0])
