"""Plays market messages through units in lock step: each message is worked by all units until nothing moves any more.

So speed cannot make orders and ticks race, and two plays of the same messages are the same to the byte.
"""

from collections.abc import Iterable, Sequence

from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF, Message
from sauda.log import Log, Output
from sauda.memory_log import MemoryLog
from sauda.runner import Carrier
from sauda.unit import Unit

_HOUR_MS = 3_600_000


class LockStep:
    """A desk in this process: a log and the units on it."""

    def __init__(self, units: Sequence[Unit], log: Log | None = None) -> None:
        self.log = log or MemoryLog()
        self.carriers: list[Carrier] = []
        for unit in units:
            lease = self.log.acquire(unit.name, "lockstep", _HOUR_MS)
            if lease is None:
                raise RuntimeError(f"{unit.name} is held by somebody else")
            self.carriers.append(Carrier(unit, self.log, lease))

    def play(self, messages: Iterable[Message]) -> None:
        """Write each message to its stream and let the units work until they are quiet."""
        for message in messages:
            self.log.append([Output(STREAM_OF[type(message)], encode(message))])
            self.settle()

    def settle(self) -> None:
        """Let the units work, in the order given, until none has anything left to read."""
        while sum(carrier.step() for carrier in self.carriers):
            pass

    def said(self, stream: str) -> list[Message]:
        """Return everything on *stream*, decoded."""
        return [decode(entry.data) for entry in self.log.entries(stream)]
