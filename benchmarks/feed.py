"""A broker's frames to ticks on the stream: the load -> the client library in the real feed service -> a real Redis.

    python -m benchmarks.feed                              # about a minute
    python -m benchmarks.feed instruments=2000 frames=40000
    python -m benchmarks.feed outage_s=60 rate=4000        # Redis killed for a minute under load, see benchmarks.feed_outage
    python -m benchmarks.feed slow_ms=150 rate=4000        # Redis behind a slow line

The feed has a core of its own where `taskset` is; load and Redis share the other. The yardstick is a loop that receives and parses
the same frames and does nothing with them, on that core, right before and after: the better of the two counts.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import feed_outage, feed_slow
from benchmarks.figures import CannotMeasureError, Figure
from benchmarks.noren_desk import Broker, Desk, FeedProcess, broker, feed, pinned, wait_until
from benchmarks.server import private_server
from sauda.clock import monotonic_s

INSTRUMENTS: Final = 2_000
FRAMES: Final = 40_000
RATE: Final = 5_000
_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Bare:
    """What the loop without a feed took."""

    per_s: float
    cpu_us: float
    json_us: float
    merge_us: float
    ticks: int


@dataclass(frozen=True, slots=True)
class Run:
    """What the feed took for all frames, as fast as it took them."""

    per_s: float
    """Frames a second of the wall clock."""
    ticks: float
    """Ticks written for each frame: 1 unless something was left out."""
    client_us: float
    """Processor time a frame of the library's thread: receive, parse, merge."""
    write_us: float
    """Of the thread that writes."""
    rest_us: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All of it."""

    instruments: int
    checked: Bare
    plain: Bare
    run: Run
    subscribed_s: float
    """From the wish on the stream until the broker has been asked for all instruments."""
    priced_s: float
    """From the wish until all have a price on the stream."""
    lag_p50_ms: float
    lag_p99_ms: float

    @property
    def figures(self) -> list[Figure]:
        """Return the figures; compared are processor times, which other work on the machine disturbs least."""
        what = f"{self.instruments:,} instruments, one core"
        run, plain = self.run, self.plain
        bare = Figure(
            "bare client and json.loads, processor time", plain.cpu_us, "µs", what, less_is_better=True
        )
        total = run.client_us + run.write_us + run.rest_us

        def cost(name: str, value: float) -> Figure:
            return Figure(name, value, "µs", f"processor time a frame, {what}", less_is_better=True)

        return [
            Figure("bare client and json.loads", plain.per_s, "frames/s", what),
            Figure("the same, text checked in Python as by default", self.checked.per_s, "frames/s", what),
            Figure("frames to ticks", run.per_s, "frames/s", what),
            Figure("ticks written", run.per_s * run.ticks, "ticks/s", what),
            bare,
            cost("the same with checked text, processor time", self.checked.cpu_us).beside(bare),
            cost("feed, processor time", total).beside(bare),
            cost("of it library", run.client_us - plain.json_us - plain.merge_us),
            cost("of it JSON parse", plain.json_us),
            cost("of it merge", plain.merge_us).beside(bare),
            cost("of it write", run.write_us).beside(bare),
            Figure("all subscribed", self.subscribed_s, "s", "from the wish", less_is_better=True),
            Figure("all have a price", self.priced_s, "s", "from the wish", less_is_better=True),
            Figure(f"receipt -> stream p50 at {RATE:,}/s", self.lag_p50_ms, "ms", what, less_is_better=True),
            Figure(f"receipt -> stream p99 at {RATE:,}/s", self.lag_p99_ms, "ms", what, less_is_better=True),
        ]


def measured(instruments: int = INSTRUMENTS, frames: int = FRAMES) -> Measured:
    """Measure; about a minute."""
    with (
        private_server() as (port, _),
        tempfile.TemporaryDirectory(prefix="sauda-bench-") as name,
        broker(Path(name), instruments) as load,
    ):
        before = [_bare(load, frames, how) for how in ("checked", "plain")]
        desk = Desk(f"redis://127.0.0.1:{port}/0", "feed")
        with feed(Path(name), load, desk) as process:
            subscribed_s, priced_s = _subscribed(load, desk)
            runs = [_run(load, desk, process, frames) for _ in range(2)]
            lags = _lags(load, desk)
        after = [_bare(load, frames, how) for how in ("checked", "plain")]
        checked, plain = (min(pair, key=_cost) for pair in zip(before, after, strict=True))
        run = min(runs, key=lambda one: one.client_us + one.write_us)
        at = (lags[len(lags) // 2], lags[len(lags) * 99 // 100])
        return Measured(instruments, checked, plain, run, subscribed_s, priced_s, *at)


def _cost(bare: Bare) -> float:
    return bare.cpu_us


def _bare(load: Broker, frames: int, how: str) -> Bare:
    command = [*pinned(1), sys.executable, "-m", "benchmarks.bare_client", load.websocket, str(frames), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None or load.sent < 0:
            raise CannotMeasureError("the bare client has no pipes")
        process.stdin.write("\n".join(load.keys))
        process.stdin.close()
        if process.stdout.readline() != "ready\n":
            raise CannotMeasureError("the bare client did not get ready")
        load.go(frames + 100)
        found: dict[str, Any] = json.loads(process.stdout.read())
    return Bare(**found)


def _subscribed(load: Broker, desk: Desk) -> tuple[float, float]:
    names = load.names
    began_s = monotonic_s()
    desk.subscribe(names)
    wait_until(lambda: load.state()["subscribed"] >= len(names), "all are subscribed", 0.005)
    subscribed_s = monotonic_s() - began_s
    wait_until(lambda: desk.priced() >= set(names), "all have a price", 0.05)
    return subscribed_s, monotonic_s() - began_s


def _run(load: Broker, desk: Desk, process: FeedProcess, frames: int) -> Run:
    """Send *frames* and wait until the last one's tick is written."""
    start, used = desk.newest(), process.cpu_s()
    began_s = monotonic_s()
    last = load.frame(load.go(frames) + frames - 1)
    wait_until(lambda: desk.has(last), "the last frame's tick is written", 0.01)
    seconds = monotonic_s() - began_s
    spent = {
        task: (until_s - used.get(task, 0.0)) / frames * 1e6 for task, until_s in process.cpu_s().items()
    }
    # The thread that writes was there before the library began its own.
    write, client = sorted(sorted(spent, key=spent.__getitem__)[-2:])
    ticks = len(desk.ticks(start)) / frames
    return Run(
        frames / seconds,
        ticks,
        spent[client],
        spent[write],
        sum(spent.values()) - spent[client] - spent[write],
    )


