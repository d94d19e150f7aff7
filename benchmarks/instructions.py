"""Instructions of the hot path for each tick and order, counted by callgrind: the steady measure, whatever else the machine does.

    python -m benchmarks instructions       # about half a minute of processor time

`benchmarks.hot_path` is run once, with PYTHONHASHSEED=0 and fixed inputs; what it does between two of its marks is counted, less what is
counted between two marks with nothing in between. Counts depend on the versions of Python and msgspec, not on the clock, and differ
by less than one per cent from run to run. The yardstick is a fixed piece of Python counted in the same run.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures import CannotMeasureError, Figure
from benchmarks.guard import PYTHON
from benchmarks.hot_path import MARK

_ROOT: Final = Path(__file__).parents[1]
_SUMMARY: Final = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Instructions:
    """The counts."""

    per: tuple[tuple[str, float], ...]
    """(part, instructions for one tick, order or round), the yardstick first."""

    @property
    def figures(self) -> list[Figure]:
        """Return all, named by the version of Python that they hold for."""
        python = PYTHON.format(".".join(platform.python_version_tuple()[:2]))
        condition = "callgrind, PYTHONHASHSEED=0"
        stick, *others = (
            Figure(f"{name}, {python}", count, "instructions", condition, less_is_better=True)
            for name, count in self.per
        )
        return [stick, *(one.beside(stick) for one in others)]


def measured() -> Instructions:
    """Count.

    Raises:
        CannotMeasureError: valgrind is not here, or does not see the marks.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise CannotMeasureError("valgrind is not here (Debian: apt-get install valgrind)")
    with tempfile.TemporaryDirectory(prefix="sauda-count-") as folder:
        out = Path(folder) / "counts"
        command = [valgrind, "--tool=callgrind", f"--dump-before=*{MARK}", f"--callgrind-out-file={out}"]
        environ = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")}
        done = subprocess.run(
            [*command, sys.executable, "-m", "benchmarks.hot_path"],
            cwd=_ROOT,
            env=environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.strip() or "nothing").splitlines()
            raise CannotMeasureError(f"valgrind ended with {done.returncode}: {said[-1]}")
        named = [line.partition("\t")[::2] for line in done.stdout.splitlines()]
        return Instructions(counted([(name, int(per)) for name, per in named], counts_in(out)))


def counts_in(out: Path) -> list[int]:
    """Return what was counted before each mark, in order."""
    found: list[int] = []
    while (dump := out.with_name(f"{out.name}.{len(found) + 1}")).exists():
        told = _SUMMARY.search(dump.read_text())
        found.append(int(told[1]) if told else 0)
    return found


def counted(parts: Sequence[tuple[str, int]], counts: Sequence[int]) -> tuple[tuple[str, float], ...]:
    """Return the instructions of each part for one tick.

    Args:
        parts: (name, how many ticks it had).
        counts: Before the first mark; then for each part what lies before it, and the part itself.

    Raises:
        CannotMeasureError: there are not as many counts as there were marks.
    """
    if not parts or len(counts) != 1 + 2 * len(parts):
        raise CannotMeasureError(
            f"valgrind saw {len(counts)} marks of {1 + 2 * len(parts)}: this C library's srand48 has no {MARK}"
        )
    nothing = min(counts[1::2])
    return tuple((name, (counts[2 + 2 * at] - nothing) / per) for at, (name, per) in enumerate(parts))
