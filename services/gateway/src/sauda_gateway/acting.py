"""Acting on the desk for a caller: the message and its line of the audit in one step, so that neither is without the other."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from sauda.clock import SystemClock, UnixNs
from sauda.codec import encode
from sauda.contracts import Audited, Message
from sauda.hand.desk import HandDesk
from sauda.log import Output
from sauda.record import Record
from sauda_gateway.asking import TheDesks
from sauda_gateway.auth import Caller
from sauda_gateway.desks import Desks
from sauda_gateway.problems import ProblemError

ACCEPTED = 202
_LONGEST = 200
"""Characters of what was tried: an address can be as long as anybody likes."""


@dataclass
class Hand:
    """The gateway's own desk, for one request of one caller."""

    request: Request
    desks: Desks
    by: str

    @cached_property
    def record(self) -> Record:
        """Return the desk's record, opened in the thread that acts."""
        return self.desks.record()

    @cached_property
    def desk(self) -> HandDesk:
        """Return the desk as one trades by hand."""
        return HandDesk(self.record, self.by)

    def now_ns(self) -> UnixNs:
        """Return the market's time; wall time before it was ever seen."""
        return self.desk.now_ns() or SystemClock().now_ns()

    def send(self, message: Message, target: str, cause: bytes = b"", why: str = "") -> str:
        """Write *message*, and beside it who asked for it, and *why*; return its entry's id."""
        outcome = f"{ACCEPTED} accepted: {why}" if why else f"{ACCEPTED} accepted"
        audit = audited(self.request, target, outcome)
        entry_id, _ = self.desk.send(message, cause, [Output("audit", encode(audit))])
        self.request.state.audited = True
        return entry_id.decode()


def audited(request: Request, target: str, outcome: str) -> Audited:
    """Return the line of the audit about *request*."""
    caller: Caller | None = getattr(request.state, "caller", None)
    return Audited(
        who=caller.name if caller else None,
        scope=caller.scope if caller else None,
        action=f"{request.method} {request.url.path}"[:_LONGEST],
        target=target,
        outcome=outcome,
        address=request.client.host if request.client else "unknown",
        wall_ns=SystemClock().now_ns(),
    )


def insist_on_own(request: Request, desks: TheDesks) -> None:
    """Insist that it is the own desk that is asked for: whoever watches another one must not trade on this by mistake.

    Raises:
        ProblemError: 409.
    """
    asked = request.query_params.get("desk")
    if asked not in (None, "", desks.own.name):
        raise ProblemError(
            409, f"desk {asked} can only be watched; orders and control are for {desks.own.name}", "desk"
        )


async def hand_of(request: Request, desks: TheDesks) -> Hand:
    """Return the hand of the caller; for routes that have let him through.

    Raises:
        ProblemError: 409 if it is another desk that is asked for.
    """
    insist_on_own(request, desks)
    caller: Caller = request.state.caller
    return Hand(request, desks, f"{caller.name}@gateway")


TheHand = Annotated[Hand, Depends(hand_of)]
