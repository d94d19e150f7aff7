"""Who asks, and may they: tokens, scopes, the page's session, its protection against other sites, and how often.

    Authorization: Bearer sauda_…                                 programs
    Cookie: sauda_session=…        and  X-CSRF-Token on writes     the page

The cookie is a session (`sauda_gateway.sessions`), never the token. What a page must send beside it on writes is derived from it,
so that another site, or another port of this machine, which makes a browser send the cookie cannot know it.
"""

import hashlib
import hmac
import math
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from sauda.clock import SystemClock, monotonic_s
from sauda.contracts import Scope
from sauda.tokens import Token, TokenFile
from sauda_gateway.limits import Buckets
from sauda_gateway.problems import ProblemError
from sauda_gateway.sessions import Sessions

COOKIE: Final = "sauda_session"
CSRF_HEADER: Final = "X-CSRF-Token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
RANK: Final = {Scope.READ: 0, Scope.TRADE: 1, Scope.ADMIN: 2}
FAILURES_PER_S: Final = 1.0
FAILURES_AT_ONCE: Final = 100.0
"""Attempts without a valid token that one address has: 256 bits are not guessed, but the audit need not fill with them.
A valid token is let in all the same: nobody who shares the address can lock its owner out."""
NEVER_TOO_OFTEN: Final = "/control/kill-switch"
"""A program that asks too often must not keep the page, which may have the same token, from halting the desk."""

_bearer: Final = HTTPBearer(auto_error=False, description="a token of `sauda token add`")
_cookie: Final = APIKeyCookie(name=COOKIE, auto_error=False, description="set by POST /api/v1/session")


class Caller(NamedTuple):
    """Who asks."""

    name: str
    """The token's."""
    scope: Scope
    address: str
    by_cookie: bool
    secret: str
    """The token itself, or the page's session; never shown or logged."""

    def __repr__(self) -> str:
        return f"Caller({self.name!r}, {self.scope.value}, {self.address})"


class Doorkeeper:
    """Knows the tokens and the sessions, and counts the requests."""

    def __init__(self, tokens: TokenFile, per_s: float) -> None:
        self.tokens = tokens
        self.sessions = Sessions(tokens.path.parent / "sessions")
        self._asked = Buckets(per_s, burst=2 * per_s)
        self._failed = Buckets(FAILURES_PER_S, FAILURES_AT_ONCE)
        self._logged_in = Buckets(FAILURES_PER_S, FAILURES_AT_ONCE)

    def caller_of(self, connection: HTTPConnection) -> Caller:
        """Return who asks; works for requests and WebSockets.

        Raises:
            ProblemError: 401 without a valid token, 403 for a foreign page, 429 too often.
        """
        address = address_of(connection)
        secret, by_cookie = _secret_of(connection)
        token = self._owner(secret, address, by_cookie=by_cookie)
        caller = Caller(token.name, token.scope, address, by_cookie, secret)
        connection.state.caller = caller
        wait_s = self._asked.take(f"token {token.name}", monotonic_s())
        if wait_s and not connection.url.path.endswith(NEVER_TOO_OFTEN):
            raise _too_often(f"{token.name} asks too often", wait_s)
        if by_cookie:
            _check_page(connection, secret)
        return caller

    def log_in(self, secret: str, address: str) -> Token:
        """Return the token that *secret* is, with which a session shall begin.

        Logging in has a measure of its own: a program that asks too often must not keep its owner from the page.

        Raises:
            ProblemError: 401 if it is none, 429 if the address has shown too many wrong ones, or it logs in too often.
        """
        token = self._owner(secret, address, by_cookie=False)
        if wait_s := self._logged_in.take(token.name, monotonic_s()):
            raise _too_often(f"{token.name} logs in too often", wait_s)
        return token

    def check_again(self, caller: Caller) -> None:
        """Insist that *caller* may still ask, who began something long.

        Raises:
            ProblemError: 401 if the token was taken back or has expired, or the session is over.
        """
        self._owner(caller.secret, caller.address, by_cookie=caller.by_cookie)

    def _owner(self, secret: str, address: str, *, by_cookie: bool) -> Token:
        token = self._found(secret, by_cookie=by_cookie)
        if token is None:
            if wait_s := self._failed.take(address, monotonic_s()):
                raise _too_often("too many requests without a valid token", wait_s)
            what = "session is over" if by_cookie else "token is unknown or has expired"
            detail = f"this {what}" if secret else "a token is needed"
            raise ProblemError(
                401,
                f"{detail}: `Authorization: Bearer …`; `sauda token add NAME` makes one",
                "Authorization",
                {"WWW-Authenticate": "Bearer"},
            )
        return token

    def _found(self, secret: str, *, by_cookie: bool) -> Token | None:
        now_ns = SystemClock().now_ns()
        if not by_cookie:
            return self.tokens.owner_of(secret, now_ns)
        sha256 = self.sessions.token_of(secret, now_ns)
        return None if sha256 is None else self.tokens.with_hash(sha256, now_ns)


