"""What SAUDA_REDIS_URL may say: one server, a Redis Cluster, or a master that Redis Sentinel watches; plain or over TLS. Pure.

    redis://[user:password@]host[:port][/db]                    unix:///path/to/socket
    redis+cluster://[user:password@]host[:port],host[:port]     any nodes of the cluster; one that answers is enough
    redis+sentinel://[user:password@]host[:port],host[:port]/service[/db]       the sentinels, and the name they watch it by

`rediss` in place of `redis` is TLS; what may follow a `?` is in `OPTIONS` and `TLS_OPTIONS`.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from redis.connection import SSLConnection, parse_url

from sauda.errors import ConfigError

OPTIONS: Final = frozenset(
    {"db", "username", "password", "client_name", "socket_timeout", "socket_connect_timeout"}
)
REPLICAS: Final = "replicas"
"""Option: so many replicas must have what was written before it counts; unset: none is asked."""

WAIT_MS: Final = 1_000
"""How long the replicas may take; well below what a server's answer may take, and long for one that lives."""

LEAST_TIMEOUT_S: Final = 2
"""A reader that has nothing to read waits for a second: with less time for an answer an idle desk would take its server for gone."""

SENTINEL_OPTIONS: Final = frozenset({"sentinel_username", "sentinel_password"})
"""Sentinels have passwords of their own; unset: none."""
TLS_OPTIONS: Final = frozenset(
    {
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_password",
        "ssl_cert_reqs",
        "ssl_check_hostname",
        "ssl_min_version",
        "ssl_ciphers",
    }
)
"""`ssl_cert_reqs` and `ssl_check_hostname` are strict unless they are set; `ssl_password` opens the client's key file."""
_FILES: Final = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")

_URL: Final = re.compile(
    r"(?P<tls>rediss?)\+(?P<kind>cluster|sentinel)://(?:(?P<login>[^@/?#]*)@)?(?P<nodes>[^/?#@]+)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?"
)
_NAME: Final = re.compile(r"\w+")
_NO_NUMBER: Final = "SAUDA_REDIS_URL: replicas is a number of servers, such as replicas=1"
_PORTS: Final = {"cluster": 6379, "sentinel": 26379}


class Kind(Enum):
    """Who knows where the desk's server is."""

    FIXED = "fixed"
    CLUSTER = "cluster"
    SENTINEL = "sentinel"


Node = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL that was understood."""

    kind: Kind
    nodes: tuple[Node, ...]
    """Of a cluster, or the sentinels; empty where the address is fixed."""
    service: str
    """The name that sentinels know the master by."""
    options: dict[str, Any] = field(repr=False)
    """What the client library's connection is made with."""
    sentinel_login: dict[str, str] = field(repr=False)
    replicas: int = 0
    """That must have what was written before it counts."""

    @property
    def tls(self) -> bool:
        """Return whether all connections are encrypted."""
        return self.options.get("connection_class") is SSLConnection


def read_address(url: str) -> Address:
    """Understand *url*.

    Raises:
        ConfigError: it is none that Redis clients know; says what to write, and nothing of what stands there.
    """
    found = _URL.fullmatch(url)
    if found is None:
        options = _options(url)
        return Address(Kind.FIXED, (), "", options, {}, _replicas(options))
    kind = Kind(found["kind"])
    nodes = tuple(_node(text, _PORTS[kind.value]) for text in found["nodes"].split(","))
    service, db = _service_and_db(kind, found["path"] or "")
    login = f"{found['login']}@" if found["login"] else ""
    options = _options(f"{found['tls']}://{login}host{db}?{found['query'] or ''}", kind)
    sentinel_login = {
        name.removeprefix("sentinel_"): options.pop(name) for name in SENTINEL_OPTIONS & options.keys()
    }
    del options["host"]
    if kind is Kind.CLUSTER and options.get("db"):
        raise ConfigError("SAUDA_REDIS_URL: a Redis Cluster has database 0 alone")
    return Address(kind, nodes, service, options, sentinel_login, _replicas(options))


def _options(url: str, kind: Kind = Kind.FIXED) -> dict[str, Any]:
    try:
        options: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:
        # The library's words would quote a part of the password.
        raise ConfigError(
            "SAUDA_REDIS_URL is not an address such as redis://127.0.0.1:6379/0, redis+cluster://host:port,host:port or "
            "redis+sentinel://host:port,host:port/service (rediss for TLS; in a password, write special characters "
            "percent-encoded: '/' as %2F)"
        ) from None
    _check_names(url, kind)
    if not options.get("socket_timeout", LEAST_TIMEOUT_S) >= LEAST_TIMEOUT_S:
        raise ConfigError(f"SAUDA_REDIS_URL: socket_timeout is at least {LEAST_TIMEOUT_S} s")
    if options.get("ssl_cert_reqs", "required") not in ("required", "optional", "none"):
        raise ConfigError("SAUDA_REDIS_URL: ssl_cert_reqs is required, optional or none")
    for name in _FILES:
        if name in options and not Path(options[name]).exists():
            raise ConfigError(f"SAUDA_REDIS_URL: {name}={options[name]}: no such file")
    return options


def _check_names(url: str, kind: Kind) -> None:
    known = OPTIONS | {REPLICAS} | TLS_OPTIONS | (SENTINEL_OPTIONS if kind is Kind.SENTINEL else frozenset())
    for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=True):
        if name not in known:
            # Only what looks like a name is quoted: behind a `?` may stand the rest of a password.
            shown = repr(name) if _NAME.fullmatch(name) else "what stands behind the '?'"
            raise ConfigError(
                f"SAUDA_REDIS_URL: {shown} is no option of it; these are: {', '.join(sorted(known))}"
            )
        if name == REPLICAS and not value:
            raise ConfigError(_NO_NUMBER)
        if name in TLS_OPTIONS and not url.startswith("rediss"):
            raise ConfigError(
                f"SAUDA_REDIS_URL: {name} is of use with TLS alone: write rediss in place of redis"
            )


def _replicas(options: dict[str, Any]) -> int:
    asked = str(options.pop(REPLICAS, 0))
    if not asked.isdecimal() or int(asked) > 10:
        raise ConfigError(_NO_NUMBER)
    return int(asked)


def _node(text: str, port: int) -> Node:
    host, colon, number = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, number = text, str(port)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not number.isdecimal() or not 0 < int(number) < 65536:
        raise ConfigError("SAUDA_REDIS_URL: nodes are written host:port,host:port")
    return host, int(number)


def _service_and_db(kind: Kind, path: str) -> tuple[str, str]:
    """Return the name behind the sentinels, and the database as a URL's path."""
    parts = [unquote(part) for part in path.split("/") if part]
    service = parts.pop(0) if kind is Kind.SENTINEL and parts else ""
    if (
        (kind is Kind.SENTINEL and not service)
        or len(parts) > 1
        or not all(part.isdecimal() for part in parts)
    ):
        raise ConfigError(
            "SAUDA_REDIS_URL: write redis+sentinel://host:port,host:port/service/db or redis+cluster://host:port,host:port"
        )
    return service, f"/{parts[0]}" if parts else ""
