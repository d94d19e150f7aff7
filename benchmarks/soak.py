"""Is the memory of every service flat? `python -m benchmarks.soak minutes=30 rate=5000`; `minutes=2` to try.

The whole desk (feed, bars, strategies, execution, valuation, the writer into SQLite, the archive that trims the streams) on a server
of its own, an order every ten seconds. The resident memory of each process and what Redis uses are read every second, and a straight line is
laid through what comes after the warm-up. Exit 1 if anything surely grows by more than 2 MB an hour, or the desk did not keep up;
"cannot tell" (exit 0) says that the run was too short for the noise. Leaves var/soak.csv, all readings, and the rows `soak` in var/bench.json.
"""

import csv
import sys
import tempfile
from pathlib import Path
from typing import Final

import redis

from benchmarks import sheet
from benchmarks.desk import Desk
from benchmarks.resident import Readings, Watch
from benchmarks.server import private_server
from benchmarks.soak_desk import FEED, ORDER_S, PING, SERVICES, Keepers, settings_of
from benchmarks.soak_report import Soak, lines, slopes_of
from sauda.clock import SystemClock, monotonic_s

READINGS: Final = Path("var/soak.csv")


def soak(minutes: float, rate: int) -> tuple[Soak, Readings]:
    """Run the desk for so long, watch it, and say what came of it.

    Raises:
        ChildProcessError, TimeoutError: a service did not start.
    """
    with private_server() as (port, _), tempfile.TemporaryDirectory(prefix="sauda-soak-") as name:
        client, folder = redis.Redis(port=port), Path(name)
        with Desk(port, folder, "soak", **settings_of(folder)) as desk:
            desk.start(*SERVICES)
            desk.start(PING, PING_EVERY=str(rate * ORDER_S))
            desk.start(FEED, SOAK_RATE=str(rate))
            keepers = Keepers(client, desk.name)
            warm_s = warm_up_s(minutes)
            with Watch(
                client, {name.removeprefix("benchmarks."): pid for name, pid in desk.pids.items()}
            ) as watch:
                _sit(warm_s, keepers, watch)
                sizes = keepers.sizes()
                _sit(minutes * 60 - warm_s, keepers, watch)
            grown = {key: size - sizes.get(key, 0) for key, size in keepers.sizes().items()}
            problems = keepers.problems(rate) + ([f"{watch.gone} ended"] if watch.gone else [])
            facts = keepers.facts()
    slopes = slopes_of(watch.readings, warm_s)
    return Soak(minutes, rate, facts, slopes, grown, tuple(problems)), watch.readings


def warm_up_s(minutes: float) -> float:
    """Return what is left out at the beginning: a third, at most six minutes."""
    return min(360.0, minutes * 20)


def _sit(seconds: float, keepers: Keepers, watch: Watch) -> None:
    """Wait, and say every minute how things are."""
    until_s = monotonic_s() + seconds
    while (left_s := until_s - monotonic_s()) > 0 and watch.gone is None:
        SystemClock().sleep(min(60.0, left_s))
        newest = {name: readings[-1][1] for name, readings in watch.readings.of.items() if readings}
        told = " · ".join(
            f"{name.removeprefix('sauda_')} {amount / 1e6:.1f}" for name, amount in newest.items()
        )
        print(f"    {keepers.facts().ticks:,} ticks · MB: {told}", file=sys.stderr, flush=True)


def keep(readings: Readings, path: Path) -> None:
    """Write all readings as a table: seconds, then a column of bytes for each name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(readings.of)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["s", *names])
        found = [dict(readings.of[name]) for name in names]
        for at_s in sorted({at_s for one in found for at_s in one}):
            table.writerow([f"{at_s:.1f}", *(int(one[at_s]) if at_s in one else "" for one in found)])


def wanted(arguments: list[str]) -> tuple[float, int]:
    """Return minutes and ticks a second.

    Raises:
        ValueError: nobody knows the argument, or its value makes no run.
    """
    values = {"minutes": 30.0, "rate": 5_000.0}
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name not in values:
            raise ValueError(f"{argument!r} is not known")
        values[name] = float(value)
    if values["minutes"] < 1 or values["rate"] < 100:
        raise ValueError("a run takes at least one minute, at 100 ticks a second or more")
    return values["minutes"], int(values["rate"])


def main(arguments: list[str]) -> int:
    """Soak and print; see the module for the exit code."""
    try:
        minutes, rate = wanted(arguments)
    except ValueError as error:
        print(f"{error}: say minutes=30 rate=5000", file=sys.stderr)
        return 2
    found, readings = soak(minutes, rate)
    print("\n".join(lines(found)))
    keep(readings, READINGS)
    new = sheet.rows_of("soak", found.figures, f"python -m benchmarks.soak minutes={minutes:g} rate={rate}")
    sheet.write(sheet.SHEET, sheet.merged(sheet.read(sheet.SHEET), new))
    print(f"written: {READINGS}, {sheet.SHEET}")
    return 1 if found.problems or found.growing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
