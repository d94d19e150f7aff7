"""Fewer points for the eye: a chart of a day has some two thousand pixels, a curve may have a million points."""

from collections.abc import Sequence
from typing import Final

MOST: Final = 1500
"""Points of a line that is drawn."""


def kept(values: Sequence[float], most: int = MOST) -> list[int]:
    """Return which of *values* to draw, in order: the lowest and the highest of each stretch, the first and the last.

    So no peak and no trough is lost, whatever the size of a stretch.
    """
    count = len(values)
    if count <= most:
        return list(range(count))
    stretch = -(-2 * count // most)
    found = {0, count - 1}
    for begin in range(0, count, stretch):
        part = range(begin, min(count, begin + stretch))
        found |= {min(part, key=values.__getitem__), max(part, key=values.__getitem__)}
    return sorted(found)
