"""What goes wrong in a run, drawn from its seed before it begins: a list, so that it can be made shorter.

A fault waits for its place: the first call, from point `at` on, that is of its sort. Without the faults a run is a quiet day.
"""

import random
from enum import Enum
from typing import Final, NamedTuple


class Kind(Enum):
    """What can go wrong, and what people and strangers do."""

    CRASH_BEFORE = "dies before the server hears it"
    CRASH_AFTER = "dies after the server did it"
    LOST_REQUEST = "request lost"
    LOST_ANSWER = "answer lost"
    LATE_REQUEST = "request comes late, when its sender has given up"
    PAUSE_BEFORE = "paused before the server hears it"
    PAUSE_AFTER = "paused with the answer in hand"
    SLOW = "slow from here on"
    RESTART = "is told to stop, and started again"
    SERVER_AWAY = "server away"
    SERVER_FORGETS = "server dies, and comes back without its last moments"
    SERVER_FULL = "server's memory full"
    CLOCK_JUMP = "server's clock jumps forward"
    SINK_AWAY = "database away"
    COMMAND = "a person commands"
    POISON = "a stranger writes"


OF_A_PROCESS: Final = frozenset(
    {
        Kind.CRASH_BEFORE,
        Kind.CRASH_AFTER,
        Kind.LOST_REQUEST,
        Kind.LOST_ANSWER,
        Kind.LATE_REQUEST,
        Kind.PAUSE_BEFORE,
        Kind.PAUSE_AFTER,
        Kind.SLOW,
        Kind.RESTART,
    }
)
"""These need a call; the others happen to everybody at once."""

COMMANDS: Final = ("halt", "resume", "square_off", "square_off a", "stop a", "start a", "stop", "start")
POISONS: Final = (
    "ticks: not JSON",
    "ticks: unlucky",
    "orders: not JSON",
    "control: unknown type",
    "instruments: field missing",
    "executions: not JSON",
)
_CALLS: Final = ("commit", "commit", "commit", "read", "acquire", "load", "settle", "fresh", "write", "")
_WHO: Final = ("feed", "strategy", "execution", "pnl", "writer", "", "", "")
_LIKELY: Final = (
    *(Kind.CRASH_BEFORE, Kind.CRASH_AFTER, Kind.LOST_ANSWER, Kind.PAUSE_BEFORE) * 3,
    *(Kind.LOST_REQUEST, Kind.LATE_REQUEST, Kind.PAUSE_AFTER, Kind.RESTART, Kind.COMMAND, Kind.POISON) * 2,
    *(Kind.SLOW, Kind.SERVER_AWAY, Kind.SERVER_FORGETS, Kind.SERVER_FULL, Kind.CLOCK_JUMP, Kind.SINK_AWAY),
)


class Fault(NamedTuple):
    """One thing that goes wrong."""

    at: int
    """It waits until so many points have passed."""
    kind: Kind
    ms: int
    """How long it lasts, or until a dead process is started again."""
    who: str = ""
    """Which role it hits; empty is whoever comes next."""
    on: str = ""
    """Which call; empty is any."""
    what: str = ""
    """The command, or the stranger's entry."""

    def __str__(self) -> str:
        """Say it in a line of a schedule."""
        aim = " of ".join(filter(None, (self.on or "any call", self.who or "anybody")))
        where = f"at the next {aim}, " if self.kind in OF_A_PROCESS else ""
        return (
            f"from point {self.at:4}: {where}{self.kind.value}{self.what and ': ' + self.what} ({self.ms} ms)"
        )


def drawn(dice: random.Random, lease_ms: int, points: int) -> list[Fault]:
    """Return the faults of a run of about *points* points, in the order of their places."""
    count = dice.choice((2, 4, 6, 8, 12, 16))
    faults = [_one(dice, lease_ms, dice.randrange(points)) for _ in range(count)]
    return sorted(faults, key=lambda fault: fault.at)


def _one(dice: random.Random, lease_ms: int, at: int) -> Fault:
    kind = dice.choice(_LIKELY)
    # From a moment to long past the end of a lease.
    ms = round(lease_ms * dice.choice((0.1, 0.5, 0.9, 1.1, 1.5, 2.5)))
    if kind in OF_A_PROCESS:
        return Fault(at, kind, ms, dice.choice(_WHO), dice.choice(_CALLS))
    words = {Kind.COMMAND: COMMANDS, Kind.POISON: POISONS}.get(kind, ("",))
    return Fault(at, kind, ms, what=dice.choice(words))


class Schedule:
    """The faults that have not happened yet."""

    def __init__(self, faults: list[Fault]) -> None:
        self._waiting = sorted(faults, key=lambda fault: fault.at)
        self.happened: list[Fault] = []

    def due(self, point: int, call: str, role: str) -> Fault | None:
        """Return a fault that happens now, at *call* of a process of *role*, and take it off."""
        for place, fault in enumerate(self._waiting):
            if fault.at > point:
                return None
            if fault.kind not in OF_A_PROCESS or (
                fault.on in ("", call) and (not fault.who or role.startswith(fault.who))
            ):
                self.happened.append(fault)
                return self._waiting.pop(place)
        return None

    def drop_the_rest(self) -> None:
        """Let nothing more go wrong."""
        self._waiting.clear()
