"""`python -m benchmarks.backtest`: a backtest beside nautilus_trader's, the same cross of two means on the same quote ticks.

Each side runs in a process of its own, three times in turn, and the best run of each counts. Ours reads its file while it runs; the
rival has its ticks in memory before its clock starts. Both have to agree on every trade. The rival gets an environment of its own
under var/rivals, made by the newest Python of this machine that it can be installed for, or by that of BENCH_RIVAL_PYTHON.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks import yardstick
from benchmarks.figures import CannotMeasureError, Figure
from benchmarks.made_up_days import LOT, minutes_of_a_year, quote_ticks

TICKS: Final = int(os.environ.get("BENCH_BACKTEST_TICKS", "500000"))
ROUNDS: Final = 3
FAST, SLOW = 400, 1600
"""A cross about every thousand ticks; of minutes, an order about every 600 bars."""
SPARSE: Final = (f"fast={FAST}", f"slow={SLOW}", "pnl_grid_ms=3600000")
"""A year of minutes that is traded as rarely as the ticks: the same two means, and a point of the curve each hour and at each fill."""
RIVAL: Final = "nautilus_trader==1.231.0"
_PYTHONS: Final = (
    os.environ.get("BENCH_RIVAL_PYTHON", "python3.13"),
    "python3.12",
    "python3.11",
    sys.executable,
)
_ROOT: Final = Path(__file__).parents[1]


class Compared(NamedTuple):
    """Both sides on the same ticks."""

    ours: dict[str, Any]
    rivals: dict[str, Any] | None
    """None: it could not be installed here."""
    year: dict[str, Any]
    """Ours, on a year of one-minute bars, with the means and the hourly points of `SPARSE`."""
    busy: dict[str, Any]
    """Ours, on the same bars: means of 50 and 200, a turn every 160 bars, and a point every five minutes."""
    stick: Figure
    """A fixed piece of Python, measured between the rounds."""

    @property
    def ratio(self) -> float | None:
        """Return our ticks a second over the rival's."""
        return None if self.rivals is None else self.rivals["run_s"] / self.ours["run_s"]

    @property
    def differences(self) -> list[str]:
        """Return what the two do not agree on, one line each."""
        theirs, ours = _traded((self.rivals or {}).get("fills", ())), _traded(self.ours["fills"])
        pairs = zip(ours, theirs, strict=False)
        found = [
            f"trade {at}: {one} against {other}" for at, (one, other) in enumerate(pairs) if one != other
        ]
        if len(ours) != len(theirs):
            found.append(f"{len(ours)} trades against {len(theirs)}")
        return found

    @property
    def figures(self) -> list[Figure]:
        """See `benchmarks.figures`.

        Raises:
            CannotMeasureError: the two do not agree on every trade, so their speeds say nothing.
        """
        if self.rivals is not None and self.differences:
            raise CannotMeasureError(f"{RIVAL} trades otherwise: {self.differences[0]}")
        ours, year = self.ours, self.year
        speed = Figure("ours", ours["ticks"] / ours["run_s"], "ticks/s", f"{ours['ticks']:,} quote ticks")
        per_tick = Figure(
            "a tick of minutes", self.busy["cpu_s"] / self.busy["ticks"] * 1e6, "µs", "processor time", True
        )
        minutes = [_figure("a year of one-minute bars", self.busy), _figure("a year, seldom traded", year)]
        found = [self.stick, per_tick.beside(self.stick), *minutes]
        if self.rivals is None:
            return [speed, *found]
        rival = Figure(RIVAL, self.rivals["ticks"] / self.rivals["run_s"], "ticks/s", self.rivals["name"])
        return [rival, speed.beside(rival), *found]


