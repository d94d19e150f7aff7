"""Which port: the usual one, another where that is taken, and the same again next time."""

import socket
from collections.abc import Iterable, Mapping

from sauda.runtime.compose import Service

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Could a server listen on *port* of the loopback address now?"""
    with socket.socket() as probe:
        # As servers do: connections of a server that has just stopped do not hold its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(preferred: Iterable[int], taken: Iterable[int] = ()) -> int:
    """Return the first free one of *preferred*, else any that is free; none of *taken*."""
    avoid = set(taken)
    for port in preferred:
        if port not in avoid and is_free(port):
            return port
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in avoid:
            return port


def assign(
    services: Iterable[Service], before: Mapping[str, int], asked: Mapping[str, str], ours: Iterable[str] = ()
) -> dict[str, int]:
    """Give each service that publishes a port one on this machine: service -> port.

    Args:
        services: All that may run.
        before: What they had the last time.
        asked: Variables; `DESK_REDIS_PORT` and the like ask for a port.
        ours: Services that run now and so hold their ports themselves.
    """
    running = set(ours)
    ports: dict[str, int] = {}
    for service in services:
        if not service.ports:
            continue
        if service.name in running and service.name in before:
            ports[service.name] = before[service.name]
            continue
        port = service.ports[0]
        wishes = [asked.get(port.variable or "", ""), before.get(service.name), port.preferred]
        ports[service.name] = choose((int(wish) for wish in wishes if wish), ports.values())
    return ports
