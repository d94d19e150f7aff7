"""Between the broker's thread, which must never wait, and ours, which may have to wait for Redis."""

import threading
from collections import deque
from typing import Final, TypeAlias

from sauda.clock import UnixNs
from sauda.contracts import BrokerUpdate, FeedGap, InstrumentId, Tick
from sauda_feed.source import MarketMessage, time_of

CAPACITY: Final = 50_000
"""Messages that may wait before only the newest of each instrument is kept: some 20 MB."""
UPDATES: Final = 1_000
"""The broker's order updates that are kept while ticks are coalesced, the newest ones: some 5 MB."""
_LONGEST_REASON: Final = 300
"""Characters; a gap joined of more reasons names the first ones."""

Arrival: TypeAlias = Tick | FeedGap | BrokerUpdate
"""What the broker's thread brings; the clock's seconds are struck on our side."""


class Inbox:
    """A bounded queue. When it is full, or while Redis is away, it coalesces, and tells of it in one gap afterwards.

    Then it keeps the newest tick of each instrument and the newest `UPDATES` order updates; all gaps become one.
    """

    def __init__(self, capacity: int = CAPACITY, updates: int = UPDATES) -> None:
        self._capacity = capacity
        self._most_updates = updates
        self._queue: deque[MarketMessage] = deque()
        self._kept = _Kept()
        self._away = False
        self._arrived = threading.Condition()

    def put(self, message: Arrival) -> None:
        """Add one message and wake whoever waits; takes microseconds."""
        with self._arrived:
            if self._away or self._kept or len(self._queue) >= self._capacity:
                if not self._kept:
                    self._kept.reason = (
                        "Redis was away" if self._away else "the desk was slower than the market"
                    )
                self._kept.add(message, self._most_updates)
            else:
                self._queue.append(message)
                self._arrived.notify()

    def conflate(self, away: bool) -> None:
        """While *away*, keep the newest only."""
        with self._arrived:
            self._away = away

    def take(self, limit: int, timeout_s: float, now_ns: UnixNs) -> list[MarketMessage]:
        """Return up to *limit* messages, waiting up to *timeout_s* for the first; a hole is told of first."""
        with self._arrived:
            if not self._queue and (self._away or not self._kept):
                self._arrived.wait(timeout_s)
            if not self._queue and not self._away:
                self._queue.extend(self._kept.messages(now_ns))
                self._kept = _Kept()
            queue = self._queue
            return [queue.popleft() for _ in range(min(limit, len(queue)))]

    def wake(self) -> None:
        """Let a waiting `take` return."""
        with self._arrived:
            self._arrived.notify()


class _Kept:
    """What is kept of messages that cannot all be kept, and how many were not."""

    def __init__(self) -> None:
        self.reason = ""
        self._newest: dict[InstrumentId, Tick] = {}
        """instrument -> the only tick kept of it, in the order in which they came"""
        self._updates: deque[BrokerUpdate] = deque()
        self._hole: FeedGap | None = None
        """All gaps that were told, as one."""
        self._coalesced = 0
        self._left_out = 0
        self._lost_from_ns: UnixNs | None = None

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self._newest or self._updates or self._hole)

    def add(self, message: Arrival, most_updates: int) -> None:
        match message:
            case Tick():
                before = self._newest.pop(message.instrument, None)
                self._newest[message.instrument] = message
                if before is not None:
                    self._coalesced += 1
                    self._lose(before.recv_ns)
            case BrokerUpdate():
                self._updates.append(message)
                if len(self._updates) > most_updates:
                    self._left_out += 1
                    self._lose(self._updates.popleft().recv_ns)
            case FeedGap():
                self._hole = message if self._hole is None else _joined(self._hole, message)

    def messages(self, now_ns: UnixNs) -> list[MarketMessage]:
        """Return the gap, if there is one to tell, and what was kept, in market time."""
        gap = self._gap(now_ns)
        kept: list[MarketMessage] = [*self._updates, *self._newest.values()]
        kept.sort(key=time_of)
        return kept if gap is None else [gap, *kept]

    def _lose(self, at_ns: UnixNs) -> None:
        self._lost_from_ns = at_ns if self._lost_from_ns is None else min(self._lost_from_ns, at_ns)

    def _gap(self, now_ns: UnixNs) -> FeedGap | None:
        if self._lost_from_ns is None:
            return self._hole
        counts = ((self._coalesced, "ticks coalesced"), (self._left_out, "order updates left out"))
        told = ", ".join(f"{count} {what}" for count, what in counts if count)
        gap = FeedGap(self._lost_from_ns, max(now_ns, self._lost_from_ns), f"{self.reason}: {told}")
        return gap if self._hole is None else _joined(gap, self._hole)


def _joined(one: FeedGap, other: FeedGap) -> FeedGap:
    """Return the gap over both; a reason is named once, so that a socket that flaps does not write a novel."""
    reason = one.reason if other.reason in one.reason else f"{one.reason}; {other.reason}"
    if len(reason) > _LONGEST_REASON:
        reason = one.reason
    return FeedGap(min(one.from_ns, other.from_ns), max(one.to_ns, other.to_ns), reason)
