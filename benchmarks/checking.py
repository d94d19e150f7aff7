"""`make bench-check` and `python -m benchmarks record`: what was recorded, what is now, and measuring once more when in doubt."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from benchmarks import guard, sheet
from benchmarks.sheet import Row

Measure: TypeAlias = Callable[[Sequence[str]], tuple[list[Row], dict[str, str]]]
"""Runs benches by name and keeps their rows; returns them, and why some could not be run."""


def check(names: Sequence[str], measure: Measure) -> int:
    """Compare the benches *names* (none: all that are recorded) with the recorded ratios; return the exit code.

    The newest var/bench.json counts. What it has no row of is measured now; what has lost too much is measured once more, and the
    better of both counts, because a machine has slow minutes and code has not.
    """
    recorded = sheet.read(guard.RECORDED)
    benches = [name for name in dict.fromkeys(row.bench for row in recorded) if name in names or not names]
    if not benches:
        print(
            f"{guard.RECORDED.name} has nothing of {', '.join(names) or 'any bench'}: python -m benchmarks record"
        )
        return 1
    found, failed = _rows(benches, measure)
    wrong = guard.compared(recorded, found, benches)
    doubtful = sorted({one.bench for one in wrong if one.again})
    if doubtful:
        print(f"measured once more: {', '.join(doubtful)}", file=sys.stderr)
        again, failed_again = measure(doubtful)
        found, failed = guard.better(found, again), failed | failed_again
        wrong = guard.compared(recorded, found, benches)
    for name, why in failed.items():
        print(f"NOT MEASURED {name}: {why}")
    for one in wrong:
        print(one.line)
    if not wrong and not failed:
        print(
            f"no loss above {guard.ALLOWED_LOSS:.0%}: {len(recorded)} figures recorded, benches {', '.join(benches)}"
        )
    return 1 if wrong or failed else 0


def record(names: Sequence[str]) -> int:
    """Take the ratios of var/bench.json (of *names*; none: of all) as those that later runs are compared with; return the exit code."""
    rows = [row for row in sheet.read(sheet.SHEET) if row.bench in names or not names]
    good = guard.recordable(rows)
    if not good:
        print(f"{sheet.SHEET} has no ratio of {', '.join(names) or 'any bench'}: run `make bench` first")
        return 1
    kept = sheet.read(guard.RECORDED)
    others = guard.other_pythons(kept, good[0].machine.rpartition("Python ")[2].rpartition(".")[0])
    of_others = [row for row in kept if row.figure in others]
    sheet.write(
        guard.RECORDED, [*sheet.merged([row for row in kept if row.figure not in others], good), *of_others]
    )
    print(f"recorded: {len(good)} ratios of {', '.join(dict.fromkeys(row.bench for row in good))}")
    return 0


def _rows(benches: Sequence[str], measure: Measure) -> tuple[list[Row], dict[str, str]]:
    """Return the rows of var/bench.json, with those of *benches* that it lacks measured now."""
    kept = [row for row in sheet.read(sheet.SHEET) if row.bench in benches]
    for name in dict.fromkeys(row.bench for row in kept):
        made = min(row.made for row in kept if row.bench == name)
        print(f"{name}: as {sheet.SHEET} has it, measured {made}", file=sys.stderr)
    lacking = [name for name in benches if name not in {row.bench for row in kept}]
    if not lacking:
        return kept, {}
    new, failed = measure(lacking)
    return [*kept, *new], failed
