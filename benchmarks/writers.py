"""From the stream `pnl` into a database: `python -m benchmarks.writers points=600000 replicas=1,2,4 turns=3`.

The stream is filled, the replicas of the real service are let go at once, and the clock runs until every entry is acknowledged;
then the points in the database are counted. Beside it, in the same run and into the same database: the client library's own
batching writer, and ready-made lines through the same client.

With `away_s=300` instead: the database is stopped under load, see `benchmarks.away`.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import redis

from benchmarks import away, influx_client, stages
from benchmarks.databases import KINDS, Database, VictoriaMetrics, check
from benchmarks.figures import Figure
from benchmarks.made_up_points import Point, points
from benchmarks.replicas import cpu_s, fill, is_all_acknowledged, replicas
from benchmarks.server import private_server
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode

_LIMIT_S = 240


@dataclass(frozen=True, slots=True)
class Drained:
    """One draining of a stream."""

    database: str
    replicas: int
    points: int
    seconds: float
    cpu_us: dict[str, float]
    """Processor time for each point: of all writers, of Redis, of the database's server."""

    @property
    def per_second(self) -> float:
        """Return points a second."""
        return self.points / self.seconds


@dataclass(frozen=True, slots=True)
class Writers:
    """All of it; see `benchmarks.figures`."""

    figures: list[Figure]


@dataclass(frozen=True, slots=True)
class Bench:
    """One server, one database, and what goes from the one to the other."""

    port: int
    database: Database
    folder: Path
    made: Sequence[Point]
    counts: Sequence[int]
    """Numbers of replicas."""
    turns: int

    def best(self) -> list[Drained]:
        """Return for each number of replicas the best of the turns, which are taken in turn."""
        encoded = [encode(point) for point in self.made]
        found = [self.drained(count, encoded) for _ in range(self.turns) for count in self.counts]
        return [max((one for one in found if one.replicas == count), key=_speed) for count in self.counts]

    def drained(self, count: int, encoded: Sequence[bytes]) -> Drained:
        """Have *count* replicas write what a stream holds.

        Raises:
            RuntimeError: the database does not hold exactly what was on the stream.
        """
        client: Any = redis.Redis(port=self.port)
        desk = f"drain-{count}-{client.incr('drains')}"
        with replicas(self.port, desk, count, self.database.settings, self.folder) as running:
            running.hold()
            fill(self.port, desk, encoded)
            pids = {f"writer {number}": pid for number, pid in enumerate(running.pids)}
            pids["redis"] = int(client.info("server")["process_id"])
            if self.database.pid:
                pids["database"] = self.database.pid
            before = {name: cpu_s(pid) for name, pid in pids.items()}
            began_s = monotonic_s()
            running.let_go()
            _wait_until(lambda: is_all_acknowledged(client, desk))
            seconds = monotonic_s() - began_s
            used = {name: (cpu_s(pid) - before[name]) / len(encoded) * 1e6 for name, pid in pids.items()}
        check(self.database, desk, len(encoded))
        client.delete(*client.keys(f"{{{desk}}}:*"))
        split = {"writers": sum(cpu for name, cpu in used.items() if name.startswith("writer"))}
        split |= {name: cpu for name, cpu in used.items() if not name.startswith("writer")}
        return Drained(self.database.name, count, len(encoded), seconds, split)


def measured(count: int = 200_000, counts: Sequence[int] = (1, 2, 4), turns: int = 1) -> Writers:
    """Measure every database; half as many points go to the slower ones."""
    made = points(count)
    figures: list[Figure] = []
    for kind in KINDS:
        with private_server() as (port, _), tempfile.TemporaryDirectory(prefix="sauda-bench-") as name:
            database = kind(Path(name))
            database.start()
            try:
                bench = Bench(port, database, Path(name), made, counts, turns)
                if isinstance(database, VictoriaMetrics):
                    figures += _beside_the_client(bench, database)
                else:
                    figures += _figures(replace(bench, made=made[: count // 2]).best())
            finally:
                database.stop()
    return Writers(figures)


def _beside_the_client(bench: Bench, database: VictoriaMetrics) -> list[Figure]:
    batching = max(influx_client.batching(database, bench.made) for _ in range(bench.turns))
    singly = max(influx_client.batching_lines(database, bench.made) for _ in range(bench.turns))
    ready = max(influx_client.ready_made(database, bench.made) for _ in range(bench.turns))
    rival = Figure("the client's batching writer", batching, "points/s", "fed with its Points, no stream")
    single = Figure("the same fed with ready-made lines", singly, "points/s", "one by one, no stream")
    lines = Figure("ready-made lines through the client", ready, "points/s", "5,000 a request, no stream")
    ours = _figures(bench.best(), lines)
    split = stages.split(bench.port, database, bench.made)
    return [rival, single.beside(rival), lines.beside(rival), *ours, *split]


def _figures(found: Sequence[Drained], yardstick: Figure | None = None) -> list[Figure]:
    figures: list[Figure] = []
    first: Figure | None = None
    for one in found:
        cpu = " · ".join(f"{name} {cost:.1f}" for name, cost in one.cpu_us.items())
        condition = f"{one.points:,} points from the stream, processor µs a point: {cpu}"
        name = f"{one.database}, {one.replicas} replica{'s' if one.replicas > 1 else ''}"
        figure = Figure(name, one.per_second, "points/s", condition)
        beside = yardstick if first is None else first
        figures.append(figure.beside(beside) if beside else figure)
        first = first or figure
    return figures


def _speed(one: Drained) -> float:
    return one.per_second


def _wait_until(condition: Callable[[], bool]) -> None:
    end_s = monotonic_s() + _LIMIT_S
    while not condition():
        if monotonic_s() > end_s:
            raise TimeoutError(f"not all was written within {_LIMIT_S} s")
        SystemClock().sleep(0.01)


def main(arguments: Sequence[str]) -> int:
    """Measure what the arguments say; exit 2 if they say nothing that can be measured."""
    told = dict(argument.partition("=")[::2] for argument in arguments)
    known = {"away_s", "rate"} if "away_s" in told else {"points", "replicas", "turns"}
    numbers = [number for value in told.values() for number in value.split(",")]
    if set(told) - known or not all(number.isdecimal() and int(number) for number in numbers):
        print("python -m benchmarks.writers [points=N] [replicas=1,2,4] [turns=N] | away_s=N [rate=N]")
        return 2
    if "away_s" in told:
        return away.run(int(told["away_s"]), int(told.get("rate", "2000")))
    counts = [int(count) for count in told.get("replicas", "1,2,4").split(",")]
    found = measured(int(told.get("points", "200000")), counts, int(told.get("turns", "1")))
    for figure in found.figures:
        ratio = f"{figure.ratio:6.2f} x {figure.yardstick}" if figure.ratio else ""
        print(f"{figure.name:40} {figure.value:>10,.2f} {figure.unit:9} {ratio:45} {figure.condition}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
