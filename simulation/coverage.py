"""What many runs had in them. A simulation in which something never happens proves nothing about it."""

from collections import Counter
from typing import Final

from simulation.faults import Kind

EXPECTED: Final = (
    "fills",
    "fills of stops",
    "points of profit and loss",
    "dead letters",
    "holders that followed another",
    "commit refused: LeaseLostError",
    "load refused: LeaseLostError",
    "answer to a commit lost",
    "answer to a settle lost",
    "died after a commit was done",
    "died after a write was done",
    "late requests that were done",
    "calls while the server was away",
    "writes refused by a full server",
    "writes while the database was away",
    "entries taken over from a dead writer",
    "orderly restarts",
    *(kind.name.lower() for kind in Kind),
)
"""What at least one run of many must have."""

MANY: Final = 500
"""Runs from which on everything expected has to have happened."""


class Coverage:
    """Counts runs by what they had."""

    def __init__(self) -> None:
        self.runs = 0
        self.had: Counter[str] = Counter()

    def add(self, seen: Counter[str]) -> None:
        """Count one run."""
        self.runs += 1
        self.had.update(seen.keys())

    def missing(self) -> list[str]:
        """Return what no run had, once there were many."""
        return [what for what in EXPECTED if not self.had[what]] if self.runs >= MANY else []

    def told(self) -> list[str]:
        """Say in how many of the runs each thing happened."""
        return [f"{count:8,} {what}" for what, count in sorted(self.had.items(), key=lambda item: -item[1])]
