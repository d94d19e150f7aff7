"""A desk with real fills and a gateway over it, all of them real processes: the exchange, the valuation, the HTTP server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sauda.clock import SystemClock
from sauda.contracts import Scope
from sauda.health import read
from sauda.tokens import TokenFile
from tests.integration.desk_processes import Replica, start_replicas, wait_until
from tests.integration.hand_desk import CONFIG, Market, trading_by_hand

START_S = 60


@dataclass
class Gateway:
    """A gateway process, and a token of each scope."""

    folder: Path
    environ: dict[str, str]
    tokens: dict[Scope, str]
    replica: Replica

    @property
    def url(self) -> str:
        """Return where it listens."""
        facts: Any = read(self.folder / "gateway-1.json").facts
        return f"http://127.0.0.1:{facts['roles']['gateway.http']['port']}"

    def client(self, scope: Scope | None = Scope.ADMIN) -> httpx.Client:
        """Return a client with a token of *scope*; None: without one."""
        headers = {} if scope is None else {"Authorization": f"Bearer {self.tokens[scope]}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=30)

    def start(self) -> None:
        """Start it again, and wait until it knows the desk."""
        (self.folder / "gateway-1.json").unlink(missing_ok=True)
        self.replica.start()
        self.wait()

    def wait(self) -> None:
        """Wait until it knows the desk."""
        wait_until(self._is_ready, START_S, f"the gateway is ready: {self.folder / 'gateway-1.log'}")

    def _is_ready(self) -> bool:
        path = self.folder / "gateway-1.json"
        return path.exists() and read(path).ready


@contextmanager
def gateway(folder: Path, environ: dict[str, str]) -> Iterator[Gateway]:
    """Run a gateway over the desk of *environ*."""
    tokens = TokenFile(folder / "tokens.json")
    secrets = {scope: tokens.issue(scope.value, scope, SystemClock().now_ns()) for scope in Scope}
    own = {
        **environ,
        "SAUDA_GATEWAY_PORT": "0",
        "SAUDA_GATEWAY_TOKENS": str(tokens.path),
        "SAUDA_GATEWAY_RATE": "10000",
        "SAUDA_ARCHIVE": str(folder / "archive"),
        "SAUDA_HISTORY": str(folder / "history"),
    }
    (replica,) = start_replicas(folder, own, {"gateway": 1})
    running = Gateway(folder, own, secrets, replica)
    try:
        running.wait()
        yield running
    finally:
        replica.kill()


@contextmanager
def desk_with_gateway(folder: Path, redis_url: str, desk: str) -> Iterator[tuple[Market, Gateway]]:
    """Run the exchange, the valuation, a market and a gateway of *desk*."""
    environ = {"SAUDA_REDIS_URL": redis_url, "SAUDA_DESK": desk, "SAUDA_CONFIG": str(CONFIG)}
    with trading_by_hand(folder, redis_url, desk) as market:
        replicas = start_replicas(folder, environ, {"pnl": 1})
        try:
            with gateway(folder, environ) as running:
                yield market, running
        finally:
            for replica in replicas:
                replica.kill()
