"""The HTTP server in a thread of the service, so that it is started, watched and stopped like every other role."""

import asyncio
from typing import Final

import uvicorn
from fastapi import FastAPI

from sauda.runner import Stop
from sauda.settings import Settings

_CLOSING_S: Final = 3
"""Time that open requests get when the service is told to stop; a stream would never end by itself."""
_LOOK_S: Final = 0.1


class HttpServer:
    """Serves *app* until told to stop."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._server = uvicorn.Server(
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
                ws="websockets-sansio",
                # Small messages, many a second: packing them costs more than sending them.
                ws_per_message_deflate=False,
                # Beats of the protocol itself, for clients that do not know ours.
                ws_ping_interval=20.0,
                ws_ping_timeout=20.0,
                # A request that is larger than this is nothing of ours.
                h11_max_incomplete_event_size=64 * 1024,
            )
        )

    @property
    def started(self) -> bool:
        """Return whether it listens."""
        return self._server.started

    @property
    def port(self) -> int | None:
        """Return where it listens; None before."""
        sockets = [one for server in getattr(self._server, "servers", ()) for one in server.sockets]
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
