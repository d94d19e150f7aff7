"""Between the broker's thread, which must never wait, and ours, which may have to wait for Redis."""

import threading
from collections import deque
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import FeedGap, InstrumentId, Tick
from sauda_feed.source import MarketMessage

CAPACITY: Final = 50_000
"""Messages that may wait before only the newest of each instrument is kept: some 20 MB."""


class Inbox:
    """A bounded queue. When it is full, or while Redis is away, it keeps the newest tick of each instrument."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._queue: deque[MarketMessage] = deque()
        self._newest: dict[InstrumentId, Tick] = {}
        """instrument -> the only tick kept of it, in the order in which they came; empty while nothing is lost"""
        self._lost = 0
        self._lost_from_ns: UnixNs = 0
        self._reason = ""
        self._away = False
        self._arrived = threading.Condition()

    def put(self, message: MarketMessage) -> None:
        """Add one message and wake whoever waits; takes microseconds."""
        with self._arrived:
            if isinstance(message, Tick) and (
                self._away or self._newest or len(self._queue) >= self._capacity
            ):
                self._keep_newest(message)
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
            if not self._queue and (self._away or not self._newest):
                self._arrived.wait(timeout_s)
            if not self._queue and not self._away:
                self._flush(now_ns)
            queue = self._queue
            return [queue.popleft() for _ in range(min(limit, len(queue)))]

    def wake(self) -> None:
        """Let a waiting `take` return."""
        with self._arrived:
            self._arrived.notify()

    def _keep_newest(self, tick: Tick) -> None:
        if not self._newest:
            self._lost = 0
            self._reason = "Redis was away" if self._away else "the desk was slower than the market"
        before = self._newest.pop(tick.instrument, None)
        if before is not None:
            self._lost_from_ns = before.recv_ns if not self._lost else self._lost_from_ns
            self._lost += 1
        self._newest[tick.instrument] = tick

    def _flush(self, now_ns: UnixNs) -> None:
        if self._lost:
            reason = f"{self._reason}: {self._lost} ticks coalesced"
            self._queue.append(FeedGap(self._lost_from_ns, max(now_ns, self._lost_from_ns), reason))
        self._queue.extend(self._newest.values())
        self._newest.clear()
        self._lost = 0
