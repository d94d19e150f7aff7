"""The HTTP server in a thread of the service, so that it is started, watched and stopped like every other role."""

import asyncio
import socket
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from sauda.runner import Stop
from sauda.settings import Settings
from sauda_gateway.heads import ShortHeads
from sauda_gateway.stream.sockets import end_stuck
from sauda_gateway.stream.websocket import LONGEST_REQUEST

_CLOSING_S: Final = 3
"""Time that open requests get when the service is told to stop; a stream would never end by itself."""
_LOOK_S: Final = 0.1


class _Uvicorn(uvicorn.Server):
    """Uvicorn's server, with what only the socket that it listens on can be told."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        for one in self.listening():
            with socket.fromfd(one.fileno(), one.family, one.type) as same:
                end_stuck(same)

    def listening(self) -> list[Any]:
        """Return the sockets that it listens on; none before it does."""
        return [one for server in getattr(self, "servers", ()) for one in server.sockets]


class HttpServer:
    """Serves *app* until told to stop."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._server = _Uvicorn(
            uvicorn.Config(
                app,
                host=settings.gateway_host,
                port=settings.gateway_port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.gateway_proxies),
                forwarded_allow_ips=list(settings.gateway_proxies),
                timeout_graceful_shutdown=_CLOSING_S,
                http=ShortHeads,
                ws="websockets-sansio",
                ws_max_size=LONGEST_REQUEST,
                # Small messages, many a second: packing them costs more than sending them.
                ws_per_message_deflate=False,
                # Beats of the protocol itself, for clients that do not know ours.
                ws_ping_interval=20.0,
                ws_ping_timeout=20.0,
            )
        )

    @property
    def started(self) -> bool:
        """Return whether it listens."""
        return self._server.started

    @property
    def port(self) -> int | None:
        """Return where it listens; None before."""
        sockets = self._server.listening()
        return sockets[0].getsockname()[1] if sockets else None

    def run(self, stop: Stop) -> None:
        """Listen until *stop*.

        Raises:
            OSError: the port is taken.
        """
        with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            runner.run(self._serve(stop))

    async def _serve(self, stop: Stop) -> None:
        watching = asyncio.create_task(self._watch(stop))
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's way of saying that it cannot listen; it has logged why
            raise OSError(
                f"cannot listen on {self._server.config.host}:{self._server.config.port}"
            ) from error
        finally:
            watching.cancel()

    async def _watch(self, stop: Stop) -> None:
        while not stop.is_set():  # noqa: ASYNC110  (an event of threads: the service's)
            await asyncio.sleep(_LOOK_S)
        self._server.should_exit = True
