"""Who may open nothing because a loss limit was broken. It lasts over restarts and days until a person resets it.

(The kill switch is another thing: it is a person's own word, see `switch`, and a person takes it back.)
"""

import msgspec

from sauda.clock import UnixNs, clock_text
from sauda.contracts import RejectReason
from sauda.state import State
from sauda_execution.checks import DESK, Refusal


class Halted(msgspec.Struct, frozen=True):
    """Why a strategy, or the desk, may open nothing."""

    reason: RejectReason
    text: str
    since_ns: UnixNs
    """Market time."""


class Halts:
    """The strategies that a limit has halted, and the desk."""

    def __init__(self, state: State) -> None:
        self._rows = state.table("halts", Halted)
        """Strategy, or `*` for the desk -> why."""

    def halt(self, strategy: str | None, halted: Halted) -> None:
        """Let *strategy*, or nobody, open anything from now on."""
        self._rows.put(strategy or DESK, halted)

    def is_halted(self, strategy: str | None) -> bool:
        """Is *strategy*, or the desk, halted by a limit of its own?"""
        return (strategy or DESK) in self._rows

    def lift(self, strategy: str | None) -> None:
        """Let *strategy*, or the desk, trade again."""
        self._rows.drop(strategy or DESK)

    def lift_all(self) -> None:
        """Let everybody trade again."""
        for scope in self._rows:
            self._rows.drop(scope)

    def refusal(self, strategy: str) -> Refusal | None:
        """Say why *strategy* may open nothing, if so."""
        for scope, whose in ((DESK, "the desk"), (strategy, strategy)):
            halted = self._rows.get(scope)
            if halted is not None:
                return Refusal(
                    halted.reason,
                    f"{whose} is halted since {clock_text(halted.since_ns)} IST: {halted.text};"
                    " only a reset lets entries in again",
                )
        return None
