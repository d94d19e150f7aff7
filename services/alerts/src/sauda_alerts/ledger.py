"""What one destination was told, and what waits to be told to it: state that is committed with a fencing token behind each delivery."""

from typing import Final

import msgspec

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Alert
from sauda.state import State

OLD_NS: Final = 86_400 * NS_PER_S
"""An alert that could not be delivered for a day is counted instead: nobody can act on it any more."""


class Told(msgspec.Struct, frozen=True):
    """When an alert was delivered last, and how often it was not since."""

    at_ns: UnixNs
    held: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """The newest that came within its debounce or in the quiet hours; those before it are counted."""

    alert: Alert
    arrived_ns: UnixNs
    more: int = 0


class Ledger:
    """What one destination was told."""

    def __init__(self) -> None:
        self.state = State()
        self.told = self.state.table("told", Told)
        """digest of an alert but for its figures -> when it was delivered"""
        self.waiting = self.state.table("waiting", Waiting)
        """digest of an alert but for its figures -> it may not be delivered yet"""
        self.done = self.state.table("done", bool)
        """`stream id` of entries that are decided, until they are acknowledged"""
        self.facts = self.state.table("facts", str)
        """What people ask: instant of the `last` delivery, present `trouble`, the newest that was `tested`; and `begun`, the first instant"""

    def forget_old(self, now_ns: UnixNs) -> None:
        """Drop what no debounce reaches any more."""
        for key, told in list(self.told.items()):
            if abs(now_ns - told.at_ns) > OLD_NS:
                self.told.drop(key)
