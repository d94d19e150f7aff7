"""Is the gateway alive, and can it work? For supervisors and proxies: no token, no secrets."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from sauda_gateway.asking import desks_of
from sauda_gateway.desks import Desks
from sauda_gateway.problems import ProblemBody, ProblemError

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The answer of a gateway that lives."""

    status: str = "ok"


@router.get("/health")
async def health() -> Alive:
    """Say that the gateway lives."""
    return Alive()


@router.get("/ready", responses={503: {"model": ProblemBody}})
async def ready(desks: Annotated[Desks, Depends(desks_of)]) -> Alive:
    """Say whether it knows the desk as it stands."""
    if not desks.own.ready:
        raise ProblemError(
            503, f"the desk {desks.own.name} is not known: {desks.own.away}", headers={"Retry-After": "1"}
        )
    return Alive(status="ready")
