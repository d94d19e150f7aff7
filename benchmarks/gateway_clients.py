"""What a gateway with many clients does: `python -m benchmarks.gateway_clients [clients] [seconds]`, the rows on the screen.

A server of this bench, a gateway in a process of its own, clients over real WebSockets in another; ten times a second each instrument
gets a price. One client of them stops reading. Then a few that follow a chain of 82 contracts.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Final

import msgspec
import redis

from benchmarks.gateway_listeners import Plan
from benchmarks.server import free_port, private_server
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode
from sauda.contracts import STREAM_OF, ClockTick, Fill, Message, Scope, Side
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.testing.market import MadeUpMarket, index_tick, option_tick
from sauda.tokens import TokenFile

CLIENTS: Final = 200
SECONDS: Final = 30
RATE: Final = 10
"""Updates a second of each instrument."""
STRIKES: Final = 41
CHAIN: Final = "chain:NIFTY:2026-12-01:20"
_DESK: Final = "bench"
_WARM_S: Final = 5.0
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


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
    before_mb: float
    """Its resident memory when all were connected."""
    after_mb: float

    def line(self) -> str:
        """Return it as a row of the table."""
        return (
            f"{self.what:<44} {self.clients:>4} clients, {self.updates_per_s:4.1f}/s each: p50 {self.p50_ms:5.1f} ms, "
            f"p99 {self.p99_ms:5.1f} ms, most {self.worst_ms:6.1f} ms; gateway {self.cpu * 100:3.0f} % of a core, "
            f"{self.before_mb:.1f} -> {self.after_mb:.1f} MB"
        )


class Prices:
    """Writes a price of every instrument ten times a second, as a feed does, and a fill each second."""

    def __init__(self, url: str) -> None:
        self._log = RedisLog(url, _DESK)
        self._market = MadeUpMarket(strikes=STRIKES)
        self.instruments = [one.instrument for one in self._market.instruments()]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @contextmanager
    def coming(self) -> Iterator["Prices"]:
        """Write while the block runs."""
        self._write(self._market.instruments())
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()

    def _run(self) -> None:
        clock, chain = SystemClock(), self._market.instruments()[1:]
        begins_s, turn = monotonic_s(), 0
        while not self._stop.wait(max(0.0, begins_s + turn / RATE - monotonic_s())):
            now_ns = clock.now_ns()
            spot = 24_500_00.0 + turn % 40 * 5
            ticks = [index_tick(spot, now_ns), *(option_tick(one, spot, now_ns) for one in chain)]
            others: list[Message] = [ClockTick(now_ns)] if turn % RATE else [_a_fill(turn, now_ns)]
            self._write([*ticks, *others])
            turn += 1

    def _write(self, messages: Sequence[Message]) -> None:
        self._log.append([Output(STREAM_OF[type(one)], encode(one)) for one in messages])


def _a_fill(number: int, now_ns: int) -> Fill:
    return Fill(f"f-{number}", f"o-{number}", "bench", "NSE:Nifty 50", Side.BUY, 65, 100_00, 20_00, now_ns)


class Gateway:
    """The service, as it is run."""

    def __init__(self, url: str, folder: Path) -> None:
        self.port = free_port()
        tokens = folder / "tokens.json"
        self.token = TokenFile(tokens).issue("bench", Scope.READ, SystemClock().now_ns())
        given = {
            "REDIS_URL": url,
            "DESK": _DESK,
            "ARCHIVE": str(folder / "archive"),
            "HISTORY": str(folder / "history"),
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_TOKENS": str(tokens),
            "GATEWAY_RATE": "1000",
            "LOG_LEVEL": "WARNING",
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SAUDA_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sauda_gateway"],
            env={**clean, **{f"SAUDA_{name}": value for name, value in given.items()}},
            cwd=Path(__file__).parents[1],
        )

    def wait(self) -> None:
        """Wait until it answers."""
        import httpx

        deadline_s = monotonic_s() + 60
        while monotonic_s() < deadline_s:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health").status_code == 200:
                    return
            except httpx.TransportError:
                SystemClock().sleep(0.1)
        raise ChildProcessError("the gateway does not answer")

    def memory_mb(self) -> float:
        """Return its resident memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * _PAGE / 1e6

    def cpu_s(self) -> float:
        """Return the seconds of processor that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(20)


def measured(
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
    before_mb, before_s, began_s = gateway.memory_mb(), gateway.cpu_s(), monotonic_s()
    SystemClock().sleep(seconds - 3)
    cpu = (gateway.cpu_s() - before_s) / (monotonic_s() - began_s)
    after_mb = gateway.memory_mb()
    said, _ = clients.communicate(timeout=seconds + 60)
    heard = json.loads(said)
    cuts = quantiles(heard["ages_ms"], n=100)
    updates = sum(heard["counts"]) / len(heard["counts"]) / seconds
    return Figures(
        what, len(topics), updates, cuts[49], cuts[98], max(heard["ages_ms"]), cpu, before_mb, after_mb
    )


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    clients = int(arguments[0]) if arguments else CLIENTS
    seconds = float(arguments[1]) if len(arguments) > 1 else SECONDS
    with private_server() as (port, server), tempfile.TemporaryDirectory() as folder:
        url = f"redis://127.0.0.1:{port}/0"
        with redis.Redis.from_url(url) as client:
            client.ping()
        print(f"{server}, {os.cpu_count()} processors", flush=True)
        with Prices(url).coming() as prices:
            gateway = Gateway(url, Path(folder))
            try:
                gateway.wait()
                names = prices.instruments
                each = [[f"ticks:{names[number % len(names)]}"] for number in range(clients)]
                everything = [CHAIN, "fills", *(f"ticks:{one}" for one in names)]
                print(measured("a price each", gateway, each, [], seconds).line(), flush=True)
                print(
                    measured("the same, another one stalled", gateway, each, everything, seconds).line(),
                    flush=True,
                )
                chains = [[CHAIN] for _ in range(5)]
                print(measured("a chain of 82 contracts", gateway, chains, [], seconds).line(), flush=True)
            finally:
                gateway.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
