"""What a desk's fan-out costs elsewhere: `python -m benchmarks.fan_out`, the rivals on a server of this bench.

One writer, three readers of the same stream in groups of their own, as strategy, execution and valuation are; but without state, without
outputs, and without anything atomic. FastStream gets an environment of its own under var/rivals, which needs a package index.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import redis

from benchmarks.server import private_server

FASTSTREAM: Final = "faststream[redis]==0.7.8"
_ROOT: Final = Path(__file__).parents[1]
_READERS: Final = ("strategy", "execution", "valuation")
_LIMIT_S: Final = 120


@dataclass(frozen=True, slots=True)
class Rival:
    """A program that knows the roles `read` and `write`."""

    name: str
    python: Path
    script: Path


@dataclass(frozen=True, slots=True)
class FannedOut:
    """A rival's figures."""

    name: str
    rate: int
    """Ticks a second that were sent; 0: as fast as it went."""
    ticks: int
    seconds: float
    """From the first write until all readers had acknowledged the last tick."""
    cpu_us_per_tick: float
    """Of the four processes; the server's is not in it."""
    p50_ms: float | None
    """From the writer's stamp to a reader's hands; None when it went as fast as it could."""
    p99_ms: float | None

    @property
    def per_second(self) -> float:
        """Return ticks a second."""
        return self.ticks / self.seconds


def redis_py() -> Rival:
    """Return the plain loop; it runs in our environment."""
    return Rival("a plain redis-py loop", Path(sys.executable), _script("fan_out_redis_py.py"))


def faststream() -> Rival | None:
    """Return FastStream, installing it first if need be; None where it cannot be had."""
    place = _ROOT / "var/rivals/faststream"
    python = place / "bin/python"
    if not (place / "installed").exists():
        make = [sys.executable, "-m", "venv", "--clear", str(place)]
        install = [str(python), "-m", "pip", "install", "--quiet", FASTSTREAM, "hiredis"]
        if any(subprocess.run(step, check=False).returncode for step in (make, install)):
            return None
        (place / "installed").touch()
    return Rival("FastStream 0.7.8", python, _script("fan_out_faststream.py"))


def fanned_out(port: int, rival: Rival, ticks: int, rate: int = 0) -> FannedOut:
    """Send *ticks* through *rival*, at *rate* a second or as fast as it goes."""
    url, stream = f"redis://127.0.0.1:{port}/0", "fan-out"
    command = [str(rival.python), str(rival.script)]
    started: list[subprocess.Popen[str]] = []
    try:
        for group in _READERS:
            started.append(_started([*command, "read", url, stream, group, str(ticks)]))
            _told(started[-1])
        started.append(_started([*command, "write", url, stream, str(ticks), str(rate)]))
        wrote, *read = [json.loads(_told(process)) for process in reversed(started)]
    finally:
        for process in started:
            process.kill()
            process.communicate()
        with redis.Redis(port=port) as client:
            client.delete(stream)
    took_s = max(one["done_s"] for one in read) - wrote["began_s"]
    cpu_us = sum(one["cpu_s"] for one in (wrote, *read)) / ticks * 1e6
    ages = [age for one in read for age in one["ages_ms"]] if rate else []
    cuts = quantiles(ages, n=100) if ages else None
    return FannedOut(
        rival.name, rate, ticks, took_s, cpu_us, cuts[49] if cuts else None, cuts[98] if cuts else None
    )


def _script(name: str) -> Path:
    return _ROOT / "benchmarks/rivals" / name


def _started(command: Sequence[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)


def _told(process: "subprocess.Popen[str]") -> str:
    """Return the next line that *process* says; one that hangs is ended."""
    out: Any = process.stdout
    watch = threading.Timer(_LIMIT_S, process.kill)
    watch.start()
    line: str = out.readline()
    watch.cancel()
    if not line:
        raise ChildProcessError(f"{process.args!r} said nothing for {_LIMIT_S} s, or ended")
    return line


def main() -> None:
    """Measure and print."""
    with private_server() as (port, _):
        for rival, ticks, rate in ((redis_py(), 100_000, 2_000), (faststream(), 2_000, 500)):
            if rival is None:
                print(f"{FASTSTREAM} could not be installed here: nothing to compare with")
                continue
            fast, paced = fanned_out(port, rival, ticks), fanned_out(port, rival, rate * 4, rate)
            print(
                f"{rival.name:<24} {fast.per_second:>9,.0f} ticks/s, {fast.cpu_us_per_tick:.1f} µs a tick; "
                f"tick -> reader at {rate:,}/s p50 {paced.p50_ms:.2f} ms, p99 {paced.p99_ms:.2f} ms"
            )


if __name__ == "__main__":
    main()
