"""The application: who may ask, the routes, the page. Built from the settings; nothing connects here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from sauda.hand.exchange import Copies
from sauda.settings import Settings
from sauda.tokens import TokenFile
from sauda_gateway import market, problems, reference, schemas, stream
from sauda_gateway.asking import PROBLEMS
from sauda_gateway.audit import Audit
from sauda_gateway.auth import Doorkeeper
from sauda_gateway.bodies import BodyLimit
from sauda_gateway.desks import Desks
from sauda_gateway.headers import SecurityHeaders
from sauda_gateway.replays import Replays
from sauda_gateway.routes import (
    causes,
    control,
    equity,
    health,
    portfolio,
    replaying,
    session,
    strategies,
    system,
    trading,
)
from sauda_gateway.sent_lately import SentLately

API: Final = "/api/v1"
ROUTES: Final = (session, system, control, trading, portfolio, equity, strategies, causes, replaying)
PAGE: Final = Path(__file__).parent / "static"


def make_app(settings: Settings, desks: Desks | None = None) -> FastAPI:
    """Return the gateway's application.

    Args:
        settings: As the service was started with.
        desks: The desks that it shows, followed by somebody; None: those of the settings, not followed yet.
    """
    app = FastAPI(
        title="Sauda",
        version="1",
        description="A paper-trading desk for Indian derivatives. Money in int paise, times in UTC nanoseconds.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.desks = desks or Desks(settings)
    app.state.doorkeeper = Doorkeeper(TokenFile(settings.gateway_tokens), settings.gateway_rate)
    app.state.copies = Copies(settings, settings.desk)
    app.state.replays = Replays(settings)
    app.state.sent_lately = SentLately()
    app.openapi = lambda: schemas.document(app)  # type: ignore[method-assign]
    problems.install(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(Audit)
    app.add_middleware(SecurityHeaders)
    app.include_router(health.router)
    app.include_router(health.router, prefix=API, include_in_schema=False)
    for group in (*ROUTES, stream, market):
        app.include_router(group.router, prefix=API, responses=PROBLEMS)
    reference.install(app, f"{API}/docs")
    # Last: what is no route is a file of the page.
    if (PAGE / "index.html").is_file():
        app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run what lives as long as the server: the hub of the streams, and replays."""
    async with stream.lifespan(app):
        yield
    app.state.replays.close()
