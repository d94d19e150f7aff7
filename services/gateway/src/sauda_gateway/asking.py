"""What every route asks with: which desk, which part of a list, and the wire form of what is answered."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from datetime import date, time
from itertools import takewhile
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Depends, Query, Request, Response

from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.merge import IdParts, id_parts
from sauda.settings import Settings
from sauda_gateway.desk import Desk
from sauda_gateway.desks import Desks
from sauda_gateway.problems import ProblemError
from sauda_gateway.voices import Said

T = TypeVar("T")

MOST: Final = 1_000
USUAL: Final = 100
_DAY_NS: Final = 24 * 3600 * NS_PER_S
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def _problems() -> dict[int | str, dict[str, Any]]:
    described = {
        304: "what was asked for is what `If-None-Match` names",
        400: "what was sent cannot be read",
        401: "no valid token",
        403: "the token does not let one do this, or the page's own header is missing",
        404: "there is no such thing",
        409: "the desk cannot do this as it stands",
        413: "the body is longer than any request needs",
        422: "a field, a parameter or a header is wrong; `field` names it",
        429: "too often; `Retry-After` says how long to wait",
        503: "Redis or the desk is away; try again",
    }
    schema = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {
        status: {"description": text, **({"content": schema} if status >= 400 else {})}
        for status, text in described.items()
    }


PROBLEMS: Final = _problems()
"""For `responses=` of every router."""


def sent(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return *value*, structs among it, as JSON."""
    return Response(_encoder.encode(value), status, headers, "application/json")


def tagged(request: Request, value: Any) -> Response:
    """Return *value* with an `ETag`, or 304 to who has it already: for what seldom changes and is asked for often."""
    body = _encoder.encode(value)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")}
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


async def desks_of(request: Request) -> Desks:
    """Return the desks that the gateway follows."""
    desks: Desks = request.app.state.desks
    return desks


async def settings_of(request: Request) -> Settings:
    """Return the gateway's settings."""
    settings: Settings = request.app.state.settings
    return settings


DeskName = Annotated[
    str | None,
    Query(
        alias="desk",
        max_length=80,
        description="another desk, a replay; without it the gateway's own",
    ),
]
TheDesks = Annotated[Desks, Depends(desks_of)]
TheSettings = Annotated[Settings, Depends(settings_of)]


async def desk_of(desks: TheDesks, desk: DeskName = None) -> Desk:
    """Return the desk that is asked about."""
    return await desks.known(desk)


TheDesk = Annotated[Desk, Depends(desk_of)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="at most so many")]
After = Annotated[
    str | None,
    Query(max_length=90, description="only what stands behind this id: `next` of the part before"),
]
NewestFirst = Annotated[bool, Query(description="the newest first; `after` then means older than that id")]
Strategy = Annotated[str | None, Query(max_length=100, description="only this strategy instance")]
Day = Annotated[
    str | None,
    Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="only this trading date (IST), YYYY-MM-DD"),
]


def of_day(text: str | None) -> Callable[[UnixNs], bool]:
    """Return what says whether an instant lies on the trading date *text* (IST); None: any does.

    Raises:
        ProblemError: there is no such date.
    """
    if text is None:
        return lambda _: True
    try:
        begin_ns = from_ist(date.fromisoformat(text), time())
    except ValueError:
        raise ProblemError(422, f"{text} is no date", "date") from None
    return lambda instant_ns: begin_ns <= instant_ns < begin_ns + _DAY_NS


def place_of(after: str | None) -> IdParts | None:
    """Return the id *after* as numbers. One of several streams, `a_b`, means the lower: nothing is left out.

    Raises:
        ProblemError: it is no id.
    """
    if after is None:
        return None
    ids = after.split("_")
    if len(ids) > 2 or not all(map(_is_id, ids)):
        raise ProblemError(422, f"{after!r} is no entry id such as 1795580105123-0", "after")
    return min(id_parts(one.encode()) for one in ids)


def page(
    found: Iterable[tuple[str, T]], after: str | None, limit: int, *, newest_first: bool = False
) -> tuple[list[tuple[str, T]], str | None]:
    """Return the part of *found*, ids rising, that was asked for, and where the next one begins."""
    place = place_of(after)
    every = list(found)
    if place is not None:
        # Cut where it is found by halves: reading each id of a year's fills takes longer than all else.
        every = (
            every[: bisect_left(every, place, key=_place)]
            if newest_first
            else every[bisect_right(every, place, key=_place) :]
        )
    if newest_first:
        every.reverse()
    part = every[:limit]
    # The orders of a basket change in one entry: cut between them, the rest would stand behind no place at all.
    part += takewhile(lambda one: one[0] == part[-1][0], every[limit:])
    return part, part[-1][0] if len(every) > len(part) else None


def page_by_name(
    found: list[tuple[str, T]], after: str | None, limit: int
) -> tuple[list[tuple[str, T]], str | None]:
    """Return the part of *found*, names rising, behind the name *after*, and where the next one begins."""
    begin = 0 if after is None else bisect_right(found, after, key=lambda one: one[0])
    part = found[begin : begin + limit]
    return part, part[-1][0] if begin + limit < len(found) else None


def _place(one: tuple[str, object]) -> IdParts:
    return id_parts(one[0].encode())


def with_id(entry_id: str, cause: str, message: msgspec.Struct) -> dict[str, Any]:
    """Return a message as it stands on the wire, with its entry's id and cause, as `sauda … --json` shows it."""
    wire: dict[str, Any] = msgspec.to_builtins(message)
    return {"id": entry_id, "cause": cause, **wire}


def page_of_said(said: Iterable[Said[Any]], after: str | None, limit: int, *, newest_first: bool) -> Response:
    """Return the part of what was *said* that was asked for."""
    part, after_it = page([(one.id, one) for one in said], after, limit, newest_first=newest_first)
    return sent({"items": [with_id(one.id, one.cause, one.message) for _, one in part], "next": after_it})


def _is_id(text: str) -> bool:
    parts = text.split("-")
    return len(parts) == 2 and all(p.isascii() and p.isdecimal() and len(p) <= 20 for p in parts)