def measured(rounds: int = 2) -> Compared:
    """Measure both sides in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="sauda-bench-") as folder:
        return compared(Path(folder), rounds)


def compared(folder: Path, rounds: int = ROUNDS) -> Compared:
    """Measure both sides in *folder*, which holds the data afterwards; the best of so many rounds counts."""
    ticks, bars = folder / "ticks.parquet", folder / "minutes.parquet"
    quote_ticks(ticks, TICKS)
    minutes_of_a_year(bars)
    rival = rival_python()
    script = str(_ROOT / "benchmarks/rivals/nautilus_cross.py")
    ours, theirs, year, busy = [], [], [], []
    stick = yardstick.figure()
    for _ in range(rounds):
        ours.append(_timed([sys.executable, "-m", "benchmarks.timed_backtest", "quote_cross", str(ticks)]))
        if rival is not None:
            theirs.append(_timed([str(rival), script, str(ticks), str(FAST), str(SLOW), str(LOT)]))
        minutes = [sys.executable, "-m", "benchmarks.timed_backtest", "bar_cross", str(bars)]
        year.append(_timed([*minutes, *SPARSE]))
        busy.append(_timed(minutes))
    return Compared(_best(ours), _best(theirs) if theirs else None, _best(year), _best(busy), stick)


def rival_python() -> Path | None:
    """Return a Python that has nautilus_trader, installing it first if need be; None where it cannot be had."""
    for name in _PYTHONS:
        found = shutil.which(name)
        if found is None or subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
            continue
        version = subprocess.run(
            [found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        place = _ROOT / "var/rivals" / f"nautilus-{version}"
        python = place / "bin/python"
        if not (place / "installed").exists():
            make = [found, "-m", "venv", "--clear", str(place)]
            install = [str(python), "-m", "pip", "install", "--quiet", RIVAL]
            if any(subprocess.run(step, check=False).returncode for step in (make, install)):
                continue
            (place / "installed").touch()
        return python
    return None


def lines(found: Compared) -> list[str]:
    """Return what was measured, for people."""
    ours, rivals = found.ours, found.rivals
    told = [_line("backtest on quote ticks: " + ours["name"], ours)]
    if rivals is None or found.ratio is None:
        told.append(f"{RIVAL} could not be installed here: nothing to compare with")
    else:
        told.append(_line("    " + rivals["name"], rivals))
        told.append(
            f"    {found.ratio:.2f} times its ticks/s; {len(_traded(ours['fills']))} trades on each side"
        )
        told += [f"    DIFFERENCE {one}" for one in found.differences[:5]]
    told += [
        f"a year of one-minute bars ({one['ticks'] // 4:,} bars, {len(one['fills'])} trades, {points})   "
        f"{one['run_s']:.2f} s, {one['cpu_s']:.2f} s of them processor time"
        for one, points in ((found.year, "hourly points"), (found.busy, "points every 5 minutes"))
    ]
    return told


def _traded(fills: Iterable[Sequence[Any]]) -> list[tuple[int, int, int]]:
    """Return (instant, price, signed units) of what was traded: a turn is two fills of ours, exit and entry, and one of the rival's."""
    found: dict[tuple[int, int], int] = {}
    for at_ns, side, qty, price in fills:
        found[at_ns, price] = found.get((at_ns, price), 0) + (qty if side == "BUY" else -qty)
    return [(at_ns, price, units) for (at_ns, price), units in found.items()]


def _figure(name: str, one: dict[str, Any]) -> Figure:
    condition = f"{one['ticks'] // 4:,} bars, {len(one['fills']):,} fills"
    return Figure(name, one["run_s"], "s", condition, less_is_better=True)


def _line(name: str, one: dict[str, Any]) -> str:
    return f"{name:<60} {one['ticks'] / one['run_s']:>9,.0f} ticks/s   ({one['load_s']:.2f} s to begin)"


def _timed(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return min(runs, key=lambda one: float(one["run_s"]))


def main() -> None:
    """Measure and print; exit 1 if the two do not agree, or there is nothing to agree with."""
    with tempfile.TemporaryDirectory(prefix="sauda-bench-") as folder:
        found = compared(Path(folder))
    for line in lines(found):
        print(line)
    sys.exit(1 if found.rivals is None or found.differences else 0)


if __name__ == "__main__":
    main()
