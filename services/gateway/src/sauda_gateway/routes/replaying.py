"""Watching a day again: a replay into a desk of its own, which every list, stream and chart shows with `?desk=ID`."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sauda.clock import ist_date
from sauda_gateway.acting import ACCEPTED
from sauda_gateway.asking import PROBLEMS, TheDesks, sent
from sauda_gateway.auth import READ, TRADE
from sauda_gateway.desks import Desks
from sauda_gateway.lanes import SLOW, LanedRoute, in_lane
from sauda_gateway.problems import ProblemError
from sauda_gateway.replays import PREFIX, Replays, ShownReplay
from sauda_gateway.schemas import answers

router = APIRouter(prefix="/replays", tags=["replay"], responses=PROBLEMS, route_class=LanedRoute)

_TIME = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"
ReplayId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$", description="the replay's desk")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="asked again, it is the same replay",
    ),
]


class ReplayForm(BaseModel):
    """Which day, and how fast."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    date: Annotated[str | None, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="default: the newest")] = (
        None
    )
    since: Annotated[
        str | None, Field(alias="from", pattern=_TIME, description="IST; default: the beginning")
    ] = None
    until: Annotated[str | None, Field(alias="to", pattern=_TIME, description="IST; default: the end")] = None
    speed: float = Field(
        default=10.0, gt=0, le=1_000, allow_inf_nan=False, description="market seconds in a second"
    )


@router.get("", responses=answers(ShownReplay, listed=True), dependencies=[READ])
@in_lane(SLOW)
def replays(
    *,
    request: Request,
) -> Response:
    """List the replays."""
    return sent({"items": _replays(request).all(), "next": None})


@router.post(
    "", status_code=ACCEPTED, responses=answers(ShownReplay, ACCEPTED, text="it plays"), dependencies=[TRADE]
)
@in_lane(SLOW)
def begin(*, form: ReplayForm, request: Request, desks: TheDesks, idempotency_key: Key = None) -> Response:
    """Begin one. The same day from the same instant at the same speed is the same replay, unless a key tells them apart."""
    day = form.date or _today(desks)
    wish = f"{day}|{form.since}|{form.until}|{form.speed:g}|{idempotency_key or ''}"
    name = f"{PREFIX}{day}-{hashlib.sha256(wish.encode()).hexdigest()[:8]}"
    request.state.target = name
    found = _replays(request).begin(
        name, since=form.since or "", until=form.until or "", day=day, speed=form.speed
    )
    return sent(found, ACCEPTED)


@router.delete("/{replay_id}", status_code=204, dependencies=[TRADE])
@in_lane(SLOW)
def end(*, replay_id: ReplayId, request: Request, desks: TheDesks) -> Response:
    """End one and delete its desk."""
    request.state.target = replay_id
    _replays(request).end(replay_id)
    desks.forget(replay_id)
    return Response(status_code=204)


def _today(desks: Desks) -> str:
    market_ns = desks.watch.status.market_ns
    if market_ns is None:
        raise ProblemError(409, "the desk has seen no market yet: there is nothing to watch again", "date")
    return ist_date(market_ns).isoformat()


def _replays(request: Request) -> Replays:
    found: Replays = request.app.state.replays
    return found
