"""Several desks on one, two and three nodes of a Redis Cluster; and masters killed under load: what is lost, with and without `replicas=1`.

    python -m benchmarks.cluster          # some 50 s

Here every node and every desk share the processors of one machine: the sum can grow with the nodes only as far as these allow, so
the processor time of the servers stands beside it.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import sheet
from benchmarks.failover import Death, host_deaths, process_deaths
from benchmarks.figures import Figure
from sauda.testing.redis_nodes import Cluster, cluster

NODES: Final = (1, 2, 3)
DESKS: Final = 6
"""As many on each node, whether there are one, two or three."""
SECONDS: Final = 4.0
KILLS: Final = 4
FAR_MS: Final = 2.0
"""One way, to the replica of the host that dies: another building of a city."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Desks on so many nodes."""

    nodes: int
    per_second: float
    """Ticks that were committed and worked, of all desks."""
    server_us: float
    """Processor time of all servers for a tick."""
    desk_us: float
    """Processor time of all desks for a tick."""


@dataclass(frozen=True, slots=True)
class Clustered:
    """All that was measured."""

    spreads: tuple[Spread, ...]
    processes: tuple[Death, ...]
    """Killed on a cluster."""
    hosts: dict[int, tuple[Death, ...]]
    """replicas asked for -> hosts that died"""

    @property
    def figures(self) -> Sequence[Figure]:
        """See `benchmarks.figures`."""
        return [*self._of_spreads(), *self._of_deaths()]

    def _of_spreads(self) -> Iterator[Figure]:
        cores = f"{DESKS} desks, all on {os.cpu_count()} cores"
        alone = Figure("on 1 node", self.spreads[0].per_second, "ticks/s", cores)
        yield alone
        for one in self.spreads[1:]:
            # Not steady: the machine's other processors decide, and here there are two.
            yield Figure(f"on {one.nodes} nodes", one.per_second, "ticks/s", cores, steady=False).beside(
                alone
            )
        for one in self.spreads:
            name = f"processor time of {one.nodes} node(s)"
            yield Figure(name, one.server_us, "µs", "a tick, all servers", less_is_better=True)
        desk_us = self.spreads[0].desk_us
        yield Figure(
            "processor time of a desk", desk_us, "µs", "a tick: made, written, worked", less_is_better=True
        )

    def _of_deaths(self) -> Iterator[Figure]:
        yield from _table("process killed, cluster", self.processes)
        yield Figure(
            "a desk stands still",
            max(d.away_s for d in self.processes),
            "s",
            "cluster-node-timeout 1 s",
            True,
            False,
        )
        for replicas, deaths in self.hosts.items():
            yield from _table(f"host dead, replica {FAR_MS:g} ms off, replicas={replicas}", deaths)


def _table(name: str, deaths: Sequence[Death]) -> Iterator[Figure]:
    told = f"{len(deaths)} kills; units and streams agree after {sum(d.agrees for d in deaths)}"
    rates = [death.commits_per_s for death in deaths]
    yield Figure(
        f"{name}: commits", sum(rates) / len(rates), "commits/s", "of the source, 20 ticks each", steady=False
    )
    lost = [death.lost for death in deaths]
    yield Figure(f"{name}: lost at the most", max(lost), "commits", told, less_is_better=True, steady=False)
    yield Figure(f"{name}: lost in all", sum(lost), "commits", told, less_is_better=True, steady=False)


def measured(seconds: float = SECONDS, kills: int = KILLS) -> Clustered:
    """Measure everything.

    Args:
        seconds: For which desks work on each number of nodes.
        kills: Of hosts, for each number of replicas.
    """
    with tempfile.TemporaryDirectory(prefix="sauda-bench-") as name:
        folder = Path(name)
        spreads = tuple(_spread(folder, nodes, seconds) for nodes in NODES)
        with cluster(folder, masters=3, replicas=1) as made:
            processes = tuple(process_deaths(made, 1.0, random.Random(1)))
        hosts = {
            replicas: tuple(host_deaths(folder, kills, 0.5, far_s=FAR_MS / 1000, replicas=replicas))
            for replicas in (0, 1)
        }
    return Clustered(spreads, processes, hosts)


def _spread(folder: Path, nodes: int, seconds: float) -> Spread:
    with cluster(folder, masters=nodes) as made:
        names = [name for turn in range(DESKS // nodes) for name in made.desks_on_each(f"desk{turn}-")]
        before = _server_cpu(made)
        said = _said([_started(made.url, name, seconds) for name in names])
        ticks = sum(int(words[0]) for words in said)
        servers_s, desks_s = _server_cpu(made) - before, sum(float(words[1]) for words in said)
    return Spread(nodes, ticks / seconds, servers_s / ticks * 1e6, desks_s / ticks * 1e6)


def _started(url: str, name: str, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.cluster_desk", url, name, str(seconds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _said(desks: "Sequence[subprocess.Popen[str]]") -> list[list[str]]:
    """Let all begin at once when the last is there; return the words of each."""
    for desk in desks:
        assert desk.stdout is not None
        desk.stdout.readline()
    for desk in desks:
        assert desk.stdin is not None
        desk.stdin.write("go\n")
        desk.stdin.flush()
    return [desk.communicate(timeout=60)[0].split() for desk in desks]


def _server_cpu(made: Cluster) -> float:
    used = 0.0
    for node in made.nodes:
        facts = dict(line.split(b":") for line in node.say("INFO", "cpu").splitlines() if b":" in line)
        used += float(facts[b"used_cpu_user"]) + float(facts[b"used_cpu_sys"])
    return used


def main() -> None:
    """Measure and print the table."""
    print("\n".join(sheet.table(sheet.rows_of("cluster", measured().figures))))


if __name__ == "__main__":
    main()
