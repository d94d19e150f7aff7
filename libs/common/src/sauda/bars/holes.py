"""When the desk did not see the market."""

from typing import Final, TypeAlias

from sauda.clock import UnixNs

Hole: TypeAlias = tuple[UnixNs, UnixNs]
"""From when until when."""

_MOST: Final = 64
"""Holes of the last day that are kept apart; of more, the two that lie nearest become one."""
_KEPT_NS: Final = 2 * 86_400 * 10**9
"""A bar lasts a day at the most; older holes touch none that is still built."""


class Holes:
    """The holes of the last days, apart from one another and in order."""

    def __init__(self, holes: tuple[Hole, ...] = ()) -> None:
        self.all = holes

    def add(self, from_ns: UnixNs, to_ns: UnixNs) -> None:
        """Add a hole; those that touch become one, and old ones are forgotten."""
        merged: list[Hole] = []
        for one in sorted([*self.all, (from_ns, to_ns)]):
            if merged and one[0] <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], one[1]))
            elif one[1] > to_ns - _KEPT_NS:
                merged.append(one)
        while len(merged) > _MOST:
            near = min(range(1, len(merged)), key=lambda index: merged[index][0] - merged[index - 1][1])
            merged[near - 1 : near + 1] = [(merged[near - 1][0], merged[near][1])]
        self.all = tuple(merged)

    def touch(self, from_ns: UnixNs, to_ns: UnixNs) -> bool:
        """Was part of the stretch from *from_ns* until *to_ns* not seen?"""
        # They are in order: behind the last of them nothing was missed.
        if not self.all or self.all[-1][1] <= from_ns:
            return False
        return any(hole[0] < to_ns and hole[1] > from_ns for hole in self.all)