def _lags(load: Broker, desk: Desk) -> list[float]:
    """Return the milliseconds from receipt to stream at a steady rate, sorted."""
    start, frames = desk.newest(), RATE * _SECONDS
    last = load.frame(load.go(frames, RATE) + frames - 1)
    wait_until(lambda: desk.has(last), "the last frame's tick is written", 0.05)
    return sorted(desk.lags_ms(start, int(load.state()["ahead_ns"])))


def main(arguments: list[str]) -> int:
    """Measure what is asked for and print it; 1 when something is not as it should be, 2 for wrong usage."""
    asked = dict(one.partition("=")[::2] for one in arguments)
    try:
        numbers = {name: int(text) for name, text in asked.items()}
    except ValueError:
        numbers = {"": 0}
    modes: dict[str, Callable[..., int]] = {"outage_s": feed_outage.main, "slow_ms": feed_slow.main}
    mode = next((modes[name] for name in numbers if name in modes), None)
    allowed = {"instruments", "frames"} if mode is None else {"instruments", "rate", *modes}
    if not numbers.keys() <= allowed:
        print(
            "usage: python -m benchmarks.feed [instruments=N] [frames=N | outage_s=N rate=N | slow_ms=N rate=N]",
            file=sys.stderr,
        )
        return 2
    try:
        return mode(**numbers) if mode is not None else _printed(measured(**numbers))
    except CannotMeasureError as error:
        print(error, file=sys.stderr)
        return 1


def _printed(found: Measured) -> int:
    for figure in found.figures:
        ratio = "" if figure.ratio is None else f"   {figure.ratio:5.2f} x {figure.yardstick}"
        print(f"{figure.name:<52} {figure.value:>12,.2f} {figure.unit}{ratio}")
    return 0 if found.run.ticks >= 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
