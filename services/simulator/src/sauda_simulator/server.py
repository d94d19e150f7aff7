"""One HTTP server for everything: REST, WebSocket, symbol masters, admin."""

import asyncio
import json
from collections import Counter

from aiohttp import web

from sauda.margin import MarginBook
from sauda_simulator.admin import Admin
from sauda_simulator.faults import Faults
from sauda_simulator.login import WRONG_PASSWORD, Logins
from sauda_simulator.market_clock import MarketClock
from sauda_simulator.masters import HEADERS, master_zip
from sauda_simulator.publisher import Sockets
from sauda_simulator.rest import RestApi

BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class Server:
    """Routes requests to whoever answers them, and lets faults in between."""

    def __init__(self, market: MarketClock, logins: Logins, margins: MarginBook) -> None:
        self._market = market
        self._faults = Faults()
        self._rest = RestApi(market, logins, margins)
        self.sockets = Sockets(market, logins, self._faults)
        self._calls: Counter[str] = Counter()
        self._admin = Admin(market, logins, self._faults, self.sockets, self._calls)

    def app(self) -> web.Application:
        """Return the application; clients write `//` where one slash would do, so paths end in a pattern."""
        app = web.Application()
        app.add_routes(self._admin.routes())
        app.add_routes(
            [
                web.post("/NorenWClientTP{tail:/.*}", self.rest),
                web.get("/NorenWSTP{tail:/?.*}", self.websocket),
                web.get("/{slashes:/*}{exchange:[A-Z]+}_symbols.txt.zip", self.master),
            ]
        )
        return app

    async def rest(self, request: web.Request) -> web.Response:
        """Answer one REST call; the last part of the path is the route."""
        if self._faults.rest_ms:
            await asyncio.sleep(self._faults.rest_ms / 1000)
        route = request.path.rpartition("/")[2]
        self._calls[route] += 1
        if route == "SpanCalc" and (spoilt := await self._spoilt_span()) is not None:
            return spoilt
        if self._faults.take("http_502"):
            return _bad_gateway()
        if route == "QuickAuth" and self._faults.take("refuse_login"):
            return web.json_response({"stat": "Not_Ok", "emsg": WRONG_PASSWORD})
        # The client names no content type: the body is read raw, never as a form.
        body = (await request.read()).decode("utf-8", errors="replace")
        try:
            reply = self._rest.answer(route, body)
        except KeyError:
            return web.Response(status=404, text=f"no such route: {request.path}")
        if callable(reply):
            # A month of charts takes seconds: quotes go on meanwhile.
            reply = await asyncio.to_thread(reply)
        return web.Response(text=json.dumps(reply), content_type="application/json")

    async def _spoilt_span(self) -> web.Response | None:
        """Let SpanCalc be slow, or fail; None is neither."""
        if self._faults.span_ms:
            await asyncio.sleep(self._faults.span_ms / 1000)
        if not self._faults.take("failing_span"):
            return None
        text = self._faults.span_text
        return _bad_gateway() if text is None else web.Response(text=text, content_type="application/json")

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """Hold a WebSocket conversation."""
        if self._faults.take("ws_502"):
            return _bad_gateway()
        return await self.sockets.serve(request)

    async def master(self, request: web.Request) -> web.Response:
        """Return the symbol master of an exchange."""
        exchange = request.match_info["exchange"]
        if exchange not in HEADERS:
            return web.Response(
                status=404, text=f"no symbol master of {exchange}: take one of {', '.join(HEADERS)}"
            )
        packed = master_zip(exchange, self._market.day().contracts)
        return web.Response(body=packed, content_type="application/zip")


def _bad_gateway() -> web.Response:
    return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")
