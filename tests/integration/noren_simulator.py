"""A simulator in a process of its own, and the unmodified broker library as its client."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pyotp
from NorenRestApiPy.NorenApi import NorenApi

CONFIG = Path(__file__).parents[2] / "config"
USER, PASSWORD, VENDOR, API_SECRET = "FA00001", "paper+pass&word", "FA00001_U", "an api secret"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEED = 11
"""The simulated market follows from it and the date."""
_PATIENCE_S = 60.0
_pulse = Event()


def wait_until(
    happened: Callable[[], object], what: str | Callable[[], str], patience_s: float = _PATIENCE_S
) -> None:
    """Wait until *happened* is true; fail naming *what* did not come true."""
    for _ in range(round(patience_s / 0.05)):
        if happened():
            return
        _pulse.wait(0.05)
    raise AssertionError(f"still not after {patience_s} s: {what() if callable(what) else what}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Simulator:
    """One simulator process."""

    folder: Path
    speed: float = 60
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SAUDA_")}
        return ours | {
            "SAUDA_CONFIG": str(CONFIG),
            "SAUDA_SIM_PORT": str(self.port),
            "SAUDA_SIM_DATE": "2026-11-30",
            "SAUDA_SIM_SEED": str(SEED),
            "SAUDA_SIM_DATA": str(self.folder),
            "SAUDA_HEALTH_FILE": str(self.folder / "health.json"),
            "SAUDA_SPEED": str(self.speed),
            "SAUDA_NOREN_USER": USER,
            "SAUDA_NOREN_PASSWORD": PASSWORD,
            "SAUDA_NOREN_TOTP_SECRET": TOTP_SECRET,
            "SAUDA_NOREN_VENDOR_CODE": VENDOR,
            "SAUDA_NOREN_API_SECRET": API_SECRET,
        }

    def start(self) -> None:
        with (self.folder / "simulator.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sauda_simulator"],
                env=self.environment(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                text=True,
            )
        wait_until(self._answers, lambda: f"the simulator answers: {self.log()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        code = self.process.wait(10)
        self.process = None
        return code

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.stop(signal.SIGKILL)

    def log(self) -> str:
        return (self.folder / "simulator.log").read_text()

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return json.loads(answer.read())

    def fault(self, kind: str, **parameters: object) -> None:
        body = json.dumps({"kind": kind, **parameters}).encode()
        with urllib.request.urlopen(f"{self.url}/admin/fault", data=body, timeout=5) as answer:
            assert answer.status == 200

    def client(self) -> "Client":
        return Client(self)

    def _answers(self) -> bool:
        try:
            self.get("/admin/state")
        except OSError:
            return False
        return True


@dataclass
class Client:
    """The broker's library, with everything that it calls back written down."""

    simulator: Simulator
    api: Any = field(init=False)
    frames: list[dict[str, str]] = field(default_factory=list)
    orders: list[dict[str, str]] = field(default_factory=list)
    errors: list[object] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    def __post_init__(self) -> None:
        # The trailing slash gives the double one of every public example.
        host = f"{self.simulator.url}/NorenWClientTP/"
        self.api = NorenApi(host=host, websocket=host.replace("http", "ws").replace("ClientTP", "STP"))

    def log_in(self, **changed: str) -> Any:
        right = {
            "userid": USER,
            "password": PASSWORD,
            "twoFA": pyotp.TOTP(TOTP_SECRET).now(),
            "vendor_code": VENDOR,
            "api_secret": API_SECRET,
            "imei": "test",
        }
        return self.api.login(**{**right, **changed})

    def connect(self) -> None:
        self.api.start_websocket(
            subscribe_callback=self.frames.append,
            order_update_callback=self.orders.append,
            socket_open_callback=self._on_open,
            socket_close_callback=self._on_close,
            socket_error_callback=self.errors.append,
        )

    def leave(self) -> None:
        """End the library's thread: tell it to stop, then cut the line it waits on.

        Its own `close_websocket` closes the socket under a `select` that then sleeps for ten seconds. A thread that was on its
        way to a new connection when the word came opens that still: so the line is cut until the thread is gone.
        """
        self.api._NorenApi__stop_event.set()
        thread = self.api._NorenApi__ws_thread

        def has_stopped() -> bool:
            self.simulator.fault("drop")
            thread.join(timeout=0.5)
            return not thread.is_alive()

        wait_until(has_stopped, "the client has stopped")

    def of(self, kind: str, token: str) -> list[dict[str, str]]:
        return [frame for frame in self.frames if frame["t"] == kind and frame["tk"] == token]

    def _on_open(self) -> None:
        self.opened += 1

    def _on_close(self) -> None:
        self.closed += 1


@contextmanager
def running(folder: Path, speed: float = 60) -> Iterator[Simulator]:
    """Run a simulator; afterwards it must stop as it should, and is gone in any case."""
    simulator = Simulator(folder, speed)
    try:
        simulator.start()
        yield simulator
        assert simulator.stop() == 0
    finally:
        simulator.stop(signal.SIGKILL)


@contextmanager
def trading(folder: Path) -> Iterator[Simulator]:
    """Run a simulator whose market is open: somebody has logged in and the first price is there."""
    with running(folder) as simulator:
        first = simulator.client()
        assert first.log_in()
        wait_until(lambda: first.api.get_quotes("NSE", "26000").get("o"), "the market opens")
        yield simulator


@contextmanager
def connected(simulator: Simulator) -> Iterator[Client]:
    """Log in, open the WebSocket, and close it again whatever happens."""
    client = simulator.client()
    assert client.log_in()
    client.connect()
    wait_until(lambda: client.opened, "the socket opens")
    try:
        yield client
    finally:
        client.leave()
