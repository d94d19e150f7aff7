"""`make bench`: runs the benches of `benchmarks.catalogue`, prints a table and writes var/bench.json.

python -m benchmarks                 # all of them
python -m benchmarks feed writers    # these; the rows of the others stay as they are
python -m benchmarks record          # take the ratios of var/bench.json as those to be kept
python -m benchmarks check           # compare with them: `make bench-check`; exit 1 on a loss of more than 20 %
"""

import sys
from collections.abc import Sequence

from benchmarks import checking, one, sheet
from benchmarks.catalogue import BENCHES
from benchmarks.figures import CannotMeasureError
from sauda.clock import monotonic_s


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; return 1 if a bench could not be run or has lost, 2 for a name that nobody knows."""
    verb = arguments[0] if arguments and arguments[0] in ("check", "record") else ""
    names = list(arguments[1:] if verb else arguments)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no bench {unknown[0]!r}: there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    try:
        if verb == "check":
            return checking.check(names, measured)
        return checking.record(names) if verb == "record" else _bench(names)
    except sheet.SheetError as error:
        print(error, file=sys.stderr)
        return 1


def _bench(wanted: Sequence[str]) -> int:
    """Run what is *wanted*, or all, and write the sheet."""
    sheet.read(sheet.SHEET)  # What cannot be read shall be said before minutes have passed.
    _, failed = measured([name for name in BENCHES if name in wanted or not wanted])
    print(f"\nwritten: {sheet.SHEET}")
    for name, why in failed.items():
        print(f"NOT MEASURED {name}: {why}")
    return 1 if failed else 0


def measured(names: Sequence[str]) -> tuple[list[sheet.Row], dict[str, str]]:
    """Run the benches one after the other, printing each table and keeping its rows when it is there.

    Returns:
        All rows, and why each bench that could not be run could not.
    """
    rows: list[sheet.Row] = []
    failed: dict[str, str] = {}
    for at, name in enumerate(names, start=1):
        began_s = monotonic_s()
        print(f"[{at}/{len(names)}] {name}: {BENCHES[name].about}", file=sys.stderr, flush=True)
        try:
            new = one.rows_of(name)
        except CannotMeasureError as error:
            failed[name] = str(error)
            print(f"    {error}", file=sys.stderr)
        else:
            rows += new
            sheet.write(sheet.SHEET, sheet.merged(sheet.read(sheet.SHEET), new))
            print("\n".join(sheet.table(new)), flush=True)
        print(f"    {monotonic_s() - began_s:.0f} s", file=sys.stderr)
    return rows, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
