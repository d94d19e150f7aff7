"""A gateway of streams and market alone, served over real sockets in this process, and who listens to it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
import websockets
from fastapi import FastAPI

from sauda.clock import SystemClock
from sauda.codec import encode
from sauda.contracts import STREAM_OF, Fill, Message, Scope
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.settings import Settings
from sauda.testing.builders import INDEX, a_fill, a_tick, after, an_index, an_option
from sauda.tokens import TokenFile
from sauda_gateway import market, problems, stream
from sauda_gateway.auth import Doorkeeper
from sauda_gateway.stream.sockets import end_stuck

PATIENCE_S = 20.0
STUCK_MS = 4_000
OPEN: tuple[Any, ...] = (an_index(), an_option(), a_tick(24_510_00, instrument=INDEX), a_tick(100_00))


class Gateway:
    """One that serves, and its read token."""

    def __init__(self, app: FastAPI, server: uvicorn.Server, port: int, token: str) -> None:
        self.app = app
        self.server = server
        self.port = port
        self.token = token

    @property
    def hub(self) -> Any:
        """Return the hub of its own desk."""
        return self.app.state.hubs.own

    @property
    def headers(self) -> dict[str, str]:
        """Return what lets one in."""
        return {"Authorization": f"Bearer {self.token}"}

    @asynccontextmanager
    async def sluggish(self) -> AsyncIterator["Listener"]:
        """Connect as somebody for whom neither the kernel nor the library takes much that is not asked for."""
        with socket.socket() as small:
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            small.connect(("127.0.0.1", self.port))
            small.setblocking(False)
            async with self.listener(sock=small, max_queue=1, ping_interval=None) as listener:
                yield listener
                listener.connection.transport.abort()

    @asynccontextmanager
    async def sluggish_events(self, topics: str) -> AsyncIterator[None]:
        """Ask for server-sent events, and take none of them."""
        with socket.socket() as small:
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            small.connect(("127.0.0.1", self.port))
            head = f"GET /api/v1/events?topics={topics} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {self.token}\r\n\r\n"
            small.sendall(head.encode())
            yield

    @asynccontextmanager
    async def listener(self, query: str = "", **options: Any) -> AsyncIterator["Listener"]:
        """Connect over a WebSocket."""
        address = f"ws://127.0.0.1:{self.port}/api/v1/stream{query}"
        async with websockets.connect(address, additional_headers=self.headers, **options) as connection:
            yield Listener(connection)


class Listener:
    """Somebody who listens, and keeps what was said."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    async def say(self, **request: Any) -> None:
        """Send a request."""
        await self.connection.send(json.dumps(request))

    async def until(self, *keys: str, **fields: Any) -> dict[str, Any]:
        """Return the next message that has *keys* and these *fields*; what comes before is kept."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message: dict[str, Any] = json.loads(await self.connection.recv())
                self.heard.append(message)
                if all(key in message for key in keys) and fields.items() <= message.items():
                    return message

    def last(self, topic: str) -> str:
        """Return the `id` of the newest that was heard of *topic*."""
        return str([one["id"] for one in self.heard if one.get("topic") == topic][-1])

    def data(self, topic: str) -> list[Any]:
        """Return what was heard of *topic*."""
        return [one["data"] for one in self.heard if one.get("topic") == topic and "data" in one]


@asynccontextmanager
async def serving(url: str, desk: str, folder: Path) -> AsyncIterator[Gateway]:
    """Serve *desk* while the block runs."""
    settings = Settings(
        redis_url=url,
        desk=desk,
        config=Path(__file__).parents[2] / "config",
        archive=str(folder / "archive"),
        history=folder / "history",
        gateway_tokens=folder / "tokens.json",
    )
    tokens = TokenFile(settings.gateway_tokens)
    token = tokens.issue(f"reader-{len(tokens.tokens())}", Scope.READ, SystemClock().now_ns())
    app = FastAPI(lifespan=stream.lifespan)
    app.state.settings = settings
    app.state.doorkeeper = Doorkeeper(tokens, 1000)
    problems.install(app)
    app.include_router(stream.router, prefix="/api/v1")
    app.include_router(market.router, prefix="/api/v1")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        end_stuck(listening, STUCK_MS)
        config = uvicorn.Config(
            app,
            log_config=None,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110  (it has no event to wait for)
            await asyncio.sleep(0.01)
        await asyncio.wait_for(app.state.hubs.own.ready.wait(), PATIENCE_S)
        try:
            yield Gateway(app, server, listening.getsockname()[1], token)
        finally:
            server.should_exit = True
            await task


def write(log: RedisLog, *messages: Message) -> list[str]:
    """Write messages on their streams; return their ids."""
    outputs: Sequence[Output] = [Output(STREAM_OF[type(one)], encode(one)) for one in messages]
    return [one.decode() for one in log.append(outputs)]


def fills(count: int, first: int = 0) -> list[Fill]:
    """Return trades of the orders `o-<number>`."""
    return [a_fill(order_id=f"o-{number}", event_ns=after(number)) for number in range(first, first + count)]


async def until(true: Callable[[], Any], what: str) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  (what is waited for knows of no event)
            await asyncio.sleep(0.02)
    assert true(), what
