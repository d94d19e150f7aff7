"""A desk that is fed by real processes: the feed service, the simulator, Redis; and everything that was done to it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, UnixNs, monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import FeedGap, Instrument, InstrumentKind, Message, Subscribe, Tick
from sauda.errors import TransientError
from sauda.log import Output
from sauda.redis_view import RedisView
from sauda.runtime.redis_server import find_server
from tests.integration.feed_oracle import Blackout, Span, Truth, violations
from tests.integration.noren_simulator import CONFIG, SEED, Simulator, free_port, wait_until

SPEED = 60.0
DESK = "faults"
NIFTY = "NSE:Nifty 50"
SILENCE_S = 10.0
"""After so long without a frame the feed takes a socket for dead."""
RECOVERY_S = 30.0
"""Wall seconds in which the desk must see all its instruments again, whatever went wrong."""
SLACK_S = 1.0
"""How exactly the gate knows when it did something: wall seconds."""


@dataclass
class FeedProcess:
    """The feed service, under its own command."""

    folder: Path
    environ: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        with (self.folder / "feed.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sauda_feed"], env=self.environ, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)


class Gate:
    """A desk that is fed, and everything that was done to it."""

    def __init__(self, folder: Path, redis_url: str, desk: str = DESK) -> None:
        self.simulator = Simulator(folder, SPEED)
        self.view = RedisView(redis_url, desk)
        self.truth = Truth(load_calendar(CONFIG / "market"), SEED)
        self.blackouts: list[Blackout] = []
        self.restated: list[Span] = []
        self.names: set[str] = set()
        self._since = 0
        own = {
            "SAUDA_REDIS_URL": redis_url,
            "SAUDA_DESK": desk,
            "SAUDA_SOURCE": "simulator",
            "SAUDA_HEALTH_FILE": str(folder / "feed.json"),
            "SAUDA_LOG_FORMAT": "json",
        }
        self.feed = FeedProcess(folder, self.simulator.environment() | own)

    def open(self) -> None:
        """Start both and subscribe to what lies nearest the money."""
        self.simulator.start()
        self.feed.start()
        wait_until(lambda: NIFTY in self._seen(0), self._logs, RECOVERY_S)
        self.names = {NIFTY, "NSE:Nifty Bank", *self._near_the_money()}
        self.view.append([Output("subscriptions", encode(Subscribe("gate", tuple(sorted(self.names)), 0)))])
        self.recovers("the beginning")

    def close(self) -> None:
        """End what still runs."""
        self.feed.kill()
        self.simulator.kill()
        self.view.close()

    def begin(self) -> None:
        """Judge only what is said from now on."""
        self._since = self.view.length("ticks")
        self.blackouts.clear()

    def recovers(self, after: str) -> float:
        """Wait until all instruments are seen again; return the seconds it took."""
        began_s, since = monotonic_s(), self.view.length("ticks")
        wait_until(
            lambda: self.names <= self._seen(since),
            lambda: f"after {after} {self.names - self._seen(since)} are not seen again\n{self._logs()}",
            RECOVERY_S,
        )
        return monotonic_s() - began_s

    def costs_frames(self, what: str, act: Callable[[], object]) -> None:
        """Do something that certainly costs frames, and remember when."""
        from_ns = self.now_ns()
        act()
        self.blackouts.append(Blackout(what, from_ns, self.now_ns()))

    def fault(self, kind: str, **parameters: object) -> None:
        """Set a fault that need not cost a frame."""
        self.simulator.fault(kind, **parameters)
        if kind == "out_of_order":
            now_ns = self.now_ns()
            self.restated.append(Span(now_ns - round(SLACK_S * SPEED) * NS_PER_S, 1 << 62))

    def in_order_again(self) -> None:
        """Wait until no frame is held back any more; from then on quotes are whole again."""
        wait_until(
            lambda: not self.simulator.get("/admin/state")["faults"]["out_of_order"], "frames in order"
        )
        to_ns = self.now_ns() + 10 * 60 * NS_PER_S
        self.restated = [Span(span.from_ns, min(span.to_ns, to_ns)) for span in self.restated]

    def now_ns(self) -> UnixNs:
        """Return the market's time, by the simulator."""
        return int(self.simulator.get("/admin/clock")["market_ns"])

    def restart_feed(self, pause_s: float = 0.0) -> None:
        """Kill the feed and start it again."""

        def act() -> None:
            self.feed.kill()
            pause(pause_s)
            self.feed.start()

        self.costs_frames("kill -9 of the feed", act)

    def restart_simulator(self, pause_s: float = 0.0) -> None:
        """Kill the broker and start it again: the market has gone on, the session is gone."""
        from_ns = self.now_ns()
        self.simulator.kill()
        pause(pause_s)
        self.simulator.start()
        self.blackouts.append(Blackout("kill -9 of the broker", from_ns, self.now_ns()))

    def said(self) -> list[Message]:
        """Return what the stream `ticks` holds since the beginning."""
        return [decode(entry.data) for entry in self.view.forwards("ticks")][self._since :]

    def gaps(self) -> list[str]:
        """Return why prices are missing, as the desk was told."""
        return [message.reason for message in self.said() if isinstance(message, FeedGap)]

    def verdict(self, longest_s: float = SILENCE_S + 3) -> list[str]:
        """Judge the stream; *longest_s* is the longest silence that needs no gap, wall seconds."""
        return violations(
            self.truth,
            self.said(),
            blackouts=self.blackouts,
            restated=self.restated,
            longest_ns=round(longest_s * SPEED) * NS_PER_S,
            slack_ns=round(SLACK_S * SPEED) * NS_PER_S,
        )

    def _near_the_money(self) -> list[str]:
        spot = next(m.ltp for m in self.said() if isinstance(m, Tick) and m.instrument == NIFTY)
        found = [decode(entry.data) for entry in self.view.forwards("instruments")]
        options = [
            one
            for one in found
            if isinstance(one, Instrument) and one.underlying == "NIFTY" and one.kind is InstrumentKind.OPTION
        ]
        expiry = min(option.expiry or "" for option in options)
        near = sorted(
            (o for o in options if o.expiry == expiry), key=lambda one: abs((one.strike or 0) - spot)
        )
        return [option.instrument for option in near[:8]]

    def _seen(self, since: int) -> set[str]:
        ticks = [entry.data for entry in self.view.forwards("ticks")][since:]
        return {m.instrument for m in map(decode, ticks) if isinstance(m, Tick)}

    def _logs(self) -> str:
        return "\n".join((self.feed.folder / "feed.log").read_text().splitlines()[-12:])


def pause(seconds: float) -> None:
    """Let the market go on."""
    until_s = monotonic_s() + seconds
    wait_until(lambda: monotonic_s() >= until_s, "time passes", seconds + 5)


@contextmanager
def fed(folder: Path) -> Iterator[Gate]:
    """Run a desk that is fed, on a server of its own; all of it is gone afterwards."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen([*find_server(), *options], stdout=subprocess.DEVNULL)
    gate = Gate(folder, f"redis://127.0.0.1:{port}/0")
    try:
        wait_until(lambda: answers(gate.view), "Redis answers")
        yield gate
    finally:
        gate.close()
        server.kill()
        server.wait(10)


def answers(view: RedisView) -> bool:
    """Return whether the server takes commands."""
    try:
        return view.length("ticks") >= 0
    except TransientError:
        return False
