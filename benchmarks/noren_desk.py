"""What a feed's benchmark is made of, as processes: the load, the feed service on its desk, and what each of them has used."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.desk import ROOT
from benchmarks.figures import CannotMeasureError
from benchmarks.server import free_port
from sauda.clock import NS_PER_MS, NS_PER_S, SystemClock, monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import Subscribe, Tick
from sauda.log import Output
from sauda.redis_view import RedisView

DAY: Final = "2026-11-30"
PATIENCE_S: Final = 60.0


def settings_of(folder: Path, port: int) -> dict[str, str]:
    """Return the settings that load and feed share."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")}
    return inherited | {
        "SAUDA_CONFIG": str(ROOT / "config"),
        "SAUDA_LOG_LEVEL": "WARNING",
        "SAUDA_SIM_PORT": str(port),
        "SAUDA_SIM_DATE": DAY,
        "SAUDA_SIM_DATA": str(folder),
        "SAUDA_NOREN_USER": "FA00001",
        "SAUDA_NOREN_PASSWORD": "paper",
        "SAUDA_NOREN_TOTP_SECRET": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "SAUDA_NOREN_VENDOR_CODE": "FA00001_U",
        "SAUDA_NOREN_API_SECRET": "paper",
    }


def wait_until(happened: Callable[[], object], what: str, pause_s: float = 0.02) -> None:
    """Wait until *happened* is true.

    Raises:
        CannotMeasureError: it is not within a minute.
    """
    until_s = monotonic_s() + PATIENCE_S
    while not happened():
        if monotonic_s() > until_s:
            raise CannotMeasureError(f"still not after {PATIENCE_S:.0f} s: {what}")
        SystemClock().sleep(pause_s)


class FrameOf(NamedTuple):
    """What identifies a frame of the sequence."""

    instrument: str
    feed_s: int


@dataclass
class Broker:
    """The load, see `benchmarks.noren_load`."""

    port: int
    keys: list[str] = field(default_factory=list)
    """`EXCHANGE|TOKEN` of each instrument, in the order of the sequence."""
    names: list[str] = field(default_factory=list)
    base_s: int = 0
    """Feed time of the first round."""

    @property
    def websocket(self) -> str:
        """Return the address of its socket."""
        return f"ws://127.0.0.1:{self.port}/NorenWSTP/"

    @property
    def sent(self) -> int:
        """Return how many frames it has sent."""
        return int(self.state()["sent"])

    def state(self, *, said: bool = False) -> dict[str, Any]:
        """Return what it says of itself; with *said* what it said last of each instrument."""
        return self._ask("?said" if said else "", None)

    def go(self, frames: int, rate: float = 0) -> int:
        """Send *frames* more, *rate* a second or as fast as they are taken; return after which number."""
        before = self.sent
        self._ask("", {"until": before + frames, "rate": rate})
        return before

    def stop(self) -> None:
        """Send no more than what keeps the line alive."""
        self._ask("", {"until": 0, "rate": 0})

    def answers(self) -> bool:
        """Return whether it serves."""
        try:
            told = self.state(said=True)
        except OSError:
            return False
        self.keys, self.names, self.base_s = told["keys"], list(told["said"]), told["base_s"]
        return True

    def frame(self, number: int) -> FrameOf:
        """Return what frame *number* is of; the first is 0."""
        rounds, place = divmod(number, len(self.names))
        return FrameOf(self.names[place], self.base_s + rounds)

    def number(self, tick: Tick) -> int:
        """Return the number of the frame that *tick* is of; negative for that of a snapshot before all frames."""
        rounds = tick.event_ns // NS_PER_S - self.base_s
        return rounds * len(self.names) + self.places[tick.instrument]

    @cached_property
    def places(self) -> dict[str, int]:
        """Return the place of each instrument in the sequence."""
        return {name: place for place, name in enumerate(self.names)}

    def _ask(self, query: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/load{query}", data=data, timeout=30
        ) as told:
            found: dict[str, Any] = json.loads(told.read())
        return found


