"""What a gateway with many clients does: `python -m benchmarks gateway`.

More of them, or for longer:

    python -m benchmarks.gateway_clients [clients] [seconds]        # the rows on the screen

A server of this bench, a gateway in a process of its own, clients over real WebSockets in another; ten times a second each instrument
gets a price. One client of them stops reading. Then a few that follow a chain of 82 contracts.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Final

import msgspec

from benchmarks import yardstick
from benchmarks.figures import Figure
from benchmarks.gateway_desk import Gateway, Prices
from benchmarks.gateway_listeners import Plan
from benchmarks.server import private_server
from sauda.clock import SystemClock, monotonic_s

CLIENTS: Final = 200
SECONDS: Final = 30
CHAIN: Final = "chain:NIFTY:2026-12-01:20"
LOOK_S: Final = 30.0
"""Between two looks at the gateway's memory; a shorter run has one at each end."""
_WARM_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run gave."""

    what: str
    clients: int
    updates_per_s: float
    """Of each client."""
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu: float
    """Cores that the gateway used."""
    cpu_us: float
    """Its processor time for an update that was sent."""
    memory_mb: Sequence[float]
    """Its resident memory from when all were connected."""

    def line(self) -> str:
        """Return it as a row of the table."""
        memory = " -> ".join(f"{one:.1f}" for one in self.memory_mb)
        return (
            f"{self.what:<44} {self.clients:>4} clients, {self.updates_per_s:4.1f}/s each: p50 {self.p50_ms:5.1f} ms, "
            f"p99 {self.p99_ms:5.1f} ms, most {self.worst_ms:6.1f} ms; gateway {self.cpu * 100:3.0f} % of a core, "
            f"{memory} MB"
        )

    def told(self, stick: Figure) -> list[Figure]:
        """Return what of it the bench hands over."""
        condition = f"{self.clients} clients, {self.updates_per_s:.1f} updates/s each"
        cpu = Figure(
            f"{self.what}: an update", self.cpu_us, "µs", f"processor time; {condition}", True, False
        )
        times = (("p50", self.p50_ms), ("p99", self.p99_ms), ("most", self.worst_ms))
        late = "from the feed's stamp to a client's hands"
        grown = self.memory_mb[-1] - self.memory_mb[0]
        return [
            cpu.beside(stick),
            *(Figure(f"{self.what}: {name}", ms, "ms", late, True, False) for name, ms in times),
            Figure(f"{self.what}: memory", self.memory_mb[-1], "MB", f"{grown:+.1f} in the run", True, False),
        ]


@dataclass(frozen=True, slots=True)
class Runs:
    """All of them, and the yardstick's."""

    stick: Figure
    runs: Sequence[Figures]

    @property
    def figures(self) -> list[Figure]:
        """See `benchmarks.figures`."""
        return [self.stick, *(figure for run in self.runs for figure in run.told(self.stick))]


def _listened(
    what: str, gateway: Gateway, topics: list[list[str]], stalled: list[str], seconds: float
) -> Figures:
    """Let clients listen for *seconds*; return what came of it."""
    address = f"ws://127.0.0.1:{gateway.port}/api/v1/stream"
    plan = Plan(address, gateway.token, topics, stalled, seconds, _WARM_S)
    clients = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gateway_listeners"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert clients.stdin is not None
    clients.stdin.write(msgspec.json.encode(plan) + b"\n")
    clients.stdin.flush()
    SystemClock().sleep(_WARM_S + 1)
    memory, before_s, began_s = [gateway.memory_mb()], gateway.cpu_s(), monotonic_s()
    while (left_s := began_s + seconds - 3 - monotonic_s()) > 0:
        SystemClock().sleep(min(LOOK_S, left_s))
        memory.append(gateway.memory_mb())
    cpu = (gateway.cpu_s() - before_s) / (monotonic_s() - began_s)
    said, _ = clients.communicate(timeout=seconds + 60)
    heard = json.loads(said)
    cuts = quantiles(heard["ages_ms"], n=100)
    each = sum(heard["counts"]) / len(heard["counts"]) / seconds
    cpu_us = cpu / (each * len(topics)) * 1e6
    return Figures(what, len(topics), each, cuts[49], cuts[98], max(heard["ages_ms"]), cpu, cpu_us, memory)


def runs(clients: int, seconds: float) -> Generator[Figures, None, None]:
    """Yield what came of each run, on a server and with a gateway of its own."""
    with private_server() as (port, _), tempfile.TemporaryDirectory() as folder:
        url = f"redis://127.0.0.1:{port}/0"
        with Prices(url).coming() as prices:
            gateway = Gateway(url, Path(folder))
            try:
                gateway.wait()
                names = prices.instruments
                each = [[f"ticks:{names[number % len(names)]}"] for number in range(clients)]
                everything = [CHAIN, "fills", *(f"ticks:{one}" for one in names)]
                yield _listened("a price each", gateway, each, [], seconds)
                yield _listened("the same, another one stalled", gateway, each, everything, seconds)
                yield _listened("a chain of 82 contracts", gateway, [[CHAIN]] * 5, [], seconds)
            finally:
                gateway.end()


def measured(clients: int = CLIENTS, seconds: float = 20) -> Runs:
    """Measure all three."""
    return Runs(yardstick.figure(), list(runs(clients, seconds)))


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    clients = int(arguments[0]) if arguments else CLIENTS
    seconds = float(arguments[1]) if len(arguments) > 1 else SECONDS
    for one in runs(clients, seconds):
        print(one.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
