"""What somebody without a token can make the gateway do: answer, and nothing that grows."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from sauda.clock import monotonic_s
from sauda.codec import decode
from sauda.contracts import Audited, Scope
from sauda.log import Output
from sauda.settings import Settings
from sauda.tokens import TokenFile
from sauda_gateway import bodies, heads, problems
from sauda_gateway.app import make_app
from sauda_gateway.audit import Audit
from sauda_gateway.auth import FAILURES_AT_ONCE, FAILURES_PER_S, TRADE, Caller, Doorkeeper
from sauda_gateway.measured import measured
from sauda_gateway.server import HttpServer
from sauda_gateway.stream.client import Client
from sauda_gateway.stream.sockets import TAKEN_WITHIN_MS
from sauda_gateway.stream.websocket import still_valid


class Record:
    """Keeps what is appended."""

    def __init__(self) -> None:
        self.lines: list[Audited] = []

    def append(self, outputs: list[Output]) -> None:
        found = [decode(one.data) for one in outputs]
        self.lines += [one for one in found if isinstance(one, Audited)]


def an_app() -> tuple[FastAPI, Record]:
    """Return an app whose audit is kept."""
    app, record = FastAPI(), Record()
    app.state.desks = SimpleNamespace(record=lambda: record)
    problems.install(app)
    app.add_middleware(bodies.BodyLimit)
    app.add_middleware(Audit)

    @app.post("/api/orders")
    async def order(request: Request) -> int:
        if request.headers.get("x-break"):
            raise ZeroDivisionError
        return len(await request.body())

    return app, record


def ask(app: FastAPI, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
    """Send (method, path, how) one after the other."""

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return [await client.request(method, path, **how) for method, path, how in requests]

    return asyncio.run(send())


def test_a_flood_from_strangers_does_not_fill_the_audit() -> None:
    app, record = an_app()
    began_s = monotonic_s()

    answers = ask(app, *[("POST", f"/api/{'x' * 5_000}", {})] * 300)

    assert {one.status_code for one in answers} == {404}
    # Meanwhile, some more were allowed: many on a machine that is busy with other things.
    assert 0 < len(record.lines) <= FAILURES_AT_ONCE + FAILURES_PER_S * (monotonic_s() - began_s) + 1
    assert max(len(one.action) for one in record.lines) <= 200


def test_who_asks_too_often_is_in_the_audit_and_does_not_fill_it(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    headers = {"Authorization": f"Bearer {tokens.issue('asha', Scope.TRADE, 0)}"}
    app, record = an_app()
    app.state.doorkeeper = Doorkeeper(tokens, 0.5)
    app.put("/api/rules", dependencies=[TRADE])(lambda: "let in")

    answers = ask(app, *[("PUT", "/api/rules", {"headers": headers})] * 300)

    told = [(one.who, one.outcome) for one in record.lines]
    assert [one.status_code for one in answers[:2]] == [200, 429]
    assert told[:2] == [("asha", "200 done"), ("asha", "429 too many requests")]
    assert len(told) <= FAILURES_AT_ONCE + 10


def test_an_attempt_that_breaks_the_gateway_is_written_down_and_counted() -> None:
    app, record = an_app()
    figures = measured(app)

    (answer,) = ask(app, ("POST", "/api/orders", {"headers": {"X-Break": "1"}}))

    assert answer.status_code == 500
    assert [one.outcome for one in record.lines] == ["500 internal error"]
    assert [one.labels for one in figures.readings()] == [("POST", "/api/orders", "5xx")]


def test_a_body_is_read_as_far_as_it_may_go() -> None:
    app, _ = an_app()
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1_000):
            taken += 64 * 1024
            yield b"x" * 64 * 1024

    whole, said, unsaid = ask(
        app,
        ("POST", "/api/orders", {"content": b"x" * bodies.LONGEST}),
        ("POST", "/api/orders", {"content": b"x" * (bodies.LONGEST + 1)}),
        ("POST", "/api/orders", {"content": endless()}),
    )

    assert (whole.status_code, whole.json()) == (200, bodies.LONGEST)
    assert [said.status_code, unsaid.status_code] == [413, 413]
    assert unsaid.headers["content-type"] == "application/problem+json"
    assert taken <= bodies.LONGEST + 2 * 64 * 1024


@contextmanager
def served(app: FastAPI) -> Iterator[tuple[HttpServer, int]]:
    """Serve *app* as the service does, on a free port."""
    server, stop = HttpServer(app, Settings(gateway_port=0)), threading.Event()
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            stop.wait(0.01)
        assert server.port is not None
        yield server, server.port
    finally:
        stop.set()
        thread.join()


def test_headers_without_end_end_the_connection() -> None:
    app, _ = an_app()
    with served(app) as (_, port), socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: desk\r\nX-Long: ")
        with pytest.raises(OSError, match=r"reset|pipe"):
            wire.sendall(b"x" * 64_000_000)


def test_requests_one_after_the_other_with_bodies_are_no_long_head() -> None:
    app, _ = an_app()
    body = b"x" * (3 * heads.LONGEST)
    with served(app) as (_, port), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        found = [client.post("/api/orders", content=body).json() for _ in range(3)]

    assert found == [len(body)] * 3


def test_the_kernel_ends_who_takes_nothing() -> None:
    app, _ = an_app()
    with served(app) as (server, _):
        (one,) = server._server.listening()
        with socket.fromfd(one.fileno(), one.family, one.type) as same:
            assert same.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == TAKEN_WITHIN_MS


def test_what_is_no_json_is_wrong_as_a_whole() -> None:
    (answer,) = ask(
        make_app(Settings()),
        (
            "POST",
            "/api/v1/session",
            {"headers": {"Content-Type": "application/json"}, "content": b'{"token":'},
        ),
    )

    assert (answer.status_code, answer.json()["field"]) == (422, "body")


def test_who_asks_too_often_can_still_halt_the_desk(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    headers = {"Authorization": f"Bearer {tokens.issue('asha', Scope.TRADE, 0)}"}
    app, _ = an_app()
    app.state.doorkeeper = Doorkeeper(tokens, 0.5)
    for path in ("/fills", "/control/kill-switch"):
        app.get(path, dependencies=[TRADE])(lambda: "let in")

    *_, fills, halt, stranger = ask(
        app,
        *[("GET", "/fills", {"headers": headers})] * 5,
        ("GET", "/control/kill-switch", {"headers": headers}),
        ("GET", "/control/kill-switch", {}),
    )

    assert [fills.status_code, halt.status_code, stranger.status_code] == [429, 200, 401]


def test_who_listens_leaves_when_nobody_can_say_any_more_that_he_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.stream.websocket.CHECK_S", 0.0)
    tokens = TokenFile(tmp_path / "tokens.json")
    secret = tokens.issue("asha", Scope.READ, 0)
    keeper, client = Doorkeeper(tokens, 100), Client()
    connection = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(doorkeeper=keeper)))
    tokens.path.write_text("[{")

    asyncio.run(still_valid(connection, client, Caller("asha", Scope.READ, "127.0.0.1", False, secret)))

    assert client.dropped == "the tokens cannot be read"


def test_the_reference_says_itself_which_style_it_has() -> None:
    (page,) = ask(make_app(Settings()), ("GET", "/api/v1/docs", {}))

    policy = page.headers["content-security-policy"]
    assert "style-src 'sha256-" in policy
    assert "unsafe" not in policy
