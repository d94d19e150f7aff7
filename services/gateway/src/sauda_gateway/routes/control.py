"""Steering: strategies started and stopped, positions closed, the kill switch. One message on `control`, taken up by who it is for."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from sauda.contracts import Halt, Message, ResetRisk, Resume, SquareOff, Start, Stop
from sauda.instances.wishes import Wishes
from sauda_gateway.acting import ACCEPTED, Hand, TheHand
from sauda_gateway.asking import PROBLEMS, TheSettings, sent
from sauda_gateway.auth import TRADE
from sauda_gateway.lanes import ControlRoute
from sauda_gateway.problems import ProblemError
from sauda_gateway.rule_files import rules_of
from sauda_gateway.schemas import answers

router = APIRouter(prefix="/control", tags=["control"], responses=PROBLEMS, route_class=ControlRoute)

Reason = Annotated[str, Field(min_length=1, max_length=500, description="for the record")]
Name = Annotated[
    str | None, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$", description="null: the whole desk")
]


class Wish(BaseModel):
    """Whom it is about, and why."""

    model_config = ConfigDict(extra="forbid")
    strategy: Name = None
    reason: Reason = "by hand"


class Because(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="ignore")
    reason: Reason = "by hand"


class Switch(BaseModel):
    """The kill switch: on, or off again."""

    model_config = ConfigDict(extra="forbid")
    on: bool = Field(default=True, strict=True)
    reason: Reason = "by hand"


class Written(msgspec.Struct, frozen=True):
    """What was written; what comes of it shows on the desk."""

    what: str
    strategy: str | None
    entries: list[str]
    """On `control`, in their order: `GET /why/control/ID` shows what came of each."""


_ANSWER = answers(Written, ACCEPTED, text="it is written; the desk takes it up")


@router.post("/start", status_code=ACCEPTED, responses=_ANSWER, dependencies=[TRADE])
def start(*, wish: Wish, hand: TheHand, settings: TheSettings) -> Response:
    """Let a strategy, or all, trade. One that nobody carries begins by its rules file."""
    if wish.strategy is None:
        return _write(hand, "start", wish, Start(None, hand.by, hand.now_ns()))
    wishes = Wishes(hand.record, hand.by)
    file = rules_of(settings, wish.strategy)
    if wish.strategy not in wishes.carried() and file is None:
        raise ProblemError(404, f"nobody carries {wish.strategy!r}, and it has no rules file", "strategy")
    messages = [one.message for one in wishes.start(wish.strategy, file) if one.message is not None]
    return _write(hand, "start", wish, *messages)


@router.post("/stop", status_code=ACCEPTED, responses=_ANSWER, dependencies=[TRADE])
def stop(*, wish: Wish, hand: TheHand) -> Response:
    """Let a strategy, or all, open nothing new; what is held stays managed."""
    return _write(hand, "stop", wish, Stop(wish.strategy, hand.by, hand.now_ns()))


@router.post("/square-off", status_code=ACCEPTED, responses=_ANSWER, dependencies=[TRADE])
def square_off(*, wish: Wish, hand: TheHand) -> Response:
    """Cancel the working orders and close all positions, of one strategy or of the desk."""
    return _write(hand, "square-off", wish, SquareOff(wish.strategy, hand.by, hand.now_ns()))


@router.post("/kill-switch", status_code=ACCEPTED, responses=_ANSWER, dependencies=[TRADE])
def kill_switch(*, switch: Switch, hand: TheHand) -> Response:
    """Halt the desk, withdraw all orders and close all positions, in one step; `on: false` lets entries in again."""
    message = (
        Halt(hand.by, switch.reason, hand.now_ns(), flatten=True)
        if switch.on
        else Resume(hand.by, hand.now_ns())
    )
    return _write(hand, "kill-switch" if switch.on else "resume", switch, message)


@router.post("/resume", status_code=ACCEPTED, responses=_ANSWER, dependencies=[TRADE])
def resume(*, because: Because, hand: TheHand) -> Response:
    """Take the kill switch back; what was still to be closed is left as it is."""
    return _write(hand, "resume", because, Resume(hand.by, hand.now_ns()))


@router.post("/reset-risk", status_code=ACCEPTED, responses=_ANSWER, dependencies=[TRADE])
def reset_risk(*, wish: Wish, hand: TheHand) -> Response:
    """Let a strategy, or the desk, trade again that a loss limit has halted."""
    return _write(hand, "reset-risk", wish, ResetRisk(wish.strategy, hand.by, wish.reason, hand.now_ns()))


def _write(hand: Hand, what: str, wish: Wish | Because | Switch, *messages: Message) -> Response:
    strategy = wish.strategy if isinstance(wish, Wish) else None
    entries = [hand.send(message, strategy or "", why=wish.reason) for message in messages]
    return sent(Written(what, strategy, entries), ACCEPTED)