def csrf_token(session_id: str) -> str:
    """Return what a page with this session must send on writes."""
    return hmac.new(session_id.encode(), b"csrf", hashlib.sha256).hexdigest()


def address_of(connection: HTTPConnection) -> str:
    """Return where a request comes from, as far as the server can tell."""
    return connection.client.host if connection.client else "unknown"


def caller_of(connection: HTTPConnection) -> Caller:
    """Return who asks, of a request or a WebSocket; see `Doorkeeper.caller_of`."""
    keeper: Doorkeeper = connection.app.state.doorkeeper
    return keeper.caller_of(connection)


def may(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that lets only callers of *scope*, or more, through and returns who it is."""

    async def check(
        request: Request,
        _bearer: Annotated[object, Security(_bearer)],
        _cookie: Annotated[object, Security(_cookie)],
    ) -> Caller:
        caller = caller_of(request)
        insist(caller, scope)
        return caller

    return check


def insist(caller: Caller, scope: Scope) -> None:
    """Insist that *caller* may do what *scope* lets one do.

    Raises:
        ProblemError: 403.
    """
    if RANK[caller.scope] < RANK[scope]:
        raise ProblemError(
            403,
            f"the token {caller.name!r} has the scope {caller.scope.value}; this needs {scope.value}",
            "Authorization",
        )


READ: Final = Depends(may(Scope.READ))
TRADE: Final = Depends(may(Scope.TRADE))
ADMIN: Final = Depends(may(Scope.ADMIN))
"""For routes to which it does not matter who it is; they come before all else that a route needs."""
Reader = Annotated[Caller, Depends(may(Scope.READ))]
Trader = Annotated[Caller, Depends(may(Scope.TRADE))]


def _secret_of(connection: HTTPConnection) -> tuple[str, bool]:
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    if kind:
        return (secret.strip() if kind.lower() == "bearer" else ""), False
    return connection.cookies.get(COOKIE, ""), True


def _check_page(connection: HTTPConnection, secret: str) -> None:
    """Insist that what comes with the cookie was sent by our own page."""
    if connection.scope["type"] == "websocket":
        origin = connection.headers.get("origin", "")
        if not origin or origin.partition("://")[2] != connection.headers.get("host"):
            raise ProblemError(403, f"a page of {origin or 'nowhere'} may not follow this desk", "Origin")
        return
    if connection.scope["method"] in SAFE:
        return
    shown = connection.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(shown.encode(), csrf_token(secret).encode()):
        raise ProblemError(
            403, "a write with the page's cookie needs what POST /api/v1/session returned", CSRF_HEADER
        )


def _too_often(what: str, wait_s: float) -> ProblemError:
    return ProblemError(
        429, f"{what}: wait {math.ceil(wait_s)} s", headers={"Retry-After": str(math.ceil(wait_s))}
    )
