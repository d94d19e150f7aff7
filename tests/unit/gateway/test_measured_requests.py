"""Requests are counted by route and outcome, never by what somebody typed."""

import asyncio
from itertools import count

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from sauda.metrics.tally import Distribution
from sauda_gateway.measured import MeasuredRequests, RequestFigures, measured


def an_app() -> FastAPI:
    app = FastAPI()

    @app.get("/orders/{order_id}")
    def order(order_id: str) -> str:
        if order_id == "gone":
            raise HTTPException(404)
        return order_id

    return app


def ask(app: FastAPI, *requests: tuple[str, str]) -> None:
    """Send (method, path) one after the other."""

    async def send() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            for method, path in requests:
                await client.request(method, path)

    asyncio.run(send())


def told(figures: RequestFigures) -> dict[tuple[str, ...], int]:
    return {
        one.labels: sum(one.value.counts) for one in figures.readings() if isinstance(one.value, Distribution)
    }


def test_a_request_is_of_its_route_whatever_stands_in_it() -> None:
    app = an_app()
    figures = measured(app)
    paths = ("/orders/1", "/orders/2", "/orders/gone", "/no/such/place", "/another")
    ask(app, *(("GET", path) for path in paths), ("BREW", "/orders/1"))

    assert told(figures) == {
        ("GET", "/orders/{order_id}", "2xx"): 2,
        ("GET", "/orders/{order_id}", "4xx"): 1,
        ("GET", "other", "4xx"): 2,
        ("other", "/orders/{order_id}", "4xx"): 1,
    }


def test_it_is_measured_until_the_answer_begins() -> None:
    figures, passed = RequestFigures(), count(10)
    app = an_app()
    app.add_middleware(MeasuredRequests, figures=figures, seconds=lambda: next(passed) / 2)
    ask(app, ("GET", "/orders/1"))

    (reading,) = figures.readings()
    assert isinstance(reading.value, Distribution)
    assert reading.value.total == pytest.approx(0.5)
