"""A market that moves ten times a second and a gateway that shows it, for `benchmarks.gateway_clients`."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.server import free_port
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode
from sauda.contracts import STREAM_OF, ClockTick, Fill, Message, Scope, Side
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.testing.market import MadeUpMarket, index_tick, option_tick
from sauda.tokens import TokenFile

RATE: Final = 10
"""Updates a second of each instrument."""
STRIKES: Final = 41
_DESK: Final = "bench"
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


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
