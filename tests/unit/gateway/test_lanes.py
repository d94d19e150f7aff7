"""Each route waits for threads of its own kind, and no queue grows."""

import asyncio
import inspect
import threading
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from sauda.settings import Settings
from sauda_gateway.app import API, make_app
from sauda_gateway.lanes import CHANGES, CONTROL, ORDERS, QUICK, SLOW, Lane, lane_of, run
from sauda_gateway.problems import ProblemError

AWAY = {
    ("GET", "/why/{asked:path}"),
    ("GET", "/dead-letters"),
    ("GET", "/equity"),
    ("GET", "/strategies"),
    ("GET", "/strategies/{instance}"),
    ("GET", "/strategies/{instance}/rules"),
    ("GET", "/replays"),
    ("POST", "/replays"),
    ("DELETE", "/replays/{replay_id}"),
}
"""What reads more than memory, or waits for a process."""
ASKED_BY_POST = {("POST", "/orders/preview")}
CHANGED = {("PATCH", "/orders/{order_id}"), ("DELETE", "/orders/{order_id}")}


def expected(method: str, path: str) -> Lane:
    if (method, path) in AWAY:
        return SLOW
    if method == "GET" or (method, path) in ASKED_BY_POST:
        return QUICK
    if (method, path) in CHANGED:
        return CHANGES
    return CONTROL if path.startswith("/control/") else ORDERS


def test_each_route_runs_on_the_loop_or_in_the_lane_of_its_kind() -> None:
    found: dict[tuple[str, str], Lane] = {}
    for route in iter_route_contexts(make_app(Settings()).routes):
        if not isinstance(route.original_route, APIRoute):
            continue
        assert inspect.iscoroutinefunction(route.endpoint), (
            f"{route.path} would run among everybody's threads"
        )
        if (lane := lane_of(route.endpoint)) is not None:
            found |= {(method, str(route.path).removeprefix(API)): lane for method in route.methods or ()}

    assert {key: lane for key, lane in found.items() if lane != expected(*key)} == {}
    assert len(found) > 30
    assert set(found) >= AWAY | ASKED_BY_POST | CHANGED


def test_no_dependency_runs_among_everybodys_threads() -> None:
    routes = iter_route_contexts(make_app(Settings()).routes)
    waiting = [one.dependant for one in routes if isinstance(one.original_route, APIRoute)]
    seen: set[Any] = set()
    while waiting:
        one = waiting.pop()
        waiting += one.dependencies
        seen.add(one.call)

    def is_on_loop(call: Any) -> bool:
        return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(call.__call__)

    assert len(seen) > 30
    assert [call for call in seen if not is_on_loop(call)] == []


def test_who_finds_too_many_waiting_is_sent_away_and_the_others_are_served() -> None:
    lane, rest = Lane("tried", 1, 2), threading.Event()

    async def ask() -> list[object]:
        waiting = [asyncio.create_task(run(lane, rest.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        try:
            with pytest.raises(ProblemError, match="2 requests wait already") as refusal:
                await run(lane, rest.wait)
        finally:
            rest.set()
        return [refusal.value.status, *await asyncio.gather(*waiting)]

    assert asyncio.run(ask()) == [503, True, True, True]
