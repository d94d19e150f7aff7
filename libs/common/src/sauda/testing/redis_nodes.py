"""Real Redis servers of a test's or benchmark's own: single ones, a cluster, sentinels; on free ports, ended by their pids."""

import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import redis

from sauda.clock import SystemClock, monotonic_s
from sauda.redis_address import read_address
from sauda.redis_finding import ClusterFinder
from sauda.runtime.redis_server import find_server

HOST: Final = "127.0.0.1"
NODE_TIMEOUT_MS: Final = 1_000
"""A cluster's node that is silent for so long is taken for dead; 15,000 by default: tests are in a hurry."""
_PATIENCE_S: Final = 30.0
_SLOTS: Final = 16384
_OPTIONS: Final = {
    "bind": HOST,
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "repl-diskless-sync-delay": "0",
    "daemonize": "no",
}


class Server:
    """One process; its options are those of redis.conf."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.port = free_port()
        self.folder = folder / str(self.port)
        self.folder.mkdir(parents=True)
        self.options = {**_OPTIONS, "port": str(self.port), "dir": str(self.folder)}
        self.options |= {name.replace("_", "-"): value for name, value in options.items()}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its own address."""
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> "Server":
        """Start it; `say` waits until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([*find_server(), *self.arguments()], stdout=log, stderr=log)
        return self

    def arguments(self) -> list[str]:
        """Return what the program is called with."""
        return [word for name, value in self.options.items() for word in (f"--{name}", *_words(name, value))]

    def say(self, *command: object) -> Any:
        """Send a command over a connection of its own and return the raw answer."""
        with redis.Redis(host=HOST, port=self.port, protocol=2, **self._login()) as client:
            client.response_callbacks.clear()
            return until(lambda: client.execute_command(*map(str, command)), f"no answer from {self.port}")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default as `kill -9` does."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait(_PATIENCE_S)
            self.process = None

    def send(self, how: signal.Signals) -> None:
        """Send the process a signal: SIGSTOP freezes it, SIGCONT lets it go on."""
        if self.process is not None:
            self.process.send_signal(how)

    def _login(self) -> dict[str, Any]:
        return {"password": self.options["requirepass"]} if "requirepass" in self.options else {}


def _words(name: str, value: str) -> list[str]:
    return value.split() if name in ("replicaof", "user") else [value]


class Cluster:
    """Masters with all slots, and replicas: each of the next one's host, so to say."""

    def __init__(self, folder: Path, masters: int, replicas: int, **options: str) -> None:
        self.masters = [self._node(folder, options) for _ in range(masters)]
        self.replicas = [self._node(folder, options) for _ in range(masters * replicas)]

    @staticmethod
    def _node(folder: Path, options: dict[str, str]) -> Server:
        bus = {"cluster_port": str(free_port()), "cluster_node_timeout": str(NODE_TIMEOUT_MS)}
        return Server(folder, cluster_enabled="yes", cluster_require_full_coverage="no", **bus, **options)

    @property
    def nodes(self) -> list[Server]:
        """Return all servers."""
        return [*self.masters, *self.replicas]

    @property
    def url(self) -> str:
        """Return what SAUDA_REDIS_URL holds."""
        return f"redis+cluster://{','.join(f'{HOST}:{node.port}' for node in self.nodes)}"

    def start(self) -> None:
        """Start the servers, make them one cluster, and wait until each says that it is."""
        for node in self.nodes:
            node.start()
        share = _SLOTS // len(self.masters)
        for number, node in enumerate(self.masters):
            last = _SLOTS - 1 if node is self.masters[-1] else (number + 1) * share - 1
            node.say("CLUSTER", "ADDSLOTSRANGE", number * share, last)
            node.say("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            self.masters[0].say("CLUSTER", "MEET", HOST, node.port, node.options["cluster-port"])
        until(self._all_met, "the nodes do not meet")
        for number, node in enumerate(self.replicas):
            name = self.masters[number % len(self.masters)].say("CLUSTER", "MYID")
            node.say("CLUSTER", "REPLICATE", name.decode())
        until(self._all_well, "the cluster does not come together")

    def _all_met(self) -> bool:
        return all(len(node.say("CLUSTER", "NODES").splitlines()) == len(self.nodes) for node in self.nodes)

    def _all_well(self) -> bool:
        return all(b"cluster_state:ok" in node.say("CLUSTER", "INFO") for node in self.nodes) and all(
            b"master_link_status:up" in node.say("INFO", "replication") for node in self.replicas
        )

    def owner(self, desk: str) -> Server:
        """Return the server that has *desk* now, by what the others say."""
        port = ClusterFinder(read_address(self.url), desk).node()[1]
        return next(node for node in self.nodes if node.port == port)

    def replica_of(self, desk: str) -> Server:
        """Return a living replica of the server that has *desk*."""
        master = self.owner(desk)
        lines = master.say("CLUSTER", "REPLICAS", master.say("CLUSTER", "MYID").decode())
        ports = {int(line.split()[1].partition(b"@")[0].rpartition(b":")[2]) for line in lines}
        return next(node for node in self.nodes if node.port in ports and node.process is not None)

    def desks_on_each(self, prefix: str = "desk") -> list[str]:
        """Return the name of a desk for each master's share of the slots, as they were shared out at first."""
        found: dict[int, str] = {}
        for number in range(10_000):
            name = f"{prefix}{number}"
            slot = ClusterFinder(read_address(self.url), name).slot
            found.setdefault(min(slot // (_SLOTS // len(self.masters)), len(self.masters) - 1), name)
            if len(found) == len(self.masters):
                break
        return [found[place] for place in sorted(found)]


@contextmanager
def cluster(folder: Path, masters: int = 3, replicas: int = 0, **options: str) -> Iterator[Cluster]:
    """Run a cluster."""
    made = Cluster(folder, masters, replicas, **options)
    with ended(made.nodes):
        made.start()
        yield made


@contextmanager
def ended(servers: Sequence[Server]) -> Iterator[None]:
    """See to it that *servers* end."""
    try:
        yield
    finally:
        for server in servers:
            with suppress(ProcessLookupError):
                server.kill()


def until(look: Any, what: str, patience_s: float = _PATIENCE_S) -> Any:
    """Return what *look* returns, as soon as that is something and Redis does not refuse.

    Raises:
        TimeoutError: it never was; says *what*.
    """
    deadline_s, why = monotonic_s() + patience_s, ""
    while monotonic_s() < deadline_s:
        try:
            if (found := look()) is not False:
                return found
        except redis.RedisError as error:
            why = f": {error}"
        SystemClock().sleep(0.02)
    raise TimeoutError(what + why)


def free_port() -> int:
    """Return a port of this host that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
