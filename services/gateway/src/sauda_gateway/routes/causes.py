"""Why is it there? The chain of causes of an entry, dead letters, alerts: what one looks at when something is odd."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Response

from sauda.causes.asking import NothingFoundError, WrongIdError, find
from sauda.causes.document import document
from sauda.causes.walk import Limits, trace
from sauda.contracts import Alert, Level
from sauda.letter_facts import facts_of, read_letters
from sauda.letters import Status as LetterStatus
from sauda_gateway.asking import (
    PROBLEMS,
    USUAL,
    After,
    DeskName,
    Limit,
    NewestFirst,
    TheDesk,
    TheDesks,
    page,
    page_of_said,
    sent,
)
from sauda_gateway.auth import READ
from sauda_gateway.lanes import SLOW, LanedRoute, in_lane
from sauda_gateway.problems import ProblemError
from sauda_gateway.schemas import answers

router = APIRouter(tags=["causes"], responses=PROBLEMS, route_class=LanedRoute)


class Why(msgspec.Struct, frozen=True):
    """A chain of causes, as `sauda why --json`."""

    desk: str
    asked: str
    nodes: list[dict[str, Any]]
    causes: list[dict[str, str]]
    """Edges from the earlier entry to the later one."""
    effects: list[dict[str, str]]
    left_out: dict[str, int]
    not_read_to_the_end: list[str]


class ShownLetter(msgspec.Struct, frozen=True):
    """A dead letter: an entry that could not be worked, and what people decided."""

    id: str
    status: Literal["open", "requeued", "dropped"]
    stream: str
    entry_id: str
    unit: str
    reason: str
    fields: dict[str, str]
    settled: list[dict[str, Any]]
    came_from: str | None
    came_back_as: list[str]


@router.get("/why/{asked:path}", responses=answers(Why), dependencies=[READ])
@in_lane(SLOW)
def why(
    *,
    desks: TheDesks,
    desk: TheDesk,
    asked: Annotated[
        str,
        Path(
            min_length=1,
            max_length=250,
            description="an order, a fill, STREAM/ID, an entry id, a point of P&L",
        ),
    ],
    depth: Annotated[int, Query(ge=0, le=12, description="steps forward from the entry")] = 4,
    count: Annotated[int, Query(ge=0, le=500, description="entries shown of what it led to")] = 40,
    name: DeskName = None,
) -> Response:
    """Walk back from an entry to the ticks, and forward to what came of it."""
    record = desks.record(name)
    with desk.look() as known:
        ledger = known.ledger
    try:
        # Nobody reads years of orders for a name that none of them has.
        found = find(record, [asked], ledger.is_known)
    except NothingFoundError as error:
        raise ProblemError(404, str(error), "asked") from error
    except WrongIdError as error:
        raise ProblemError(422, str(error), "asked") from error
    return sent(document(trace(record, found, Limits(depth, count))))


@router.get("/dead-letters", responses=answers(ShownLetter, listed=True), dependencies=[READ])
@in_lane(SLOW)
def dead_letters(
    *,
    desks: TheDesks,
    desk: DeskName = None,
    status: Annotated[LetterStatus | None, Query(description="default: those that are open")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Response:
    """List entries that could not be worked."""
    letters = read_letters(desks.record(desk)).values()
    wanted = status or LetterStatus.OPEN
    part, after_it = page([(one.id, one) for one in letters if one.status is wanted], after, limit)
    return sent({"items": [facts_of(one) for _, one in part], "next": after_it})


@router.get("/alerts", responses=answers(Alert, listed=True, entry=True), dependencies=[READ])
def alerts(
    *,
    desk: TheDesk,
    level: Annotated[Level | None, Query(description="only those of this level")] = None,
    after: After = None,
    limit: Limit = USUAL,
    newest: NewestFirst = False,
) -> Response:
    """List what services cried out lately."""
    with desk.look() as known:
        every = list(known.voices.alerts)
    found = (one for one in every if level in (None, one.message.level))
    return page_of_said(found, after, limit, newest_first=newest)
