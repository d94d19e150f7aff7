"""Redis killed under load, and back: what the feed keeps in memory meanwhile, what it tells of the hole, and what the desk sees then.

    python -m benchmarks.feed outage_s=60 rate=4000          # some two minutes

Every frame of the load makes one tick, and frames are numbered, so nothing can go missing unseen:

    before the gap    every frame received before `from_ns` is on the stream, none is missing; the next one is
    after it          the first tick of each instrument is as new as what had been sent when Redis was started again, or newer,
                      and from `to_ns` on none is missing again
    in the end        the newest tick of each instrument says what was sent last, price for price
"""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import redis

from benchmarks.noren_desk import Broker, Desk, FeedProcess, broker, feed, wait_until
from benchmarks.server import free_port
from sauda.clock import NS_PER_MS, NS_PER_S, SystemClock, monotonic_s
from sauda.codec import decode
from sauda.contracts import FeedGap, Tick
from sauda.runtime.redis_server import find_server

_KEYS = {
    "ltp": "lp", "bid": "bp1", "ask": "sp1", "bid_qty": "bq1", "ask_qty": "sq1", "volume": "v", "oi": "oi",
}  # fmt: skip
_PRICES = {"ltp", "bid", "ask"}


@dataclass
class Server:
    """A Redis that can be killed and comes back with its append-only file."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "everysec"]
        self.process = subprocess.Popen([*find_server(), *options], stdout=subprocess.DEVNULL)
        with redis.Redis(port=self.port) as client:
            wait_until(lambda: _answers(client), "Redis answers", 0.002)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@dataclass
class Outage:
    """One run."""

    instruments: int
    rate: float
    seconds: float
    steady_s: float
    """Seconds of load before the outage and after it."""
    gap: FeedGap | None = None
    killed_ns: int = 0
    """Market time of the kill."""
    at_once_ms: float = 0.0
    """From the first answer until every instrument has a tick that is newer than the outage."""
    resident_kb: dict[str, int] = field(default_factory=dict)
    """`before`, `during` (the most) and `after`."""
    told: int = 0
    """Ticks on the stream in the end."""
    wrong: list[str] = field(default_factory=list)
    """What is not as it should be."""


@contextmanager
def fed(folder: Path, server: Server, instruments: int) -> Iterator[tuple[Broker, Desk, FeedProcess]]:
    """Run load and feed; all instruments are subscribed and have a price."""
    with broker(folder, instruments) as load:
        desk = Desk(f"redis://127.0.0.1:{server.port}/0", "outage")
        with feed(folder, load, desk) as process:
            desk.subscribe(load.names)
            wait_until(lambda: desk.priced() >= set(load.names), "all have a price", 0.05)
            yield load, desk, process


def ran(folder: Path, instruments: int, rate: float, seconds: float, steady_s: float = 3.0) -> Outage:
    """Let Redis be away for *seconds* while *rate* frames a second arrive."""
    found = Outage(instruments, rate, seconds, steady_s)
    server = Server(folder)
    server.start()
    try:
        with fed(folder, server, instruments) as (load, desk, process):
            _suffer(found, server, load, desk, process)
    finally:
        server.kill()
    return found


def _suffer(found: Outage, server: Server, load: Broker, desk: Desk, process: FeedProcess) -> None:
    first = load.go(10**12, found.rate)
    passed(found.steady_s, process)
    found.resident_kb["before"] = process.resident_kb()
    start = desk.newest()
    server.kill()
    found.killed_ns = _market_ns(load)
    found.resident_kb["during"] = passed(found.seconds, process)
    sent, started_ns = load.sent, _market_ns(load)
    server.start()
    back_ms = SystemClock().now_ns() // NS_PER_MS
    desk.view.close()  # our own connection has died with the server
    wait_until(lambda: len(_fresh(load, desk, start, sent)) == found.instruments, "all instruments are fresh")
    found.at_once_ms = max(_fresh(load, desk, start, sent).values()) - back_ms
    found.resident_kb["after"] = passed(found.steady_s, process)
    load.stop()
    _judge(found, load, desk, first, started_ns)


def _fresh(load: Broker, desk: Desk, start: bytes, sent: int) -> dict[str, int]:
    """Return the instruments that have a tick as new as what had been sent when *sent* frames were, and when it was written, ms."""
    found: dict[str, int] = {}
    for entry in desk.view.entries("ticks", start):
        tick = decode(entry.data)
        if isinstance(tick, Tick) and load.number(tick) >= sent - len(load.names):
            found.setdefault(tick.instrument, int(entry.id.partition(b"-")[0]))
    return found


def _judge(found: Outage, load: Broker, desk: Desk, first: int, started_ns: int) -> None:
    """Look for what is wrong with what the desk was told from frame *first* on."""
    state = load.state(said=True)
    wait_until(lambda: desk.has(load.frame(state["sent"] - 1)), "the last frame's tick is written")
    said = [decode(entry.data) for entry in desk.view.entries("ticks")]
    ticks = [message for message in said if isinstance(message, Tick)]
    gaps = [message for message in said if isinstance(message, FeedGap)]
    found.told = len(ticks)
    found.wrong += differing(state["said"], ticks)
    if len(gaps) != 1 or not gaps[0].reason.startswith("Redis was away"):
        found.wrong.append(f"not one gap that says that Redis was away: {gaps}")
        return
    gap = found.gap = gaps[0]
    if gap.to_ns < started_ns:
        found.wrong.append(
            f"the gap ends {(started_ns - gap.to_ns) / NS_PER_S:.1f} s before Redis was started again"
        )
    late_s = (gap.from_ns - found.killed_ns) / NS_PER_S
    if late_s > found.seconds / 2:
        # Ticks are left out from the first moments on: what came in between would be missing untold.
        found.wrong.append(f"the gap begins {late_s:.1f} s after Redis was killed")
    numbers = [(tick.recv_ns, load.number(tick)) for tick in ticks]
    before = sorted(number for at_ns, number in numbers if at_ns < gap.from_ns and number >= first)
    later = sorted(number for at_ns, number in numbers if at_ns > gap.to_ns)
    found.wrong += _holes("before the gap", before) + _holes("after the gap", later)
    if {number for _, number in numbers} >= {before[-1] + 1}:
        found.wrong.append("the gap begins before anything is missing")


def _holes(where: str, numbers: list[int]) -> list[str]:
    missing = numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0
    if not numbers:
        return [f"there is nothing {where}"]
    return [f"{missing} ticks are missing or said twice {where}"] if missing else []


def differing(said: Mapping[str, Mapping[str, str]], ticks: list[Tick]) -> list[str]:
    """Return the instruments of which the desk was not told what the broker said last."""
    told = {(tick.instrument, tick.event_ns): tick for tick in ticks}
    found = []
    for name, values in said.items():
        tick = told.get((name, int(values["ft"]) * NS_PER_S))
        mine = {
            ours: None if theirs not in values else _number(ours, values[theirs])
            for ours, theirs in _KEYS.items()
        }
        if tick is None or any(getattr(tick, ours) != number for ours, number in mine.items()):
            found.append(f"{name}: the broker said {dict(values)} last, the desk was told {tick}")
    return found


def _number(name: str, text: str) -> int:
    return int(Decimal(text) * 100 if name in _PRICES else Decimal(text))


def passed(seconds: float, process: FeedProcess) -> int:
    """Let time pass; return the most memory that the feed had, kB."""
    until_s, most = monotonic_s() + seconds, 0
    while monotonic_s() < until_s:
        most = max(most, process.resident_kb())
        SystemClock().sleep(0.1)
    return most


def _market_ns(load: Broker) -> int:
    return SystemClock().now_ns() + int(load.state()["ahead_ns"])


def main(instruments: int = 2_000, rate: int = 4_000, outage_s: int = 60) -> int:
    """Run and print; 1 when the desk was told anything wrong."""
    with tempfile.TemporaryDirectory(prefix="sauda-bench-") as name:
        found = ran(Path(name), instruments, rate, outage_s)
    memory = " · ".join(f"{when} {kb / 1024:.1f} MB" for when, kb in found.resident_kb.items())
    print(f"{instruments:,} instruments, {rate:,} frames/s, Redis away for {outage_s} s")
    print(f"resident memory of the feed: {memory}")
    if found.gap is not None:
        seconds = (found.gap.to_ns - found.gap.from_ns) / NS_PER_S
        print(f"gap of {seconds:.1f} s: {found.gap.reason}")
    print(f"the newest price of all instruments {found.at_once_ms:.0f} ms after Redis answered again")
    for line in found.wrong[:20]:
        print(f"WRONG: {line}")
    return 1 if found.wrong else 0
