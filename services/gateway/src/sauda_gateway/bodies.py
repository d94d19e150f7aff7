"""How much a request may bring: whoever reads whatever comes runs out of memory, and a body is read before a token is asked for."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sauda_gateway.problems import answer

LONGEST: Final = 256 * 1024
"""Bytes; a hundred rules are a tenth of it."""
_DIGITS: Final = 12
_STATUS: Final = 413
_WHY: Final = f"a request brings {LONGEST} bytes at the most"


class BodyLimit:
    """Refuses what says that it is longer, and stops reading what turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _is_too_long(Headers(scope=scope).get("content-length", "")):
            await answer(_STATUS, _WHY, headers={"Connection": "close"})(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LONGEST:
                raise HTTPException(_STATUS, _WHY, {"Connection": "close"})
            return message

        await self._app(scope, counted, send)


def _is_too_long(said: str) -> bool:
    return said.isdecimal() and (len(said) > _DIGITS or int(said) > LONGEST)
