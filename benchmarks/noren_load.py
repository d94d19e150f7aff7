"""A broker that sends as fast as its client takes, or at a rate: the simulator's server with another WebSocket behind it.

    python -m benchmarks.noren_load instruments=2000      # settings as for the simulator; started by benchmarks.feed

Login, symbol masters and inquiries are the simulator's own. `GET /load` says how many frames were sent, how many instruments are
subscribed, and how far the market's clock is ahead of this machine's; with `?said` what was said last of each instrument;
`POST /load` with `{"until": 60000, "rate": 0}` sends up to so many, at so many a second (0: as fast as they are taken).
In between an instrument is told of four times a second, so that nobody takes the socket for dead.
"""

import asyncio
import json
import sys
from collections.abc import Iterator

from aiohttp import WSMsgType, web

from benchmarks.noren_frames import Frames, frames_of
from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, SystemClock, ist_date, monotonic_s
from sauda.margin import load_margins
from sauda.settings import Settings, load_settings
from sauda_simulator.__main__ import account_of
from sauda_simulator.anchor import AnchorFile, AnchorRecord
from sauda_simulator.login import Logins
from sauda_simulator.market.day import trading_day
from sauda_simulator.market_clock import MarketClock, MarketPlan
from sauda_simulator.server import Server
from sauda_simulator.sockets import Connection

_CHAINS = 2 * 3 * 2
"""Underlyings, expiries, and rights of each: so many contracts has a strike."""
_LATER_NS = 5 * 3600 * NS_PER_S
"""The market stands so long after the open: no feed time of ours is of the future."""
_CHUNK = 100
_IDLE_S = 0.25
_BUFFERED = 65_536
"""Bytes that may wait here for a slow client."""


class Load:
    """The sequence of frames, and the one client that gets them."""

    def __init__(self, frames: Frames, market: MarketClock) -> None:
        self.frames = frames
        self._market = market
        self.sent = 0
        self._until = 0
        self._rate = 0.0
        self._began = (0.0, 0)
        """When the present rate began, and with which frame."""
        self._sent_s = 0.0
        self._places = {one.key: place for place, one in enumerate(frames.contracts)}
        self._subscribed: set[int] = set()
        self._told = asyncio.Event()

    def connections(self) -> Iterator[Connection]:
        """Return nothing: nobody may break this line."""
        yield from ()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold the conversation with a client."""
        channel = web.WebSocketResponse(compress=False)
        await channel.prepare(request)
        self._subscribed = set()
        sending = asyncio.create_task(self._send(request))
        try:
            async for message in channel:
                if message.type is WSMsgType.TEXT:
                    await self._hear(channel, json.loads(message.data))
        finally:
            sending.cancel()
        return channel

    async def state(self, request: web.Request) -> web.Response:
        """Say how far the sequence is; with `?said` also what was said last of each instrument."""
        facts: dict[str, object] = {
            "sent": self.sent,
            "subscribed": len(self._subscribed),
            "ahead_ns": self._market.now_ns() - self._market.wall_ns(),
        }
        if "said" in request.query:
            facts["base_s"] = self.frames.base_s
            facts["keys"] = [one.key for one in self.frames.contracts]
            last = [self.frames.last(place, self.sent) for place in range(self.frames.size)]
            facts["said"] = {
                f"{one.exchange}:{one.trading_symbol}": said.values | {"ft": str(said.feed_s)}
                for one, said in zip(self.frames.contracts, last, strict=True)
            }
        return web.json_response(facts)

    async def go(self, request: web.Request) -> web.Response:
        """Send on."""
        asked = await request.json()
        self._until, self._rate = int(asked["until"]), float(asked["rate"])
        self._began = (monotonic_s(), self.sent)
        self._told.set()
        return web.json_response({"sent": self.sent})

    async def _hear(self, channel: web.WebSocketResponse, asked: dict[str, str]) -> None:
        match asked["t"]:
            case "c":
                await channel.send_json({"t": "ck", "uid": asked["uid"], "s": "OK"})
            case "t":
                for key in asked["k"].split("#"):
                    if (place := self._places.get(key)) is not None:
                        await channel.send_str(self.frames.snapshot(place, self.sent))
                        self._subscribed.add(place)
            case "o":
                await channel.send_json({"t": "ok"})

    async def _send(self, request: web.Request) -> None:
        transport = request.transport
        while transport is not None and not transport.is_closing():
            count = self._due() if len(self._subscribed) >= self.frames.size else 0
            if not count or transport.get_write_buffer_size() > _BUFFERED:
                await self._pause()
                continue
            transport.write(self.frames.wire(self.sent, count))
            self.sent += count
            self._sent_s = monotonic_s()
            # One turn for everybody else: pings want an answer.
            await asyncio.sleep(0)

    def _due(self) -> int:
        """Return how many frames may go out now."""
        left = self._until - self.sent
        if left <= 0:
            return int(monotonic_s() - self._sent_s >= _IDLE_S)
        if not self._rate:
            return min(_CHUNK, left)
        began_s, first = self._began
        due = first + int((monotonic_s() - began_s) * self._rate) - self.sent
        return max(0, min(_CHUNK, due, left))

    async def _pause(self) -> None:
        self._told.clear()
        try:
            await asyncio.wait_for(self._told.wait(), 0.001)
        except TimeoutError:
            return


def server_of(settings: Settings, instruments: int) -> web.Application:
    """Build the broker."""
    wall, calendar = SystemClock(), load_calendar(settings.config / "market")
    anchors, now_ns = AnchorFile(settings.sim_data), wall.now_ns()
    hours = trading_day(calendar, settings.sim_date or ist_date(now_ns))
    anchors.write(AnchorRecord(now_ns, hours.open_ns + _LATER_NS, 1.0, settings.sim_date, now_ns))
    # A tenth more than is needed: not all of them are quoted all the time.
    strikes = instruments * 11 // (10 * 2 * _CHAINS)
    plan = MarketPlan(settings.sim_seed, settings.underlyings, 1.0, settings.sim_date, strikes)
    market = MarketClock(plan, calendar, wall, anchors)
    server = Server(market, Logins(account_of(settings), wall), load_margins(settings.config / "market"))
    load = Load(frames_of(market.day(), instruments), market)
    server.sockets = load  # type: ignore[assignment]
    app = server.app()
    app.add_routes([web.get("/load", load.state), web.post("/load", load.go)])
    return app


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM."""
    asked = dict(one.split("=", 1) for one in arguments)
    settings = load_settings()
    app = server_of(settings, int(asked.get("instruments", "2000")))
    web.run_app(app, host=settings.sim_host, port=settings.sim_port, access_log=None, print=lambda *_: None)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
