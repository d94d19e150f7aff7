"""How the desk and its gateway are, and with which settings."""

from typing import Any

import msgspec
from fastapi import APIRouter, Response

from sauda_gateway.asking import PROBLEMS, DeskName, TheDesks, TheSettings, sent
from sauda_gateway.auth import READ
from sauda_gateway.lanes import LanedRoute
from sauda_gateway.schemas import answers
from sauda_gateway.watching import DeskStatus, status_of

router = APIRouter(tags=["system"], responses=PROBLEMS, route_class=LanedRoute)


class SafeSettings(msgspec.Struct, frozen=True):
    """The gateway's settings: secrets as `set` or `not set`, no password in a URL."""

    settings: dict[str, Any]


@router.get("/status", responses=answers(DeskStatus), dependencies=[READ])
def status(*, desks: TheDesks, settings: TheSettings, desk: DeskName = None) -> Response:
    """Show the desk's clock, streams, readers, units, services and Redis, at most two seconds old."""
    if desk in (None, settings.desk):
        return sent(desks.watch.status)
    return sent(status_of(desks.record(desk), settings, []))


@router.get("/config", responses=answers(SafeSettings), dependencies=[READ])
def config(*, settings: TheSettings) -> Response:
    """Show the settings; no secret is among them."""
    return sent(SafeSettings(settings.public()))
