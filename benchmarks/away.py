"""A database that is away under load: `python -m benchmarks.writers away_s=300 rate=2000`.

Points come at a steady rate; the database is stopped for so long and started again. Told: what the writer and Redis hold
meanwhile, how long the writer needs to notice that it is back, how fast it catches up beside its full speed, and whether every
point is there.
"""

import tempfile
import threading
from itertools import islice
from pathlib import Path
from typing import Any, Final

import redis

from benchmarks.databases import VictoriaMetrics, check
from benchmarks.made_up_points import endless
from benchmarks.replicas import Replicas, fill, is_all_acknowledged, replicas
from benchmarks.resident import resident_bytes
from benchmarks.server import private_server
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode
from sauda.keys import Keys

DESK: Final = "away"
_MB: Final = 1e6
_CALM_S: Final = 10
"""Before the database goes: what the writer holds then is what it may hold."""
_FULL: Final = 200_000
"""Points of the measurement of full speed."""


def run(away_s: int, rate: int) -> int:
    """Measure and print; exit 1 if a point is missing."""
    with private_server() as (port, _), tempfile.TemporaryDirectory(prefix="sauda-bench-") as name:
        database = VictoriaMetrics(Path(name))
        database.start()
        try:
            with replicas(port, DESK, 1, database.settings, Path(name)) as running:
                return _measured(port, database, running, away_s, rate)
        finally:
            database.stop()


def _measured(port: int, database: VictoriaMetrics, running: Replicas, away_s: int, rate: int) -> int:
    client: Any = redis.Redis(port=port)
    (pid,) = running.pids
    load = _Load(port, rate)
    load.start()
    _sleep(_CALM_S)
    calm, redis_calm = resident_bytes(pid), _used(client)
    database.stop()
    most, end_s = calm, monotonic_s() + away_s
    while monotonic_s() < end_s:
        most = max(most, resident_bytes(pid))
        _sleep(0.5)
    backlog, redis_most = _waiting(client), _used(client)
    database.start()
    back_s = monotonic_s()
    noticed_s = _when(lambda: _waiting(client) < backlog)
    left, given = _waiting(client), load.written
    caught_s = _when(lambda: _waiting(client) <= max(rate // 4, 1_000))
    speed = (left - _waiting(client) + load.written - given) / (caught_s - noticed_s)
    load.stop()
    _when(lambda: is_all_acknowledged(client, DESK))
    after = resident_bytes(pid)
    full = _full_speed(port, client, running, load.written)
    print(f"away {away_s} s at {rate:,} points/s; waiting when it came back: {backlog:,}")
    print(f"writer resident: {calm / _MB:.1f} MB before, {most / _MB:.1f} at the most while away, ", end="")
    print(f"{after / _MB:.1f} when it had caught up")
    print(f"redis: {redis_calm / _MB:.1f} MB before, {redis_most / _MB:.1f} when the database came back")
    print(f"noticed after {noticed_s - back_s:.1f} s; caught up at {speed:,.0f} points/s; ", end="")
    print(f"full speed {full:,.0f} points/s: {speed / full:.2f} x")
    try:
        check(database, DESK, load.written + _FULL)
    except RuntimeError as error:
        print(error)
        return 1
    print(f"in the database: all {load.written + _FULL:,} points, each once")
    return 0


def _full_speed(port: int, client: Any, running: Replicas, written: int) -> float:
    """Return what the same writer makes of a stream that was filled while it was held."""
    more = [encode(point) for point in islice(endless(), written, written + _FULL)]
    running.hold()
    fill(port, DESK, more)
    began_s = monotonic_s()
    running.let_go()
    return _FULL / (_when(lambda: is_all_acknowledged(client, DESK)) - began_s)


class _Load(threading.Thread):
    """Writes points at a steady rate."""

    def __init__(self, port: int, rate: int) -> None:
        super().__init__(daemon=True)
        self.written = 0
        self._port = port
        self._rate = rate
        self._done = threading.Event()

    def run(self) -> None:
        began_s = monotonic_s()
        source = endless()
        while not self._done.wait(0.05):
            due = int((monotonic_s() - began_s) * self._rate) - self.written
            fill(self._port, DESK, [encode(point) for point in islice(source, due)])
            self.written += due

    def stop(self) -> None:
        self._done.set()
        self.join()


def _waiting(client: Any) -> int:
    return sum(group["lag"] + group["pending"] for group in client.xinfo_groups(Keys(DESK).stream("pnl")))


def _used(client: Any) -> int:
    return int(client.info("memory")["used_memory"])


def _when(condition: Any, limit_s: float = 300) -> float:
    end_s = monotonic_s() + limit_s
    while not condition():
        if monotonic_s() > end_s:
            raise TimeoutError(f"it did not come to pass within {limit_s:.0f} s")
        _sleep(0.02)
    return monotonic_s()


def _sleep(seconds: float) -> None:
    SystemClock().sleep(seconds)