@dataclass
class FeedProcess:
    """The feed service."""

    process: "subprocess.Popen[bytes]" = field(repr=False)

    def resident_kb(self) -> int:
        """Return its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    def cpu_s(self) -> dict[int, float]:
        """Return the processor time of each of its threads so far."""
        return {int(task.name): _run_s(task) for task in Path(f"/proc/{self.process.pid}/task").iterdir()}


def _run_s(task: Path) -> float:
    return int((task / "schedstat").read_text().split()[0]) / NS_PER_S


class Desk:
    """The desk that is fed."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.view = RedisView(url, name)

    def subscribe(self, names: list[str]) -> None:
        """Want *names*."""
        self.view.append([Output("subscriptions", encode(Subscribe("bench", tuple(names), 0)))])

    def ticks(self, start: bytes = b"-") -> list[Tick]:
        """Return the ticks on the stream from entry *start* on."""
        found = (decode(entry.data) for entry in self.view.entries("ticks", start))
        return [message for message in found if isinstance(message, Tick)]

    def priced(self, start: bytes = b"-") -> set[str]:
        """Return the instruments that have a tick from entry *start* on."""
        return {tick.instrument for tick in self.ticks(start)}

    def newest(self) -> bytes:
        """Return what comes after the newest entry, as `ticks` wants it."""
        entry = self.view.newest("ticks")
        return b"-" if entry is None else b"(" + entry.id

    def has(self, frame: "FrameOf") -> bool:
        """Return whether the tick of *frame* is among the newest entries."""
        found = (decode(entry.data) for entry in islice(self.view.backwards("ticks"), 200))
        return any(
            isinstance(tick, Tick)
            and tick.instrument == frame.instrument
            and tick.event_ns >= frame.feed_s * NS_PER_S
            for tick in found
        )

    def lags_ms(self, start: bytes, ahead_ns: int) -> list[float]:
        """Return how long each tick from *start* on was on its way from its receipt to the stream.

        Args:
            start: Where to begin.
            ahead_ns: How far the market's clock is ahead of the server's.
        """
        found = []
        for entry in self.view.entries("ticks", start):
            tick = decode(entry.data)
            if isinstance(tick, Tick):
                written_ns = int(entry.id.partition(b"-")[0]) * NS_PER_MS
                found.append((written_ns - (tick.recv_ns - ahead_ns)) / NS_PER_MS)
        return found


def pinned(core: int) -> list[str]:
    """Return what a command begins with that is to run on *core* alone; nothing where that cannot be asked for."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    return ["taskset", "-c", str(core)] if core in cores and shutil.which("taskset") else []


@contextmanager
def broker(folder: Path, instruments: int) -> Iterator[Broker]:
    """Run the load; it needs some seconds to build its frames."""
    found = Broker(free_port())
    command = [sys.executable, "-m", "benchmarks.noren_load", f"instruments={instruments}"]
    with _running([*pinned(0), *command], settings_of(folder, found.port)):
        wait_until(found.answers, "the load answers")
        yield found


@contextmanager
def feed(folder: Path, load: Broker, desk: Desk) -> Iterator[FeedProcess]:
    """Run the feed service on *desk*, pinned to a core of its own, and wait until it hears the index."""
    health = {"SAUDA_HEALTH_FILE": str(folder / "feed.json"), "SAUDA_SOURCE": "simulator"}
    environ = settings_of(folder, load.port) | health
    environ |= {"SAUDA_REDIS_URL": desk.url, "SAUDA_DESK": desk.name}
    with _running([*pinned(1), sys.executable, "-m", "sauda_feed"], environ) as process:
        wait_until(desk.ticks, "the feed hears its broker")
        yield FeedProcess(process)


@contextmanager
def _running(command: list[str], environ: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen(command, env=dict(environ), cwd=ROOT))
        stack.callback(process.wait, 20)
        stack.callback(process.terminate)
        yield process
