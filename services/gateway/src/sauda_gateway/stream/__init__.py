"""What happens on a desk, as it happens: followed once for the whole process, sent to any number of clients.

    Redis ──XREAD──► follower (a thread) ──► hub ──► topics: made once ──► client ──► WebSocket or server-sent events

Read in this order: `topics`, `follower`, `ring`, `cursor`, `client`, `events`, `board`, `hub`, `hubs`, then the two routers.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from sauda_gateway.stream import sse, websocket
from sauda_gateway.stream.hubs import Hubs

router = APIRouter()
router.include_router(websocket.router)
router.include_router(sse.router)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Follow the desk of `app.state.settings` while the server runs; the hubs are `app.state.hubs`."""
    status = getattr(getattr(app.state, "desks", None), "status", None)
    hubs = app.state.hubs = Hubs(app.state.settings, status)
    async with hubs.running():
        yield
