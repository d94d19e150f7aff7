"""Which port: the usual one, another where that is taken, and the same again next time."""

import socket
from collections.abc import Iterable, Mapping

from sauda.runtime.compose import Service
from sauda.runtime.desk import DeskError

LOOPBACK = "127.0.0.1"
_NEARBY = 300
_HIGHEST = 65536


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
    """Return the first of *preferred* that is free, else one not far behind the last of them; none of *taken*.

    Not just any free port: the system hands those out to clients, and one that tries again and again to reach a
    server that is away would one day be given the server's own port, and be connected to itself.

    Raises:
        DeskError: there is none.
    """
    avoid = set(taken)
    wishes: list[int] = list(preferred)
    nearby = range(wishes[-1] + 1, min(wishes[-1] + _NEARBY, _HIGHEST))
    candidates: list[int] = [*wishes, *nearby]
    for port in candidates:
        if port not in avoid and is_free(port):
            return port
    raise DeskError(f"no free port from {nearby.start} to {nearby.stop} on {LOOPBACK}")


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
