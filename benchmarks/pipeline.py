"""The whole desk beside its own server's ceiling and the same fan-out by others: `python -m benchmarks.pipeline`.

    python -m benchmarks.pipeline                         # some three minutes
    BENCH_SECONDS=300 python -m benchmarks.pipeline       # the pace held for five minutes, with few and with many instruments
    BENCH_SOCKET=1 python -m benchmarks.pipeline          # the desk speaks to its server through a socket file instead of TCP

Feed, one strategy, bars, execution with charges, margin and risk, valuation and a writer into SQLite: real services, exactly-once
commits, append-only file (`everysec`). `benchmarks.throughput` and `benchmarks.hops` say what is measured.
"""

import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.ceiling import xadd_ceiling
from benchmarks.fan_out import FASTSTREAM, FannedOut, fanned_out, faststream, redis_py
from benchmarks.figures import CannotMeasureError, Figure
from benchmarks.hops import Latency, latency
from benchmarks.server import private_server
from benchmarks.throughput import Throughput, throughput

SECONDS: Final = float(os.environ.get("BENCH_SECONDS", "20"))
PACED_SECONDS: Final = float(os.environ.get("BENCH_PACED_SECONDS", "10"))
CONTRACTS: Final = (33, 1_999)
"""Options beside the index: 34 and 2,000 instruments."""
RATES: Final = (1_000, 5_000, 20_000)
PLAIN_RATE: Final = 5_000
RIVAL_RATE: Final = 500
"""FastStream cannot be paced at thousands of ticks a second here."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All that was measured side by side, on one server."""

    server: str
    ceiling_per_s: float
    through: tuple[Throughput, ...]
    delays: tuple[Latency, ...]
    rivals: tuple[FannedOut, ...] = field(default=())

    @property
    def figures(self) -> list[Figure]:
        """See `benchmarks.figures`."""
        return [*self._of_throughput(), *self._of_rivals(), *self._of_latency()]

    def _of_throughput(self) -> Iterator[Figure]:
        ceiling = Figure(
            "ceiling: pipelined XADD",
            self.ceiling_per_s,
            "entries/s",
            f"redis-benchmark, 160 bytes, {self.server}",
        )
        yield ceiling
        for one in self.through:
            size = f"{one.contracts + 1:,} instruments"
            held = f"{one.seconds:.0f} s, {one.fills} executions and {one.points:,} points in it, whole desk"
            yield Figure(f"end to end, {size}", one.per_second, "ticks/s", held).beside(ceiling)
            yield Figure(f"end to end, {size}, slowest 10 s", one.slowest_per_s, "ticks/s", held).beside(
                ceiling
            )
            yield Figure(
                f"processors at work, {size}", one.cores, "cores", f"of {os.cpu_count()}, all processes"
            )
            for who, cost in one.cpu_us_per_tick.items():
                name = who.removeprefix("sauda_").replace("benchmarks.generator", "feed (generator)")
                yield Figure(f"processor time of {name}, {size}", cost, "µs", "a tick", less_is_better=True)
            yield Figure(f"memory of redis, {size}", one.most_mb, "MB", "at the most", less_is_better=True)

    def _of_rivals(self) -> Iterator[Figure]:
        ours = self.through[0].per_second
        plain = "one writer, three readers; no state, no outputs, nothing atomic"
        for rival in self.rivals:
            if rival.p50_ms is None or rival.p99_ms is None:
                theirs = Figure(rival.name, rival.per_second, "ticks/s", plain)
                yield theirs
                yield Figure(f"the whole desk beside {rival.name}", ours, "ticks/s").beside(theirs)
            else:
                paced = f"{rival.name}, tick -> reader at {rival.rate:,}/s"
                yield Figure(f"{paced}, p50", rival.p50_ms, "ms", plain, less_is_better=True)
                yield Figure(f"{paced}, p99", rival.p99_ms, "ms", plain, less_is_better=True)

    def _of_latency(self) -> Iterator[Figure]:
        for delay in self.delays:
            condition = f"{delay.fills} orders, {delay.contracts + 1:,} instruments, whole desk"
            for hop in delay.hops:
                at = f"{hop.name} at {delay.rate:,}/s"
                # Beside nothing: a figure of the scheduler's is no yardstick, the plain loop's stands above for who reads.
                yield Figure(f"{at}, p50", hop.p50_ms, "ms", condition, less_is_better=True)
                yield Figure(f"{at}, p99", hop.p99_ms, "ms", condition, less_is_better=True)


def measured(seconds: float = SECONDS, paced_seconds: float = PACED_SECONDS) -> Pipeline:
    """Measure everything.

    Args:
        seconds: For which the desk goes as fast as it can, once for each size of the market.
        paced_seconds: For which it is sent ticks at each rate.

    Raises:
        CannotMeasureError: redis-benchmark is not here.
    """
    with private_server() as (port, server), tempfile.TemporaryDirectory(prefix="sauda-bench-") as name:
        folder = Path(name)
        ceiling = xadd_ceiling(port)
        if ceiling is None:
            raise CannotMeasureError("redis-benchmark is not here (Debian: redis-tools)")
        through = tuple(throughput(port, folder, contracts, seconds) for contracts in CONTRACTS)
        delays = tuple(latency(port, folder, rate, paced_seconds) for rate in RATES)
        return Pipeline(server, ceiling, through, delays, tuple(_rivals(port)))


def _rivals(port: int) -> Iterator[FannedOut]:
    plain, other = redis_py(), faststream()
    yield fanned_out(port, plain, 100_000)
    yield fanned_out(port, plain, 5 * PLAIN_RATE, PLAIN_RATE)
    if other is None:
        print(f"{FASTSTREAM} could not be installed here: nothing to compare with")
        return
    yield fanned_out(port, other, 3_000)
    yield fanned_out(port, other, 5 * RIVAL_RATE, RIVAL_RATE)


def main() -> None:
    """Measure and print."""
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}")
    for figure in measured().figures:
        ratio = "" if figure.ratio is None else f" = {figure.ratio:.2f} x {figure.yardstick}"
        print(f"{figure.name:<52} {figure.value:>12,.2f} {figure.unit}{ratio}   {figure.condition}")


if __name__ == "__main__":
    main()
