"""The application: who may ask, the routes, the page. Built from the settings; nothing connects here."""

import importlib.util
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from sauda.settings import Settings
from sauda.tokens import TokenFile
from sauda_gateway import problems
from sauda_gateway.auth import Doorkeeper
from sauda_gateway.desk import Desks
from sauda_gateway.headers import SecurityHeaders
from sauda_gateway.routes import health

API: Final = "/api/v1"
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
        docs_url=f"{API}/docs",
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.desks = desks or Desks(settings)
    app.state.doorkeeper = Doorkeeper(TokenFile(settings.gateway_tokens), settings.gateway_rate)
    problems.install(app)
    app.add_middleware(SecurityHeaders)
    app.include_router(health.router)
    app.include_router(health.router, prefix=API, include_in_schema=False)
    _include_streams(app)
    # Last: what is no route is a file of the page.
    if (PAGE / "index.html").is_file():
        app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app


def _include_streams(app: FastAPI) -> None:
    for name in ("stream", "market"):
        if importlib.util.find_spec(f"sauda_gateway.{name}") is not None:
            package = importlib.import_module(f"sauda_gateway.{name}")
            app.include_router(package.router, prefix=API)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run what lives as long as the server: the hub of the streams."""
    async with AsyncExitStack() as stack:
        if importlib.util.find_spec("sauda_gateway.stream") is not None:
            package = importlib.import_module("sauda_gateway.stream")
            await stack.enter_async_context(package.lifespan(app))
        yield
