"""Conversations over the WebSocket: the frames a client sends, and the rounds in which it is told news.

One socket per user: a second one kicks the first, as the real broker does.
"""

import asyncio
import json
from collections.abc import Coroutine, Iterator

from aiohttp import WSMsgType, web

from sauda_simulator.fault_kinds import Drop, ExpireSession, HalfFrame, Kick, Malformed, Mute
from sauda_simulator.faults import Faults
from sauda_simulator.login import SESSION_EXPIRED, Logins
from sauda_simulator.market_clock import MarketClock
from sauda_simulator.sockets import Connection

SLOWEST_ROUND_S = 0.25
"""At 1x a liquid option is looked at four times a second."""
FASTEST_ROUND_S = 0.05
"""At any speed nobody is sent more than twenty updates of an instrument in a wall second."""
_GOING_AWAY = 1001
_HALF_FRAME = b'\x81\x7e\x00\xc8{"t":"tf","e":"NSE","tk":"26000","lp":"2'
"""The head of a text frame of 200 bytes, and the first of them."""
_KICKED = 1008


def round_s(speed: float) -> float:
    """Return the wall seconds between two looks at the market at *speed*."""
    return max(FASTEST_ROUND_S, min(SLOWEST_ROUND_S, SLOWEST_ROUND_S / speed))


class Sockets:
    """All open sockets."""

    def __init__(self, market: MarketClock, logins: Logins, faults: Faults) -> None:
        self._market = market
        self._logins = logins
        self._faults = faults
        self._open: dict[Connection, tuple[web.WebSocketResponse, web.Request]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        """Keeps tasks alive until they are done."""

    def connections(self) -> Iterator[Connection]:
        """Yield the open connections."""
        yield from self._open

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one conversation, from the upgrade to the end of the socket."""
        # We answer pings ourselves: a muted socket must not.
        channel = web.WebSocketResponse(autoping=False, timeout=2.0, compress=False)
        await channel.prepare(request)
        connection = Connection(channel, self._market, self._faults)
        connection.muted = self._faults.take("mute_sockets")
        self._open[connection] = (channel, request)
        rounds = asyncio.create_task(self._rounds(connection))
        try:
            await self._listen(connection, channel)
        except ConnectionResetError:
            pass  # the client went away while we were talking
        finally:
            self._open.pop(connection, None)
            rounds.cancel()
        return channel

    def apply(self, fault: object) -> None:
        """Do what a fault does to the open sockets at once."""
        match fault:
            case Mute():
                for connection in self._open:
                    connection.muted = True
            case Drop(code=int() as code):
                self._close_all(code, "dropped")
            case Drop():
                self._abort_all()
            case Kick():
                self._close_all(_KICKED, "another session")
            case ExpireSession(drop=drop):
                self._expire(drop=drop)
            case HalfFrame():
                self._abort_all(_HALF_FRAME)
            case Malformed(text=text):
                self._send_all(text)

    async def close(self) -> None:
        """Say goodbye to everybody: the simulator stops."""
        await asyncio.gather(*(one.close(_GOING_AWAY, "server stops") for one in list(self._open)))

    async def _listen(self, connection: Connection, channel: web.WebSocketResponse) -> None:
        async for message in channel:
            if connection.muted:
                continue
            if message.type is WSMsgType.PING:
                await channel.pong(message.data)
            elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await self._hear(connection, message.data)

    async def _hear(self, connection: Connection, text: str | bytes) -> None:
        try:
            asked = json.loads(text)
        except ValueError:
            return  # the real server does not comment on nonsense
        if not isinstance(asked, dict):
            return
        kind = asked.get("t")
        if kind == "c":
            await self._greet(connection, asked)
        elif connection.user is not None:
            await self._serve_request(connection, kind, str(asked.get("k", "")))

    async def _greet(self, connection: Connection, asked: dict[str, object]) -> None:
        user = str(asked.get("uid"))
        if not self._logins.is_valid(asked.get("susertoken"), user):
            await connection.send(
                json.dumps({"t": "ck", "uid": user, "s": "Not_Ok", "emsg": SESSION_EXPIRED})
            )
            return
        if not self._faults.second_socket:
            for other in list(self._open):
                if other is not connection and other.user == user:
                    self._soon(other.close(_KICKED, "another session"))
        connection.user = user
        await connection.send(json.dumps({"t": "ck", "uid": user, "s": "OK"}))

    async def _serve_request(self, connection: Connection, kind: object, keys: str) -> None:
        match kind:
            case "t" | "d":
                for key in filter(None, keys.split("#")):
                    await self._subscribe(connection, key, deep=kind == "d")
            case "u" | "ud":
                for key in filter(None, keys.split("#")):
                    connection.unsubscribe(key, deep=kind == "ud")
                await connection.send(json.dumps({"t": f"{kind}k", "k": keys}))
            case "o":
                await connection.send('{"t":"ok"}')

    async def _subscribe(self, connection: Connection, key: str, *, deep: bool) -> None:
        wanted = connection.subscribe(key, deep=deep)
        if wanted is None:
            return
        # A contract that nobody followed yet sums up its day first: let others go on meanwhile.
        await asyncio.sleep(0)
        frame = connection.acknowledgement(wanted)
        if frame is not None:
            await connection.send(frame)

    async def _rounds(self, connection: Connection) -> None:
        pause_s = round_s(self._market.plan.speed)
        while True:
            await asyncio.sleep(pause_s)
            if connection.muted or not connection.subscriptions or self._market.moment()[1] is None:
                continue
            try:
                await connection.tell()
            except ConnectionResetError:
                return  # the listener ends the conversation

    def _expire(self, *, drop: bool) -> None:
        self._logins.expire()
        if drop:
            self._abort_all()

    def _send_all(self, text: str) -> None:
        for connection in list(self._open):
            self._soon(connection.send(text))

    def _abort_all(self, last_words: bytes = b"") -> None:
        for _, request in list(self._open.values()):
            if request.transport is not None:
                if last_words:
                    request.transport.write(last_words)
                request.transport.abort()

    def _close_all(self, code: int, why: str) -> None:
        for connection in list(self._open):
            self._soon(connection.close(code, why))

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
