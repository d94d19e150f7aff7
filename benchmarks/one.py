"""One bench in a process of its own: `python -m benchmarks.one feed FILE` writes its rows to FILE, or says why it cannot.

Benches set environment variables, garbage collection and memory limits; none of it must reach the next.
"""

import importlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import sheet
from benchmarks.catalogue import BENCHES, Bench
from benchmarks.figures import CannotMeasureError, Measured

_ROOT = Path(__file__).parents[1]
_CANNOT = 3
"""The exit code of a bench that lacks something here."""


def rows_of(name: str) -> list[sheet.Row]:
    """Run the bench *name* in its own process and return its rows.

    Raises:
        CannotMeasureError: it could not be measured; says why.
    """
    bench = BENCHES[name]
    with tempfile.TemporaryDirectory(prefix="sauda-bench-") as folder:
        out, said = Path(folder) / "rows.json", Path(folder) / "stderr"
        command = [sys.executable, "-m", "benchmarks.one", name, str(out)]
        with said.open("wb") as errors:
            # A session of its own: what hangs is ended with all that it started.
            process = subprocess.Popen(
                command, cwd=_ROOT, stdout=errors, stderr=errors, start_new_session=True
            )
            _wait(process, bench)
        if process.returncode:
            lines = [line for line in said.read_text(errors="replace").splitlines() if line.strip()]
            raise CannotMeasureError(lines[-1] if lines else f"ended with {process.returncode}")
        return list(sheet.read(out))


def _wait(process: "subprocess.Popen[bytes]", bench: Bench) -> None:
    try:
        process.wait(bench.limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise CannotMeasureError(f"it took longer than {bench.limit_s} s") from None
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise


def _measure(module: str) -> Measured:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise CannotMeasureError(f"there is no {error.name}") from error
    if not hasattr(found, "measured"):
        raise CannotMeasureError(f"{module} has no measured()")
    measured: Measured = found.measured()
    return measured


def main(arguments: list[str]) -> int:
    """Measure and write the rows; the last line on stderr says why not."""
    name, out = arguments
    try:
        rows = sheet.rows_of(name, _measure(BENCHES[name].module).figures)
    except CannotMeasureError as error:
        print(error, file=sys.stderr)
        return _CANNOT
    sheet.write(Path(out), rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
