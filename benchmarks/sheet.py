"""The sheet of figures, var/bench.json: rows of named values that a later run is compared with.

    {"schema": 1,
     "rows": [{"bench": "feed", "figure": "frames to ticks", "value": 41000.0, "unit": "frames/s", "less_is_better": false,
               "ratio_to": "the client library alone", "ratio": 0.61, "condition": "2,000 instruments",
               "command": "python -m benchmarks feed", "machine": "2 x Intel Xeon, 24 GB, Linux 6.1, Python 3.11.7", "made": "2026-11-21T13:45:00Z",
               "steady": true}]}

`ratio_to` names another row of the same bench, measured in the same run; both are null for a figure that nothing stands beside.
`steady` is false for a figure that differs from run to run by itself: it is told, and not compared. A run of some benches replaces the rows of those and leaves the others.
"""

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.figures import Figure
from sauda.clock import NS_PER_S, SystemClock

SCHEMA: Final = 1
SHEET: Final = Path("var/bench.json")


class SheetError(Exception):
    """A sheet cannot be used: says which, and what to do."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as it is kept."""

    bench: str
    figure: str
    value: float
    unit: str
    less_is_better: bool
    ratio_to: str | None
    ratio: float | None
    condition: str
    command: str
    machine: str
    made: str
    """UTC, ISO 8601."""
    steady: bool = True
    """Whether a later run is compared with it."""


class _Sheet(msgspec.Struct, frozen=True):
    rows: tuple[Row, ...]
    schema: int = SCHEMA


def read(path: Path) -> tuple[Row, ...]:
    """Return the rows of *path*; none if there is no such file.

    Raises:
        SheetError: it is not a sheet, or one of another schema.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Sheet)
    except FileNotFoundError:
        return ()
    except msgspec.DecodeError as error:
        raise SheetError(f"{path} cannot be read ({error}): delete it and run `make bench`") from error
    if found.schema != SCHEMA:
        raise SheetError(f"{path} has schema {found.schema}, not {SCHEMA}: delete it and run `make bench`")
    return found.rows


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write all *rows*, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(_Sheet(tuple(rows))), indent=1) + b"\n")
    beside.replace(path)


def merged(kept: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Return *kept* with the rows of each bench in *new* replaced by those."""
    again = {row.bench for row in new}
    return [row for row in kept if row.bench not in again] + list(new)


def rows_of(bench: str, figures: Iterable[Figure], command: str | None = None) -> list[Row]:
    """Return *figures* as rows, stamped with this machine and now; *command* made them, `make bench`'s own if None.

    Raises:
        SheetError: two figures have one name, or a yardstick is not among the figures.
    """
    found = list(figures)
    names = [one.name for one in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SheetError(f"{bench} has two figures named {min(twice)!r}: name them apart")
    for one in found:
        if one.yardstick is not None and one.yardstick not in names:
            raise SheetError(f"{bench}: {one.name!r} stands beside {one.yardstick!r}, which was not measured")
    machine, made = this_machine(), _now()
    return [
        Row(
            bench=bench,
            figure=one.name,
            value=one.value,
            unit=one.unit,
            less_is_better=one.less_is_better,
            ratio_to=one.yardstick,
            ratio=one.ratio,
            condition=one.condition,
            command=command or f"python -m benchmarks {bench}",
            machine=machine,
            made=made,
            steady=one.steady,
        )
        for one in found
    ]


def this_machine() -> str:
    """Return what the figures depend on: processors, memory, kernel, Python."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    kernel = f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
    return (
        f"{os.cpu_count()} x {_processor()}, {memory_gb:.0f} GB, {kernel}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.machine()
    return next(
        (line.partition(": ")[2] for line in told if line.startswith("model name")), platform.machine()
    )


def _now() -> str:
    return f"{datetime.fromtimestamp(SystemClock().now_ns() // NS_PER_S, UTC):%Y-%m-%dT%H:%M:%SZ}"


def table(rows: Sequence[Row]) -> list[str]:
    """Return *rows* for people: a heading for each bench, then a line for each figure."""
    told: list[str] = []
    bench = ""
    for row in rows:
        if row.bench != bench:
            bench = row.bench
            told += ["", f"{bench}   ({row.command})"]
        told.append(_line(row))
    return told


def _line(row: Row) -> str:
    beside = "" if row.ratio is None else f"{_number(row.ratio)} x {row.ratio_to}"
    notes = " · ".join(note for note in (beside, row.condition) if note)
    return f"  {row.figure:<52} {_number(row.value):>12} {row.unit:<15} {notes}".rstrip()


def _number(value: float) -> str:
    """Return three or more figures of *value*: `104,233`, `12.4`, `0.173`."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.3g}"
