"""How long requests take, by route and outcome: figures for the page of the gateway's metrics, kept where that is asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sauda.clock import monotonic_s
from sauda.metrics import measures
from sauda.metrics.measures import Reading
from sauda.metrics.tally import ANSWER_S, Distribution

if TYPE_CHECKING:
    from fastapi import FastAPI

NO_ROUTE = "other"
"""Files of the page, and whatever people try: a path is their own words, and they are without end."""
_BROKEN = 500
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class RequestFigures:
    """See `sauda.metrics.measures.Figures`."""

    def __init__(self) -> None:
        self._took: dict[tuple[str, str, str], Distribution] = {}
        """(method, route, status) -> seconds"""

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered with *status*."""
        labels = (method if method in METHODS else NO_ROUTE, route, f"{status // 100}xx")
        took = self._took.get(labels)
        if took is None:
            took = self._took[labels] = Distribution(ANSWER_S)
        took.note(seconds)

    def readings(self) -> list[Reading]:
        """See `Figures`."""
        return [Reading(measures.REQUESTS, labels, took) for labels, took in list(self._took.items())]


class MeasuredRequests:
    """Measures each request until its answer begins: one that streams for hours has been answered long before its end."""

    def __init__(
        self, app: ASGIApp, figures: RequestFigures, seconds: Callable[[], float] = monotonic_s
    ) -> None:
        self._app = app
        self._figures = figures
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun_s, is_noted = self._seconds(), False

        def note(status: int) -> None:
            nonlocal is_noted
            is_noted = True
            # Known by now: the router has put it there. An address as it was typed would be a label without end.
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            self._figures.note(scope["method"], route, status, self._seconds() - begun_s)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            # Its answer is made further out, and is the one that most deserves to be counted.
            if not is_noted:
                note(_BROKEN)
            raise


def measured(app: "FastAPI") -> RequestFigures:
    """Keep figures of what *app* is asked from now on."""
    figures = RequestFigures()
    app.add_middleware(MeasuredRequests, figures=figures)
    return figures
