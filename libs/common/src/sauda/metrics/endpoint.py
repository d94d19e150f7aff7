"""The small web server beside a service's work: GET /metrics, /health (does it live?), /ready (can it work?).

A port that is taken must not end a service that trades: it says so once, and tries again.
"""

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from sauda.clock import monotonic_s
from sauda.health import MAX_AGE_S, Health
from sauda.logs import Channel, logger
from sauda.metrics.exposition import registry_of
from sauda.metrics.measures import Reading

if TYPE_CHECKING:
    from types import TracebackType

AGAIN_S: Final = 5.0
"""Between two attempts at a port that somebody else has."""
_PATIENCE_S: Final = 10
"""A client that says nothing for so long is let go."""


class Endpoint:
    """Serves from `with` to its end, in threads that do not keep the process from ending."""

    def __init__(
        self, host: str, port: int, desk: str, health: Health, read: Callable[[], Iterable[Reading]]
    ) -> None:
        """*port* 0 is any that is free; see `registry_of` for *read*."""
        self._host = host
        self._asked_port = port
        self._health = health
        self._metrics = make_wsgi_app(registry_of(desk, read))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)
        self.bound = threading.Event()
        self.port = port
        """The one that it listens on, once it is `bound`."""

    def __enter__(self) -> "Endpoint":
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        """Hang up."""
        self._stop.set()
        self._thread.join()

    def _serve(self) -> None:
        complained = False
        while not self._stop.is_set():
            try:
                server = make_server(
                    self._host, self._asked_port, self._answer, server_class=_Server, handler_class=_Handler
                )
            except OSError as error:
                if not complained:
                    logger(Channel.APP).warning("metrics_not_served", address=self._where, why=str(error))
                complained = True
                self._stop.wait(AGAIN_S)
                continue
            self.port = server.server_port
            logger(Channel.APP).info("metrics_served", address=f"{self._host}:{self.port}")
            self.bound.set()
            with server:
                threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
                self._stop.wait()
                server.shutdown()

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._asked_port} (SAUDA_METRICS_HOST, SAUDA_METRICS_PORT)"

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                answer: Iterable[bytes] = self._metrics(environ, start_response)
                return answer
            case "/health":
                return _said(start_response, *self._state(must_work=False))
            case "/ready":
                return _said(start_response, *self._state(must_work=True))
        return _said(start_response, "404 Not Found", {"there are": ["/metrics", "/health", "/ready"]})

    def _state(self, *, must_work: bool) -> tuple[str, dict[str, object]]:
        last = self._health.last
        age_s = None if last is None else monotonic_s() - last.written_monotonic_s
        alive = age_s is not None and age_s <= MAX_AGE_S
        ready = alive and last is not None and last.ready
        told: dict[str, object] = {"alive": alive, "ready": ready, "age_s": age_s and round(age_s, 3)}
        if last is not None:
            told |= {"service": last.service, **last.facts}
        fine = ready if must_work else alive
        return ("200 OK" if fine else "503 Service Unavailable"), told


def _said(start_response: Any, status: str, document: object) -> list[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [json.dumps(document, default=str).encode() + b"\n"]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    """A scraper in the middle of its answer must not hold up a SIGTERM."""


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE_S

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a scrape every few seconds is no event."""

    def handle(self) -> None:
        """Answer one request; one who hangs up before the answer is no event either."""
        with suppress(ConnectionError, TimeoutError):
            super().handle()
