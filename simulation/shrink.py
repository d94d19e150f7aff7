"""Makes a failing run smaller: fewer faults, a shorter market, as long as it still breaks a promise."""

from typing import Final

from simulation.desk import Parts
from simulation.faults import Fault
from simulation.life import Life, Outcome
from simulation.tape import STEPS

_SHORTER: Final = (5, 10, 15, 20, 25, 30)
"""Instants of the market to try, fewest first."""


class Shrinker:
    """Tries smaller runs of one seed."""

    def __init__(self, outcome: Outcome, parts: Parts | None = None) -> None:
        self.best = outcome
        self.steps = STEPS
        self.tries = 0
        self._parts = parts

    def run(self) -> Outcome:
        """Return the smallest run found that still fails; without any fault that can be left out, it is minimal."""
        size = max(1, len(self.best.faults) // 2)
        while size:
            if not self._without_some(size):
                size = size // 2 if size > 1 else 0
        for steps in _SHORTER:
            if self._still_fails(self.best.faults, steps):
                self.steps = steps
                break
        return self.best

    def _without_some(self, size: int) -> bool:
        faults = self.best.faults
        places = range(0, len(faults), size)
        return any(self._still_fails(faults[:at] + faults[at + size :], self.steps) for at in places)

    def _still_fails(self, faults: list[Fault], steps: int) -> bool:
        self.tries += 1
        outcome = Life(self.best.seed, parts=self._parts, faults=faults, steps=steps).run()
        if outcome.violations:
            self.best = outcome
        return bool(outcome.violations)


def told(outcome: Outcome, steps: int = STEPS) -> list[str]:
    """Say what failed and under which faults, for people."""
    lines = [f"seed {outcome.seed} breaks a promise:"]
    lines += [f"  {text}" for text in outcome.violations]
    lines.append(f"faults ({len(outcome.faults)}), market of {steps} instants:")
    return [*lines, *(f"  {fault}" for fault in outcome.faults)]
