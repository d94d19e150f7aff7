"""What one check of the recorded run has found."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final

MOST_NAMED: Final = 5
"""Violations of one check that are named; the rest is counted."""


@dataclass(slots=True)
class Finding:
    """One check: what it looked at, and what was wrong."""

    name: str
    facts: str = ""
    """What was compared, with numbers: a check of nothing must not look like one that passed."""
    violations: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return not self.violations

    def require(self, true: object, otherwise: str) -> None:
        """Note a violation unless *true*."""
        if not true:
            self.violations.append(otherwise)

    def require_each_once(self, what: str, items: Iterable[Hashable]) -> None:
        """Note whatever is there more than once."""
        self.violations += [
            f"{what} {item} is there {number} times" for item, number in Counter(items).items() if number > 1
        ]

    def require_same(
        self, what: str, wanted: Iterable[Hashable], found: Iterable[Hashable], where: str
    ) -> None:
        """Note what is missing from *found*, what is there too much, and what is there too often."""
        wanted_counts, found_counts = Counter(wanted), Counter(found)
        for item, number in (wanted_counts - found_counts).items():
            self.violations.append(f"{what} {item} is missing {_times(number)}from {where}")
        for item, number in (found_counts - wanted_counts).items():
            self.violations.append(f"{where} has {what} {item} {_times(number)}too often")


def _times(number: int) -> str:
    return "" if number == 1 else f"{number} times "
