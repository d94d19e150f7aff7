"""Strategies: how each stands and why it waits, its rules, what it last thought; and other rules for one that runs."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sauda.contracts import Plain, Signal, StrategyPnl
from sauda.errors import ConfigError
from sauda.instances.files import with_changes, written
from sauda.instances.standing import PREFIX, Standing, rules_in_force, standings, units_of
from sauda.instances.wishes import Wishes
from sauda.record import Record
from sauda.settings import Settings
from sauda_gateway.acting import ACCEPTED, TheHand
from sauda_gateway.asking import (
    PROBLEMS,
    USUAL,
    After,
    DeskName,
    Limit,
    NewestFirst,
    Strategy,
    TheDesk,
    TheDesks,
    TheSettings,
    page_of_said,
    sent,
    tagged,
    with_id,
)
from sauda_gateway.auth import ADMIN, READ
from sauda_gateway.lanes import SLOW, LanedRoute, in_lane
from sauda_gateway.problems import ProblemError
from sauda_gateway.routes.control import Written
from sauda_gateway.rule_files import plain_files, rules_of
from sauda_gateway.schemas import answers

router = APIRouter(tags=["strategies"], responses=PROBLEMS, route_class=LanedRoute)

InstanceName = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_]{1,100}$", description="the instance, as its file is called")
]
_LAST = 20


class ShownStrategy(Standing, frozen=True, kw_only=True):
    """One strategy instance."""

    pnl: StrategyPnl | None


class StrategyPage(ShownStrategy, frozen=True, kw_only=True):
    """One strategy instance, and what it last thought."""

    signals: list[dict[str, Any]]
    """The newest first, each with the id and cause of its entry."""


class Rules(msgspec.Struct, frozen=True):
    """The rules of one strategy."""

    in_force: dict[str, Plain] | None
    """Those that it follows, with every default; null: it was never carried."""
    file: dict[str, Plain] | None
    """Those of its file, as they are written; null: there is none that can be read."""


class NewRules(BaseModel):
    """Rules that shall be other ones; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    rules: dict[Annotated[str, Field(min_length=1, max_length=60)], str | int | float | bool | None] = Field(
        min_length=1, max_length=100
    )


@router.get("/strategies", responses=answers(ShownStrategy, listed=True), dependencies=[READ])
@in_lane(SLOW)
def strategies(*, desk: TheDesk, desks: TheDesks, settings: TheSettings, name: DeskName = None) -> Response:
    """List all strategies that have a rules file, or were ever carried, and how they stand."""
    found = _standings(desks.record(name), settings)
    with desk.look() as known:
        points = dict(known.worth.strategies)
    items = [ShownStrategy(**msgspec.structs.asdict(one), pnl=points.get(one.strategy)) for one in found]
    return sent({"items": items, "next": None})


@router.get("/strategies/{instance}", responses=answers(StrategyPage), dependencies=[READ])
@in_lane(SLOW)
def strategy(
    *,
    instance: InstanceName,
    desk: TheDesk,
    desks: TheDesks,
    settings: TheSettings,
    name: DeskName = None,
) -> Response:
    """Show one strategy."""
    found = next((one for one in _standings(desks.record(name), settings) if one.strategy == instance), None)
    if found is None:
        raise _unknown(instance)
    with desk.look() as known:
        said = [one for one in known.voices.signals if one.message.strategy == instance][-_LAST:]
        point = known.worth.strategies.get(instance)
    signals = [with_id(one.id, one.cause, one.message) for one in reversed(said)]
    return sent(StrategyPage(**msgspec.structs.asdict(found), pnl=point, signals=signals))


@router.get("/strategies/{instance}/rules", responses=answers(Rules), dependencies=[READ])
@in_lane(SLOW)
def rules(
    *,
    instance: InstanceName,
    request: Request,
    desks: TheDesks,
    settings: TheSettings,
    name: DeskName = None,
) -> Response:
    """Show the rules that a strategy follows, and those of its file."""
    in_force, _ = rules_in_force(desks.record(name), PREFIX + instance)
    file = rules_of(settings, instance)
    if not in_force and file is None:
        raise _unknown(instance)
    return tagged(request, Rules(in_force or None, file))


@router.put(
    "/strategies/{instance}/rules",
    status_code=ACCEPTED,
    responses=answers(Written, ACCEPTED),
    dependencies=[ADMIN],
)
def change_rules(*, instance: InstanceName, form: NewRules, hand: TheHand, settings: TheSettings) -> Response:
    """Change rules of a strategy that runs, until it is started with another file. It says itself what it makes of them."""
    unit = units_of(hand.record).get(instance)
    if unit is None:
        raise _unknown(instance)
    if not unit.held:
        raise ProblemError(409, f"nobody carries {instance} now: edit its file, then start it")
    before, _ = rules_in_force(hand.record, PREFIX + instance)
    after = _changed(settings, instance, before, form.rules)
    wish = Wishes(hand.record, hand.by).change(instance, before, after)
    entries = [] if wish.message is None else [hand.send(wish.message, instance)]
    return sent(Written("rules", instance, entries), ACCEPTED)


@router.get("/signals", responses=answers(Signal, listed=True, entry=True), dependencies=[READ])
def signals(
    *,
    desk: TheDesk,
    strategy: Strategy = None,
    after: After = None,
    limit: Limit = USUAL,
    newest: NewestFirst = False,
) -> Response:
    """List what strategies thought lately."""
    with desk.look() as known:
        every = list(known.voices.signals)
    found = (one for one in every if strategy in (None, one.message.strategy))
    return page_of_said(found, after, limit, newest_first=newest)


def _standings(record: Record, settings: Settings) -> list[Standing]:
    try:
        return standings(record, written(settings))
    except ConfigError:
        # The strategy service is not installed beside a gateway in a container: the files as they are written.
        return standings(record, plain_files(settings))


def _changed(
    settings: Settings, instance: str, before: dict[str, Plain], changes: dict[str, Any]
) -> dict[str, Plain]:
    """Return the rules *before* with *changes*, judged by the strategy service's own reader where it is installed.

    Raises:
        ProblemError: they cannot be used.
    """
    unknown = [key for key in changes if key not in before]
    if unknown:
        raise ProblemError(422, f"{instance} follows no rule {unknown[0]!r}: {', '.join(before)}", unknown[0])
    try:
        return with_changes(settings, instance, before, {key: _text(value) for key, value in changes.items()})
    except ConfigError as error:
        if "not installed" in str(error):
            return {**before, **changes}
        raise ProblemError(422, str(error), "rules") from error


def _text(value: Plain) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unknown(name: str) -> ProblemError:
    return ProblemError(404, f"no strategy {name!r}: GET /api/v1/strategies lists them", "instance")
