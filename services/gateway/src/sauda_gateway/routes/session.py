"""The page's session: a token is shown once and begins one, whose id is a cookie that no script can read."""

from fastapi import APIRouter, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from sauda.clock import NS_PER_S, SystemClock, UnixNs
from sauda.contracts import Scope
from sauda.tokens import Token
from sauda_gateway.asking import PROBLEMS, sent
from sauda_gateway.auth import COOKIE, Caller, Doorkeeper, Reader, address_of, csrf_token
from sauda_gateway.lanes import LanedRoute
from sauda_gateway.schemas import answers
from sauda_gateway.sessions import LASTS_NS

router = APIRouter(prefix="/session", tags=["session"], responses=PROBLEMS, route_class=LanedRoute)


class LogIn(BaseModel):
    """A token to log in with."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(min_length=1, max_length=200)


class Session(Struct, frozen=True):
    """Who is logged in."""

    name: str
    """The token's."""
    scope: Scope
    csrf: str
    """What the page sends as X-CSRF-Token when it writes."""


@router.post("", responses=answers(Session, text="logged in; the cookie is set"))
def log_in(*, body: LogIn, request: Request) -> Response:
    """Log the page in."""
    keeper: Doorkeeper = request.app.state.doorkeeper
    address = address_of(request)
    token = keeper.log_in(body.token, address)
    now_ns = SystemClock().now_ns()
    keeper.sessions.end(request.cookies.get(COOKIE, ""))
    session_id = keeper.sessions.begin(token.sha256, now_ns)
    request.state.caller = Caller(token.name, token.scope, address, True, session_id)
    answer = sent(Session(token.name, token.scope, csrf_token(session_id)))
    answer.set_cookie(
        COOKIE,
        session_id,
        max_age=_seconds_left(token, now_ns),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


@router.get("", responses=answers(Session))
def who_am_i(*, caller: Reader) -> Response:
    """Say who is logged in, and what writes need: for a page that was loaded again."""
    return sent(Session(caller.name, caller.scope, csrf_token(caller.secret)))


@router.delete("", status_code=204)
def log_out(*, caller: Reader, request: Request) -> Response:
    """End the session, also for whoever has copied its cookie."""
    if caller.by_cookie:
        keeper: Doorkeeper = request.app.state.doorkeeper
        keeper.sessions.end(caller.secret)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def _seconds_left(token: Token, now_ns: UnixNs) -> int:
    """Return how long the browser need keep the cookie; the end of the session is the gateway's to know."""
    left_ns = LASTS_NS if token.expires_ns is None else min(LASTS_NS, token.expires_ns - now_ns)
    return left_ns // NS_PER_S
