"""Between the broker's thread, which must never wait, and ours, which may have to wait for Redis."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from sauda.clock import SystemClock, UnixNs, monotonic_s
from sauda_feed.kept import Arrival, Kept
from sauda_feed.source import MarketMessage

CAPACITY: Final = 50_000
"""Messages that may wait before only the newest of each instrument is kept: some 20 MB."""
UPDATES: Final = 1_000
"""The broker's order updates that are kept while ticks are coalesced, the newest ones: some 5 MB."""
LAG_S: Final = 5.0
"""Seconds that a message may have waited; what waits longer is an old price, and only the newest of each instrument is kept."""
GATHER_FROM: Final = 8
"""So many messages at once are a busy market: others are let gather, because a step takes 44 µs of the feed, and a message in it 2.2."""
GATHER_S: Final = 0.001
_MARK_EVERY_S: Final = LAG_S / 50

_SLOW: Final = "the desk was slower than the market"


class Inbox:
    """A bounded queue. When it is full, or late, or while Redis is away, it coalesces, and tells of it in one gap afterwards.

    Then it keeps the newest tick of each instrument and the newest `UPDATES` order updates; all gaps become one.
    """

    def __init__(
        self,
        capacity: int = CAPACITY,
        updates: int = UPDATES,
        *,
        seconds: Callable[[], float] = monotonic_s,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        """*seconds* is passing time, and *pause* lets some pass."""
        self._capacity = capacity
        self._seconds = seconds
        self._pause = pause or SystemClock().sleep
        self._taken = 0
        """Messages that have left the queue since the beginning."""
        self._marks: deque[tuple[int, float]] = deque()
        """(messages that had been put, when that was seen): the time between two takes is not known closer, nor need it be"""
        self._most_updates = updates
        self._queue: deque[Arrival] = deque()
        self._kept = Kept()
        self._away = False
        self._arrived = threading.Condition(threading.Lock())
        self.arriving = False
        """Whether the broker's thread has a message in hand whose time of arrival it may have read already."""

    def idle(self) -> bool:
        """Return whether nothing waits and nothing is on its way here: what comes next arrives after this moment."""
        with self._arrived:
            return not (self.arriving or self._queue or self._kept)

    def put(self, message: Arrival) -> None:
        """Add one message and wake whoever waits; takes microseconds."""
        with self._arrived:
            if self._away or self._kept or len(self._queue) >= self._capacity:
                if not self._kept:
                    self._kept.reason = "Redis was away" if self._away else _SLOW
                self._kept.add(message, self._most_updates)
            else:
                self._queue.append(message)
                self._arrived.notify()

    def conflate(self, away: bool) -> None:
        """While *away*, keep the newest only."""
        with self._arrived:
            self._away = away
            self._mark()

    def take(self, limit: int, timeout_s: float, now_ns: UnixNs) -> list[MarketMessage]:
        """Return up to *limit* messages, waiting up to *timeout_s* for the first; a hole is told of first."""
        if timeout_s and GATHER_FROM <= len(self._queue) < limit and not self._away:
            self._pause(GATHER_S)
        with self._arrived:
            if not self._queue and (self._away or not self._kept):
                self._arrived.wait(timeout_s)
            if self._is_late():
                self._fold()
            if not self._queue and not self._away:
                self._queue.extend(self._kept.messages(now_ns))
                self._kept = Kept()
            queue = self._queue
            taken: list[MarketMessage] = [queue.popleft() for _ in range(min(limit, len(queue)))]
            self._taken += len(taken)
            return taken

    def _mark(self) -> None:
        """Note how much has been put by now."""
        self._marks.append((self._taken + len(self._queue), self._seconds()))

    def _is_late(self) -> bool:
        """Return whether what stands first in the queue has waited too long."""
        marks, now_s = self._marks, self._seconds()
        while marks and marks[0][0] <= self._taken:
            marks.popleft()
        if self._queue and (not marks or now_s - marks[-1][1] >= _MARK_EVERY_S):
            self._mark()
        return bool(marks) and now_s - marks[0][1] > LAG_S

    def _fold(self) -> None:
        """Keep only the newest of what waits in the queue, too."""
        later, self._kept = self._kept, Kept()
        self._kept.reason = later.reason or _SLOW
        for message in self._queue:
            self._kept.add(message, self._most_updates)
        self._kept.absorb(later, self._most_updates)
        self._taken += len(self._queue)
        self._queue.clear()
        self._marks.clear()

    def wake(self) -> None:
        """Let a waiting `take` return."""
        with self._arrived:
            self._arrived.notify()
