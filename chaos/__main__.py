"""The program: `python -m chaos minutes=5 seed=1`; `make chaos` calls it."""

import sys

from chaos.report import Report
from chaos.request import USAGE, Request
from chaos.run import run
from chaos.stopping import STOPPING
from chaos.waiting import LateError
from sauda.errors import ConfigError, SaudaError


def main(words: list[str]) -> int:
    """Run it; return the exit code."""
    if words and words[0] in ("-h", "--help", "help"):
        print(USAGE)
        return 0
    try:
        request = Request.read(words)
    except ConfigError as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 2
    STOPPING.install()
    try:
        report = run(request, lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        print("chaos: stopped; everything that was started has ended", file=sys.stderr)
        return 130
    except ConfigError as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 2
    except (LateError, SaudaError) as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 1
    _show(report)
    return 0 if report.ok else 1


def _show(report: Report) -> None:
    path = report.request.report
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.json())
    print(report.text())
    print(f"As JSON: {path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
