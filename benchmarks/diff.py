"""How fast recorded units are run again and compared: `python -m benchmarks.diff`.

Real units on a real server record a made-up market, once in steps of one entry (a desk that keeps up) and once in steps of 500 (one that
catches up); then each is compared with its record, as `sauda diff` does it.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter, process_time
from typing import Final

from benchmarks import yardstick
from benchmarks.figures import Figure
from benchmarks.server import private_server
from sauda.codec import encode
from sauda.contracts import STREAM_OF, Message, Opened
from sauda.garbage import collect_rarely
from sauda.log import Log, Output, Step
from sauda.record import Record
from sauda.redis_log import RedisLog
from sauda.rerun.checking import check
from sauda.rerun.made_of import MadeOf
from sauda.runner import Carrier
from sauda.settings import Settings, load_settings
from sauda.testing.market import MadeUpMarket
from sauda.unit import Unit
from sauda.units import available

TICKS: Final = int(os.environ.get("BENCH_DIFF_TICKS", "100000"))
AT_ONCE: Final = 500
"""Messages of the market between two turns of the units."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One unit, run again."""

    unit: str
    step: float
    """Entries in a recorded step, on average."""
    messages: int
    per_second: float
    per_cpu_second: float
    """What a machine would do whose server and neighbours cost nothing."""


def speeds(port: int, ticks: int, batch: int) -> Iterator[Speed]:
    """Record a desk in steps of *batch* entries and yield how fast each unit is compared.

    Raises:
        RuntimeError: a unit did not do the same.
    """
    url, desk = f"redis://127.0.0.1:{port}/0", f"diff-{batch}"
    settings = load_settings(environ={"SAUDA_REDIS_URL": url, "SAUDA_SPEED": "100000"})
    _record(url, desk, settings, ticks, batch)
    record = Record.open(settings, desk)
    collect_rarely()
    for name in available(settings):
        began, cpu = perf_counter(), process_time()
        finding = check(record, name, MadeOf(name, settings))
        seconds, used = perf_counter() - began, process_time() - cpu
        if not finding.same:
            raise RuntimeError(f"{name} did not do the same: {finding.first or finding.states}")
        count = finding.messages
        yield Speed(name, count / finding.steps, count, count / seconds, count / used)
    record.close()


def _record(url: str, desk: str, settings: Settings, ticks: int, batch: int) -> None:
    log = RedisLog(url, desk)
    carriers = [_carried(log, unit, batch) for unit in available(settings).values()]
    market = MadeUpMarket()
    _play(log, carriers, market.instruments())
    waiting: list[Message] = []
    for second in market.seconds(ticks, options=99):
        waiting += second
        if len(waiting) >= AT_ONCE:
            _play(log, carriers, waiting)
            waiting = []
    _play(log, carriers, waiting)
    log.close()


def _carried(log: Log, unit: Unit, batch: int) -> Carrier:
    lease = log.acquire(unit.name, "benchmark", 600_000)
    if lease is None:
        raise RuntimeError(f"{unit.name} is held by somebody else")
    carrier = Carrier(replace(unit, rest_ms=0), log, lease, batch)
    opened = Opened(unit.name, lease.epoch, unit.version, dict(unit.settings), dict(unit.rules))
    log.commit(lease, Step(outputs=[Output("journal", encode(opened))]))
    return carrier


def _play(log: Log, carriers: list[Carrier], messages: Sequence[Message]) -> None:
    log.append([Output(STREAM_OF[type(one)], encode(one)) for one in messages])
    while sum(carrier.step() for carrier in carriers):
        pass


@dataclass(frozen=True, slots=True)
class Diff:
    """All units, recorded in small steps and in large ones, and the yardstick measured in between."""

    speeds: Sequence[Speed]
    yardstick: Figure

    @property
    def figures(self) -> list[Figure]:
        """Return what the bench hands over."""
        told = [
            Figure(
                f"{one.unit}, steps of {'one' if one.step < 2 else 'up to 500'}",
                1e6 / one.per_cpu_second,
                "µs",
                f"processor time a message; {one.per_second:,.0f} messages/s",
                less_is_better=True,
            )
            for one in self.speeds
        ]
        return [self.yardstick, *(one.beside(self.yardstick) for one in told)]


def measured(ticks: int = 40_000) -> Diff:
    """Measure both ways of recording on a server of its own."""
    with private_server() as (port, _):
        small = list(speeds(port, ticks, 1))
        stick = yardstick.figure()
        return Diff([*small, *speeds(port, ticks, 500)], stick)


def line(speed: Speed) -> str:
    """Return one line of the report."""
    return (
        f"diff {speed.unit:<26} steps of {speed.step:5.1f}   {speed.per_second:>10,.0f} messages/s"
        f"   ({speed.per_cpu_second:,.0f} for a second of processor time)"
    )


def main() -> None:
    """Measure and print."""
    with private_server() as (port, server):
        print(f"{server}, {TICKS:,} ticks")
        for batch in (1, 500):
            for speed in speeds(port, TICKS, batch):
                print(line(speed), flush=True)


if __name__ == "__main__":
    main()
