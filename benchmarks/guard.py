"""Whether the desk has become slower: ratios of a run beside the recorded ones. Pure.

Only a ratio is ever compared: a figure over its yardstick, both measured in one run. Absolute figures say more of the machine and its
minute than of the code. Counts of instructions are steady, so much less is allowed to them.
"""

import platform
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.sheet import Row

RECORDED: Final = Path(__file__).with_name("recorded.json")
ALLOWED_LOSS: Final = 0.20
ALLOWED_OF: Final = {"instructions": 0.05, "memory": 0.05}
"""Of benches that do not depend on how busy the machine is."""
PYTHON: Final = "Python {}"
"""How the name of a figure ends that holds for one version of Python alone."""


class Finding(NamedTuple):
    """What is wrong with one recorded figure."""

    bench: str
    line: str
    again: bool
    """Whether it may be the machine's minute, so that measuring once more makes sense."""


def recordable(rows: Sequence[Row]) -> list[Row]:
    """Return those of *rows* that a later run can be compared with: they have a yardstick, and are steady."""
    return [row for row in rows if row.ratio is not None and row.steady]


def compared(
    recorded: Sequence[Row], found: Sequence[Row], benches: Collection[str], python: str | None = None
) -> list[Finding]:
    """Return what is wrong, in the order of *recorded*; nothing if all is well.

    Args:
        recorded: What the figures were.
        found: What they are now.
        benches: Those that count; what is recorded of others is not looked at.
        python: The version that runs, `3.11`; None: this one.
    """
    now = {(row.bench, row.figure): row for row in found}
    of_others = other_pythons(recorded, python or ".".join(platform.python_version_tuple()[:2]))
    return [
        finding
        for row in recorded
        if row.bench in benches and row.figure not in of_others
        for finding in _wrong(row, now.get((row.bench, row.figure)))
    ]


def other_pythons(rows: Sequence[Row], python: str) -> set[str]:
    """Return the names of figures that hold for another version of Python than *python*."""
    marked = {row.figure for row in rows if PYTHON.format("") in row.figure}
    return {name for name in marked if not name.endswith(PYTHON.format(python))}


def better(one: Sequence[Row], other: Sequence[Row]) -> list[Row]:
    """Return of each figure of two runs the row with the better ratio."""
    best = {(row.bench, row.figure): row for row in one}
    for row in other:
        known = best.get((row.bench, row.figure))
        if known is None or known.ratio is None or (row.ratio is not None and loss(known, row.ratio) < 0):
            best[row.bench, row.figure] = row
    return list(best.values())


def loss(recorded: Row, ratio: float) -> float:
    """Return the share by which *ratio* is worse than the recorded one: 0.25 for a quarter less speed, or a quarter more time."""
    if recorded.ratio is None:
        raise ValueError(f"{recorded.bench}, {recorded.figure}: recorded without a yardstick")
    change = ratio / recorded.ratio - 1
    return change if recorded.less_is_better else -change


def _wrong(recorded: Row, found: Row | None) -> Iterator[Finding]:
    bench, name = recorded.bench, f"{recorded.bench}, {recorded.figure}"
    if recorded.ratio is None:
        yield Finding(
            bench, f"{name}: recorded without a yardstick; absolute figures are not compared", False
        )
    elif found is None:
        yield Finding(bench, f"{name}: missing in this run (recorded: {_told(recorded)})", False)
    elif found.ratio is None:
        yield Finding(bench, f"{name}: has no yardstick in this run (recorded: {_told(recorded)})", False)
    elif (found.ratio_to, found.unit) != (recorded.ratio_to, recorded.unit):
        yield Finding(bench, f"{name}: is {_told(found)} now, was {_told(recorded)}: record it anew", False)
    elif (lost := loss(recorded, found.ratio)) > ALLOWED_OF.get(bench, ALLOWED_LOSS):
        yield Finding(
            bench, f"{name}: {lost:.0%} worse, {_told(found)} now, recorded {recorded.ratio:.3g}", True
        )


def _told(row: Row) -> str:
    return "no ratio" if row.ratio is None else f"{row.ratio:.3g} x {row.ratio_to} ({row.unit})"
