"""The page's session: a token is shown once and becomes a cookie that no script can read."""

from typing import Final

from fastapi import APIRouter, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from sauda.contracts import Scope
from sauda_gateway.asking import PROBLEMS, sent
from sauda_gateway.auth import COOKIE, READ, Caller, Doorkeeper, Reader, address_of, csrf_token
from sauda_gateway.lanes import LanedRoute
from sauda_gateway.schemas import answers

router = APIRouter(prefix="/session", tags=["session"], responses=PROBLEMS, route_class=LanedRoute)

_LASTS_S: Final = 12 * 3600
"""A trading day; after it one logs in again."""


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
    token = keeper.check_secret(body.token, address)
    request.state.caller = Caller(token.name, token.scope, address, True, body.token)
    answer = sent(Session(token.name, token.scope, csrf_token(body.token)))
    answer.set_cookie(
        COOKIE,
        body.token,
        max_age=_LASTS_S,
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


@router.delete("", status_code=204, dependencies=[READ])
def log_out() -> Response:
    """Take the cookie back."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer
