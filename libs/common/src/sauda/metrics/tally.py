"""Figures as they are kept beside the work: plain numbers, written by one thread and read by another. Pure.

No lock: a reader may see a sum that is one observation ahead of its buckets, which the next reading corrects.
"""

from bisect import bisect_left
from typing import Final

HOP_S: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
"""Bounds of a hop: an entry's id tells its arrival to the millisecond, so nothing shorter can be told apart."""
ANSWER_S: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025),
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
"""Bounds of a server's answer; after five seconds it is taken for gone."""
ENTRIES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)


class Distribution:
    """How often a value fell between which bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """How many were at most the bound of the same place and above the one before; the last: above all."""
        self.total = 0.0

    def note(self, value: float) -> None:
        """Count *value*."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def at_most(self) -> list[tuple[float, int]]:
        """Return (bound, how many were at most that), the last bound being infinite."""
        found, so_far = [], 0
        for bound, count in zip((*self.bounds, float("inf")), tuple(self.counts), strict=True):
            so_far += count
            found.append((bound, so_far))
        return found


class Counts:
    """Sums by a set of labels."""

    __slots__ = ("by",)

    def __init__(self) -> None:
        self.by: dict[tuple[str, ...], float] = {}

    def add(self, labels: tuple[str, ...], more: float = 1) -> None:
        """Add *more* to the sum of *labels*."""
        self.by[labels] = self.by.get(labels, 0) + more

    def all(self) -> list[tuple[tuple[str, ...], float]]:
        """Return every sum; safe while another thread adds."""
        return list(self.by.items())
