"""What goes wrong, as `application/problem+json` (RFC 9457): what it is, and which field it is about."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from sauda.errors import ConfigError, SaudaError, TransientError
from sauda.logs import Channel, logger

MEDIA_TYPE: Final = "application/problem+json"
TITLES: Final[Mapping[int, str]] = {
    400: "Bad request",
    401: "No valid token",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not acceptable as it is",
    429: "Too many requests",
    500: "Internal error",
    501: "Not here",
    503: "Not available now",
}


class ProblemBody(BaseModel):
    """A problem as it is sent."""

    type: str = Field(
        default="about:blank", description="names the kind of problem; `about:blank`: its status"
    )
    title: str = Field(description="the kind of problem, in words")
    status: int = Field(description="the answer's status")
    detail: str = Field(description="what is wrong here, and what to do")
    field: str | None = Field(default=None, description="the field, parameter or header that it is about")


class ProblemError(SaudaError):
    """Ends a request with a problem."""

    def __init__(
        self, status: int, detail: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.headers = headers


def no_desk(name: str, why: str = "") -> ProblemError:
    """Return the refusal of a desk that is not there, or cannot be called so."""
    what = why or f"there is no desk {name!r} on this server"
    return ProblemError(404, f"{what}; GET /api/v1/replays lists those that can be watched", "desk")


def answer(
    status: int, detail: str, field: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Problem"),
        "status": status,
        "detail": detail,
    }
    if field is not None:
        body["field"] = field
    return Response(msgspec.json.encode(body), status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every error of *app* end as a problem."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(TransientError, _away)
    app.add_exception_handler(ConfigError, _unusable)
    app.add_exception_handler(SaudaError, _refused)
    app.add_exception_handler(Exception, _failed)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101  (as it was registered)
    return answer(error.status, error.detail, error.field, error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    # Where a body is no JSON, its place is a number of characters, and no field.
    place = () if first["type"] == "json_invalid" else first["loc"]
    where = [str(part) for part in place if part not in ("body", "query", "path", "header")]
    return answer(422, str(first["msg"]), ".".join(where) or str(first["loc"][0]))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return answer(error.status_code, str(error.detail), headers=error.headers)


async def _away(_: Request, error: Exception) -> Response:
    return answer(503, f"{str(error).rstrip('.')}; try again", headers={"Retry-After": "1"})


async def _unusable(_: Request, error: Exception) -> Response:
    return answer(409, str(error))


async def _refused(_: Request, error: Exception) -> Response:
    return answer(409, str(error))


async def _failed(request: Request, error: Exception) -> Response:
    logger(Channel.APP).error("request_failed", path=request.url.path, exc_info=error)
    return answer(500, "an error of the gateway's own; its log has it")
