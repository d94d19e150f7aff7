"""The API's documents are whole: each reference leads somewhere, and docs/api.md names each operation and no other."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute

from sauda.settings import Settings
from sauda_gateway.app import API, make_app
from sauda_gateway.lanes import LanedRoute

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return make_app(Settings()).openapi()


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(references, part.values()))
    return set().union(*map(references, part)) if isinstance(part, list) else set()


def test_each_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    there = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert references(document) - there == set()


def test_each_answer_but_an_empty_one_has_a_schema(document: dict[str, Any]) -> None:
    without = [
        f"{method} {path} {status}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for status, answer in operation["responses"].items()
        if status[0] == "2" and status != "204" and not str(answer.get("content", "")).count("$ref")
    ]

    assert [one for one in without if not re.search("quotes|bars|chain|instruments|events", one)] == []


def test_no_route_stands_outside_the_document(document: dict[str, Any]) -> None:
    """What tests derive from the document is asked of every route; these few others are written down here."""
    outside = {f"{API}/openapi.json", f"{API}/docs", f"{API}/health", f"{API}/ready", f"{API}/stream"}
    routes = {
        str(one.path).replace(":path}", "}"): one
        for one in iter_route_contexts(make_app(Settings()).routes)
        if one.path
    }
    sockets = [path for path, one in routes.items() if isinstance(one.original_route, WebSocketRoute)]

    assert set(routes) - set(document["paths"]) == outside
    assert sockets == [f"{API}/stream"]


def test_each_operation_of_a_route_is_in_the_document(document: dict[str, Any]) -> None:
    there = {(method, path) for path, methods in document["paths"].items() for method in methods}
    of_routes = {
        (method.lower(), str(one.path).replace(":path}", "}"))
        for one in iter_route_contexts(make_app(Settings()).routes)
        if isinstance(one.original_route, LanedRoute)
        for method in one.methods or ()
    }

    assert len(of_routes) > 30
    assert of_routes <= there


def test_the_page_names_each_operation_and_no_other(document: dict[str, Any]) -> None:
    there = {
        f"{method.upper()} {path.removeprefix(API)}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    table = PAGE.read_text().partition("## What there is")[2].partition("\n## ")[0]

    assert set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`", table)) == there


def test_the_reference_needs_no_script_and_its_links_lead_somewhere() -> None:
    async def asked() -> str:
        transport = httpx.ASGITransport(make_app(Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return (await client.get(f"{API}/docs")).text

    page = asyncio.run(asked())

    assert "<script" not in page
    assert "http://" not in page.replace("https://", "http://")
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
    assert "POST /api/v1/orders" in page
