"""The ceiling: how many entries the server alone takes, by `redis-benchmark`, pipelined."""

import shutil
import subprocess
from dataclasses import dataclass

from benchmarks.figures import CannotMeasureError, Figure
from benchmarks.server import private_server

PAYLOAD = "x" * 160


def xadd_ceiling(port: int, requests: int = 1_000_000) -> float | None:
    """Return `XADD`s of 160 bytes a second, 64 in a pipeline; None without redis-benchmark."""
    program = shutil.which("redis-benchmark") or shutil.which("valkey-benchmark")
    if program is None:
        return None
    command = [program, "-p", str(port), "-n", str(requests), "-P", "64", "-c", "8", "--csv"]
    done = subprocess.run(
        [*command, "XADD", "ceiling", "*", "d", PAYLOAD],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    line = done.stdout.strip().splitlines()[-1]
    subprocess.run(
        [program.replace("benchmark", "cli"), "-p", str(port), "DEL", "ceiling"],
        capture_output=True,
        check=True,
    )
    return float(line.split('","')[1].strip('"'))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the server alone takes."""

    server: str
    per_second: float

    @property
    def figures(self) -> list[Figure]:
        """See `benchmarks.figures`."""
        return [
            Figure(
                "pipelined XADD", self.per_second, "entries/s", f"redis-benchmark, 160 bytes, {self.server}"
            )
        ]


def measured() -> Ceiling:
    """Measure it on a server of its own.

    Raises:
        CannotMeasureError: redis-benchmark is not here.
    """
    with private_server() as (port, server):
        found = xadd_ceiling(port)
    if found is None:
        raise CannotMeasureError("redis-benchmark is not here (Debian: redis-tools)")
    return Ceiling(server, found)
