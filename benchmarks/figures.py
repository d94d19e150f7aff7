"""What a benchmark hands over: figures with units, each with the yardstick that was measured beside it.

A bench is a module of this package with a function `measured()` that can be called without arguments and returns something with
`figures`, a sequence of `Figure`:

    @dataclass(frozen=True, slots=True)
    class Feed:
        frames_per_s: float
        bare_client_per_s: float

        @property
        def figures(self) -> list[Figure]:
            bare = Figure("the client library alone", self.bare_client_per_s, "frames/s", "2,000 instruments")
            return [bare, Figure("frames to ticks", self.frames_per_s, "frames/s", "2,000 instruments").beside(bare)]

`measured()` raises `CannotMeasureError` where something that it needs is not on this machine. `benchmarks.catalogue` names the modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol


class CannotMeasureError(Exception):
    """This machine lacks what the bench needs: says what, and how to get it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    name: str
    """Unique in its bench: `tick -> fill p50 at 5,000/s`. It is what a recorded figure is found by, so it holds no measured number."""
    value: float
    unit: str
    """`ticks/s`, `ms`, `bytes`, `µs`, `s`, `instructions`."""
    condition: str = ""
    """What it holds for: `34 instruments, no writer, AOF everysec`."""
    less_is_better: bool = False
    """For times, bytes and instructions."""
    steady: bool = True
    """False for what differs from run to run by itself, as the slowest of a hundred does: told, and never compared."""
    yardstick: str | None = None
    """The name of a figure of the same bench and run, measured side by side with this one."""
    ratio: float | None = None
    """`value` over the yardstick's: the only thing that two runs may be compared by."""

    def beside(self, yardstick: "Figure") -> "Figure":
        """Return this figure with its ratio to *yardstick*, which belongs in the same list.

        Raises:
            CannotMeasureError: the yardstick is not a positive number.
        """
        if not yardstick.value > 0:
            raise CannotMeasureError(
                f"{yardstick.name} is {yardstick.value}: nothing to compare {self.name} with"
            )
        return replace(self, yardstick=yardstick.name, ratio=self.value / yardstick.value)


class Measured(Protocol):
    """What `measured()` of a bench returns."""

    @property
    def figures(self) -> Sequence[Figure]:
        """Return all figures, yardsticks among them, in the order in which they are read best."""
