"""How far each stream is archived, which of its entries are old enough for it, and whether it is time. Pure."""

from collections import deque
from dataclasses import dataclass, field

from sauda.archive.span import Id
from sauda.redis_book import StreamFacts
from sauda_archive.settings import Limits


@dataclass(slots=True)
class Progress:
    """One stream of one book."""

    last: Id | None
    """The last archived id."""
    passed: int
    """Entries written up to there, as the server counts; less, while there is so much that it was not counted to the end."""
    waiting_since_s: float | None = None
    """When the oldest entry that is not archived was seen first."""
    held_by: str = ""
    """The group that keeps archived entries in Redis."""
    _seen: deque[tuple[float, Id]] = field(default_factory=deque)
    """(passing time, last id then), the oldest first."""

    def look(self, facts: StreamFacts, now_s: float, settle_s: float) -> None:
        """Take note of how the stream stands now."""
        self.saw(now_s, facts.last)
        # One that is old enough makes those before it superfluous.
        while len(self._seen) > 1 and self._seen[1][0] <= now_s - settle_s:
            self._seen.popleft()
        if facts.added <= self.passed:
            self.waiting_since_s = None
        elif self.waiting_since_s is None:
            self.waiting_since_s = now_s

    def saw(self, at_s: float, last: Id) -> None:
        """Take note that the stream went up to *last* at *at_s*."""
        if not self._seen or self._seen[-1][1] != last:
            self._seen.append((at_s, last))

    def settled(self, now_s: float, settle_s: float) -> Id | None:
        """Return the last id that stood there *settle_s* ago already; None: none did.

        By passing time, not by what the ids say: the server's clock may have been put back.
        """
        at, last = self._seen[0] if self._seen else (now_s, None)
        return last if last is not None and at <= now_s - settle_s else None

    def is_due(self, facts: StreamFacts, now_s: float, limits: Limits, *, pressed: bool) -> bool:
        """Return whether enough has gathered, or has waited for long enough."""
        behind = facts.added - self.passed
        if behind <= 0 or self.waiting_since_s is None:
            return False
        size = facts.memory // max(1, facts.length) * behind
        enough = limits.pressed_entries if pressed else limits.file_entries
        every_s = min(limits.every_s, limits.pressed_every_s) if pressed else limits.every_s
        waited_s = now_s - self.waiting_since_s - limits.settle_s
        return behind >= enough or size >= limits.file_bytes or waited_s >= every_s

    def archived(self, last: Id, now_s: float) -> None:
        """Take note that all up to *last* is archived."""
        self.last = last
        self.waiting_since_s = now_s
