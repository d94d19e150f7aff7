"""A service says over HTTP how it is: figures, whether it lives, whether it can work. It goes on though its port is taken."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sauda.health import MAX_AGE_S, Health
from sauda.metrics import endpoint as endpoints
from sauda.metrics import measures
from sauda.metrics.endpoint import Endpoint
from sauda.metrics.measures import Reading
from sauda.metrics.roles import endpoint_of
from sauda.runner import Stop
from sauda.service import Role
from sauda.settings import Settings


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def idle(_stop: Stop) -> None:
    """Do nothing: these roles are not run."""


@contextmanager
def served(health: Health, *roles: Role) -> Iterator[int]:
    with endpoint_of(Settings(metrics_port=0), health, lambda: roles) as endpoint:
        assert endpoint.bound.wait(10)
        yield endpoint.port


def test_ready_and_health_say_what_the_service_last_said_of_itself() -> None:
    health = Health(None, "execution")
    with served(health) as port:
        before = asked(port, "/health")[0], asked(port, "/ready")[0]
        health.report(False, why="Redis is away")
        waiting = asked(port, "/health")[0], asked(port, "/ready")
        health.report(True)
        works = asked(port, "/ready")

    assert before == (503, 503)
    assert (waiting[0], waiting[1][0]) == (200, 503)
    assert json.loads(waiting[1][1])["why"] == "Redis is away"
    assert works[0] == 200
    assert json.loads(works[1])["service"] == "execution"


def test_a_service_that_hangs_is_neither_alive_nor_ready() -> None:
    health = Health(None, "execution")
    health.report(True)
    assert health.last is not None
    with served(health) as port:
        health.last = health.last._replace(
            written_monotonic_s=health.last.written_monotonic_s - MAX_AGE_S - 1
        )

        assert asked(port, "/health")[0] == asked(port, "/ready")[0] == 503


def test_the_page_tells_of_the_process_and_of_each_role() -> None:
    class Told:
        def readings(self) -> list[Reading]:
            return [Reading(measures.ALERTS, ("warning", "STALE"), 2)]

    facts: dict[str, object] = {"phase": "holding", "handled": 17, "heeds": True, "names": ["a"]}
    one = Role("one", idle, lambda: True, lambda: facts, figures=Told())
    other = Role("other", idle, lambda: True, figures=Told(), failure="ValueError: no luck")
    with served(Health(None, "test"), one, other) as port:
        lines = asked(port, "/metrics")[1].decode().splitlines()

    assert 'sauda_role_ready{desk="live",role="one"} 1.0' in lines
    assert 'sauda_role_ready{desk="live",role="other"} 0.0' in lines
    assert 'sauda_role_phase{desk="live",phase="holding",role="one"} 1.0' in lines
    assert 'sauda_role_phase{desk="live",phase="failed",role="other"} 1.0' in lines
    assert 'sauda_role_fact{desk="live",fact="handled",role="one"} 17.0' in lines
    assert not any("heeds" in line for line in lines)
    # Two units of one process may have raised the same alert: the sum of both, once.
    assert [line for line in lines if line.startswith("sauda_alerts_total")] == [
        'sauda_alerts_total{code="STALE",desk="live",level="warning"} 4.0'
    ]
    assert any(line.startswith("process_resident_memory_bytes") for line in lines)


def test_other_pages_are_not_there() -> None:
    with served(Health(None, "test")) as port:
        status, said = asked(port, "/")

    assert status == 404
    assert b"/metrics" in said


def test_a_port_that_is_taken_is_tried_again_and_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "AGAIN_S", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        page = Endpoint("127.0.0.1", port, "live", Health(None, "test"), list)
        with page:
            assert not page.bound.wait(0.1)
            taken.close()

            assert page.bound.wait(10)
            assert asked(port, "/metrics")[0] == 200


def test_one_that_hangs_up_early_or_says_nothing_disturbs_nobody() -> None:
    with served(Health(None, "test")) as port:
        with (
            socket.create_connection(("127.0.0.1", port)) as silent,
            socket.create_connection(("127.0.0.1", port)),
        ):
            silent.sendall(b"GET /metrics")
            assert asked(port, "/metrics")[0] == 200
        assert asked(port, "/health")[0] == 503
