"""What is kept of messages that cannot all be kept, and the gap that tells of the rest."""

from collections import deque
from typing import Final, TypeAlias

from sauda.clock import UnixNs
from sauda.contracts import BrokerUpdate, FeedGap, InstrumentId, Tick
from sauda_feed.source import time_of

_LONGEST_REASON: Final = 300
"""Characters; a gap joined of more reasons names the first ones."""

Arrival: TypeAlias = Tick | FeedGap | BrokerUpdate
"""What the broker's thread brings; the clock's seconds are struck on our side."""


class Kept:
    """What is kept of messages that cannot all be kept, and how many were not."""

    def __init__(self) -> None:
        self.reason = ""
        self.newest: dict[InstrumentId, Tick] = {}
        """instrument -> the only tick kept of it, in the order in which they came"""
        self.updates: deque[BrokerUpdate] = deque()
        self.hole: FeedGap | None = None
        """All gaps that were told, as one."""
        self.coalesced = 0
        self.left_out = 0
        self.lost_from_ns: UnixNs | None = None

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.newest or self.updates or self.hole)

    def add(self, message: Arrival, most_updates: int) -> None:
        """Keep *message* in place of older ones."""
        match message:
            case Tick():
                before = self.newest.pop(message.instrument, None)
                self.newest[message.instrument] = message
                if before is not None:
                    self.coalesced += 1
                    self._lose(before.recv_ns)
            case BrokerUpdate():
                self.updates.append(message)
                if len(self.updates) > most_updates:
                    self.left_out += 1
                    self._lose(self.updates.popleft().recv_ns)
            case FeedGap():
                self.hole = message if self.hole is None else _joined(self.hole, message)

    def absorb(self, later: "Kept", most_updates: int) -> None:
        """Add what was kept *later*, and what it has cost."""
        found: list[Arrival] = [*later.updates, *later.newest.values()]
        for message in found if later.hole is None else [*found, later.hole]:
            self.add(message, most_updates)
        self.coalesced += later.coalesced
        self.left_out += later.left_out
        if later.lost_from_ns is not None:
            self._lose(later.lost_from_ns)

    def messages(self, now_ns: UnixNs) -> list[Arrival]:
        """Return the gap, if there is one to tell, and what was kept, in market time."""
        gap = self._gap(now_ns)
        kept: list[Arrival] = [*self.updates, *self.newest.values()]
        kept.sort(key=time_of)
        return kept if gap is None else [gap, *kept]

    def _lose(self, at_ns: UnixNs) -> None:
        self.lost_from_ns = at_ns if self.lost_from_ns is None else min(self.lost_from_ns, at_ns)

    def _gap(self, now_ns: UnixNs) -> FeedGap | None:
        if self.lost_from_ns is None:
            return self.hole
        counts = ((self.coalesced, "ticks coalesced"), (self.left_out, "order updates left out"))
        told = ", ".join(f"{count} {what}" for count, what in counts if count)
        gap = FeedGap(self.lost_from_ns, max(now_ns, self.lost_from_ns), f"{self.reason}: {told}")
        return gap if self.hole is None else _joined(gap, self.hole)


def _joined(one: FeedGap, other: FeedGap) -> FeedGap:
    """Return the gap over both; a reason is named once, so that a socket that flaps does not write a novel."""
    reason = one.reason if other.reason in one.reason else f"{one.reason}; {other.reason}"
    if len(reason) > _LONGEST_REASON:
        reason = one.reason
    return FeedGap(min(one.from_ns, other.from_ns), max(one.to_ns, other.to_ns), reason)
