"""The simulator's own endpoints, which no real broker has: its clock, its state, its faults.

A feed may use `/admin/clock` (with a real broker the clock is wall time) and nothing else of these.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web

from sauda.errors import ConfigError
from sauda_simulator.fault_kinds import parse_fault
from sauda_simulator.faults import Faults
from sauda_simulator.login import Logins
from sauda_simulator.market.session import Stretch
from sauda_simulator.market_clock import MarketClock
from sauda_simulator.publisher import Sockets
from sauda_simulator.sockets import Connection


class Admin:
    """Handlers of everything under /admin/."""

    def __init__(
        self, market: MarketClock, logins: Logins, faults: Faults, sockets: Sockets, calls: Mapping[str, int]
    ) -> None:
        """*calls* counts the REST calls of each route since the start."""
        self._market = market
        self._logins = logins
        self._faults = faults
        self._sockets = sockets
        self._calls = calls

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [
            web.get("/admin/clock", self.clock),
            web.get("/admin/state", self.state),
            web.post("/admin/fault", self.fault),
        ]

    async def clock(self, request: web.Request) -> web.Response:
        """Say how wall time and market time belong together, from now to the next trading day."""
        market = self._market
        hours, following = market.day().hours, market.next_trading_day()
        return web.json_response(
            {
                "anchored": market.anchored,
                "wall_ns": market.wall_ns(),
                "market_ns": market.now_ns(),
                "speed": market.plan.speed,
                "date": hours.day.isoformat(),
                "open_ns": hours.open_ns,
                "close_ns": hours.close_ns,
                "next_date": following.day.isoformat(),
                "next_open_ns": following.open_ns,
                "next_close_ns": following.close_ns,
                "segments": [_segment(stretch) for stretch in market.stretches()],
            }
        )

    async def state(self, request: web.Request) -> web.Response:
        """Say who is logged in and connected, what they subscribed to, and what is wrong."""
        return web.json_response(
            {
                "logins": self._logins.count,
                "logged_in": self._logins.logged_in,
                "sockets": [_connection(one) for one in self._sockets.connections()],
                "faults": self._faults.shown(),
                "calls": dict(self._calls),
                "market_ns": self._market.now_ns(),
                "seed": self._market.plan.seed,
                "underlyings": list(self._market.plan.underlyings),
            }
        )

    async def fault(self, request: web.Request) -> web.Response:
        """Make something go wrong; 400 names what is not understood."""
        try:
            fault = parse_fault(json.loads(await request.text()))
        except ValueError:
            return web.json_response({"error": "the body is not JSON"}, status=400)
        except ConfigError as error:
            return web.json_response({"error": str(error)}, status=400)
        self._faults.set(fault)
        self._sockets.apply(fault)
        return web.json_response({"set": fault.model_dump(), "faults": self._faults.shown()})


def _segment(stretch: Stretch) -> dict[str, float]:
    facts = asdict(stretch)
    del facts["trading_day"]
    return facts


def _connection(one: Connection) -> dict[str, object]:
    return {
        "user": one.user,
        "muted": one.muted,
        "frames": one.frames,
        "subscriptions": [f"{'d' if deep else 't'} {key}" for key, deep in one.subscriptions],
    }
