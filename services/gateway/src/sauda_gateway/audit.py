"""The audit of what was refused, or changed nothing on the desk: every attempt to write leaves a line on the stream `audit`.

What does change something is written by `sauda_gateway.acting` in one step with its line. Of who asks too often, and of a stranger who
tries one thing after the other, there are some lines and then one a second: a flood must not fill the stream, and any page in a browser
of this machine can send one, though it is never let in.
"""

from typing import Any, Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sauda.clock import monotonic_s
from sauda.codec import encode
from sauda.errors import SaudaError
from sauda.log import Output
from sauda.logs import Channel, logger
from sauda_gateway.acting import audited
from sauda_gateway.auth import FAILURES_AT_ONCE, FAILURES_PER_S, SAFE, Caller, address_of
from sauda_gateway.desks import Desks
from sauda_gateway.lanes import AUDIT, run
from sauda_gateway.limits import Buckets
from sauda_gateway.problems import TITLES

_FLOOD: Final = 429
_BROKEN: Final = 500


class Audit:
    """Writes the lines."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._floods = Buckets(FAILURES_PER_S, FAILURES_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write down what came of it, before the answer leaves."""
        if scope["type"] != "http" or scope["method"] in SAFE or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def after_writing(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._write(request, message["status"])
            await send(message)

        try:
            await self._app(scope, receive, after_writing)
        except Exception:
            # Its answer is made further out.
            await self._write(request, _BROKEN)
            raise

    async def _write(self, request: Request, status: int) -> None:
        if getattr(request.state, "audited", False):
            return
        request.state.audited = True
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None or status == _FLOOD:
            whose = f"token {caller.name}" if caller else address_of(request)
            if self._floods.take(whose, monotonic_s()):
                return
        target: str = getattr(request.state, "target", "")
        line: Any = audited(request, target, f"{status} {TITLES.get(status, 'done').lower()}")
        desks: Desks = request.app.state.desks
        try:
            await run(AUDIT, lambda: desks.record().append([Output("audit", encode(line))]))
        except SaudaError as error:
            logger(Channel.APP).warning("not_audited", action=line.action, who=line.who, why=str(error))
