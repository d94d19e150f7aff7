"""How often somebody may ask: a bucket of requests that fills by itself. Pure."""

from collections import OrderedDict
from typing import Final

_KEPT: Final = 10_000
"""Callers that are remembered: a flood from many addresses must not fill the memory."""


class Buckets:
    """One bucket a caller; the one that was longest silent is forgotten first, which fills it."""

    def __init__(self, per_s: float, burst: float) -> None:
        """Let each caller ask *per_s* times a second in the long run, and *burst* times at once."""
        self._per_s = per_s
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now_s: float) -> float:
        """Take one request of *caller*'s; return the seconds until there is one, 0.0 if it was there."""
        left, seen_s = self._left.pop(caller, (self._burst, now_s))
        left = min(self._burst, left + (now_s - seen_s) * self._per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._per_s
        self._left[caller] = (left if wait_s else left - 1, now_s)
        if len(self._left) > _KEPT:
            self._left.popitem(last=False)
        return wait_s
