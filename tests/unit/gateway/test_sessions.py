"""The page's session: not its token, known to the disk by its hash alone, over when it should be, whatever the browser keeps."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest

from sauda.clock import SystemClock
from sauda.contracts import Scope
from sauda.errors import TransientError
from sauda.settings import Settings
from sauda.tokens import TokenFile
from sauda_gateway.app import make_app
from sauda_gateway.auth import COOKIE, CSRF_HEADER
from sauda_gateway.sessions import LASTS_NS, MOST, Session, Sessions

NOW_NS = 1_795_580_105_000_000_000


class Screen:
    """A browser at a gateway, which may be started anew."""

    def __init__(self, folder: Path) -> None:
        self.tokens = TokenFile(folder / "tokens.json")
        self.sessions = folder / "sessions"
        self.cookie, self.csrf = "", ""
        self.restart()

    def restart(self) -> None:
        desks: Any = SimpleNamespace(record=lambda: SimpleNamespace(append=lambda _: None))
        self._app = make_app(Settings(gateway_tokens=self.tokens.path), desks)

    def ask(self, method: str, path: str, cookie: str | None = None, **how: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            cookies = {COOKIE: self.cookie if cookie is None else cookie}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://desk/api/v1", cookies=cookies
            ) as client:
                return await client.request(method, path, **how)

        return asyncio.run(send())

    def log_in(self, secret: str) -> httpx.Response:
        answer = self.ask("POST", "/session", json={"token": secret})
        assert answer.status_code == 200, answer.text
        self.cookie, self.csrf = answer.cookies[COOKIE], answer.json()["csrf"]
        return answer

    def is_in(self, cookie: str | None = None) -> bool:
        status = self.ask("GET", "/config", cookie).status_code
        assert status in (200, 401)
        return status == 200


@pytest.fixture
def screen(tmp_path: Path) -> Screen:
    return Screen(tmp_path)


def test_the_cookie_is_no_token_and_the_token_is_no_cookie(screen: Screen) -> None:
    secret = screen.tokens.issue("asha", Scope.READ, 0)
    screen.log_in(secret)

    assert screen.is_in()
    assert secret not in screen.cookie
    assert not screen.is_in(cookie=secret)
    as_token = {"Authorization": f"Bearer {screen.cookie}"}
    assert screen.ask("GET", "/config", "", headers=as_token).status_code == 401
    kept = b"".join(path.name.encode() + path.read_bytes() for path in screen.sessions.iterdir())
    assert screen.cookie.encode() not in kept
    assert secret.encode() not in kept
    assert screen.sessions.stat().st_mode & 0o077 == 0


def test_a_session_outlives_the_gateway_and_ends_with_its_logout_for_every_copy(screen: Screen) -> None:
    screen.log_in(screen.tokens.issue("asha", Scope.READ, 0))
    screen.restart()
    assert screen.is_in()

    assert screen.ask("DELETE", "/session", headers={CSRF_HEADER: screen.csrf}).status_code == 204

    assert not screen.is_in()
    screen.restart()
    assert not screen.is_in()


def test_a_session_ends_with_its_token_also_where_the_gateway_was_away_meanwhile(screen: Screen) -> None:
    screen.log_in(screen.tokens.issue("asha", Scope.READ, 0))
    screen.tokens.revoke("asha")
    screen.restart()
    assert not screen.is_in()

    screen.tokens.issue("asha", Scope.READ, 0)
    assert not screen.is_in(), "another token of the same name is another one"


def test_a_session_ends_when_its_token_expires(screen: Screen) -> None:
    now_ns = SystemClock().now_ns()
    hour_ns = 3600 * 10**9
    answer = screen.log_in(screen.tokens.issue("asha", Scope.READ, now_ns - 20 * hour_ns, days=1))
    lasts = int(answer.headers["set-cookie"].partition("Max-Age=")[2].partition(";")[0])
    assert lasts <= 4 * 3600, "the browser keeps it no longer than the token counts"
    (kept,) = msgspec.json.decode(screen.tokens.path.read_bytes())
    screen.tokens.path.write_bytes(msgspec.json.encode([{**kept, "expires_ns": now_ns - 1}]))

    assert not screen.is_in()


def test_a_session_is_over_after_twelve_hours_on_this_side_too(screen: Screen) -> None:
    screen.log_in(screen.tokens.issue("asha", Scope.READ, 0))
    (path,) = screen.sessions.iterdir()
    kept = msgspec.json.decode(path.read_bytes(), type=Session)
    long_ago_ns = SystemClock().now_ns() - LASTS_NS
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(kept, began_ns=long_ago_ns)))

    assert not screen.is_in()


def test_who_logs_in_again_has_one_session(screen: Screen) -> None:
    secret = screen.tokens.issue("asha", Scope.READ, 0)
    screen.log_in(secret)
    before = screen.cookie
    screen.log_in(secret)

    assert screen.is_in()
    assert not screen.is_in(cookie=before)


def test_twelve_hours_are_counted_to_the_nanosecond(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    session_id = sessions.begin("hash", NOW_NS)

    assert sessions.token_of(session_id, NOW_NS + LASTS_NS - 1) == "hash"
    assert sessions.token_of(session_id, NOW_NS + LASTS_NS) is None
    assert sessions.token_of("", NOW_NS) is None


def test_sessions_do_not_fill_the_disk(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    first, *_, last = [sessions.begin("hash", NOW_NS + number) for number in range(MOST + 3)]

    assert len(list(tmp_path.iterdir())) == MOST
    assert sessions.token_of(first, NOW_NS) is None
    assert sessions.token_of(last, NOW_NS) == "hash"
    sessions.begin("hash", NOW_NS + 2 * LASTS_NS)
    assert len(list(tmp_path.iterdir())) == 1


def test_nobody_ends_the_sessions_of_another_token_by_logging_in_again_and_again(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    hers = sessions.begin("hers", NOW_NS)
    for number in range(MOST + 1):
        sessions.begin("his", NOW_NS + number)

    assert sessions.token_of(hers, NOW_NS) == "hers"
    assert len(list(tmp_path.iterdir())) == MOST + 1


def test_a_token_that_logs_in_without_end_is_told_to_wait_and_no_other_is(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.auth.FAILURES_AT_ONCE", 3.0)
    monkeypatch.setattr("sauda_gateway.auth.FAILURES_PER_S", 0.001)
    screen.restart()
    his, hers = (screen.tokens.issue(name, Scope.READ, 0) for name in ("his", "hers"))

    told = [screen.ask("POST", "/session", json={"token": his}).status_code for _ in range(5)]

    assert told == [200, 200, 200, 429, 429]
    screen.log_in(hers)


def test_where_nothing_can_be_written_a_restart_ends_all_sessions(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("no folder")
    sessions = Sessions(tmp_path / "sessions")
    session_id, other = sessions.begin("hash", NOW_NS), sessions.begin("hash", NOW_NS)

    assert sessions.token_of(session_id, NOW_NS) == "hash"
    sessions.end(session_id)
    assert sessions.token_of(session_id, NOW_NS) is None
    assert sessions.token_of(other, NOW_NS) == "hash"
    assert Sessions(tmp_path / "sessions").token_of(other, NOW_NS) is None


def test_who_cannot_be_logged_out_is_told(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    session_id = sessions.begin("hash", NOW_NS)
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.mkdir()

    with pytest.raises(TransientError, match="cannot be ended"):
        sessions.end(session_id)
