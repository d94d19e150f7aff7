"""Is the service well? It says so in a small file; a container's health check and the runtime read it.

`python -m sauda.health` exits 0 (well) or 1 and prints one line saying why; with `--alive` a service is well that
reports, though it cannot work: one that waits for Redis gains nothing from a restart. It runs every few seconds in
each container, so this module imports nothing that takes long to load.
"""

import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from sauda.clock import Clock, SystemClock, UnixNs, clock_text, monotonic_s
from sauda.errors import ContractError

MAX_AGE_S = 15.0
"""A service reports at least every second or two; several missed reports mean that it hangs."""

_log = logging.getLogger(__name__)


class Report(NamedTuple):
    """What a service last said of itself."""

    service: str
    pid: int
    ready: bool
    written_ns: UnixNs
    """Wall time, for people; it may have been stepped since."""
    written_monotonic_s: float
    """Seconds since the machine started: the same clock in every process, so ages are measured on it."""
    facts: dict[str, object]
    """What else is worth seeing: units held, time of the last commit."""


class Verdict(NamedTuple):
    """The outcome of a check."""

    healthy: bool
    why: str
    """One line, also when all is well."""
    alive: bool = False
    """Whether it reports at all."""


class Health:
    """The service's side: writes its file whole or not at all."""

    def __init__(self, path: Path | None, service: str = "", clock: Clock | None = None) -> None:
        """*path* None reports to nobody: for tests and for a service run by hand."""
        self._path = path
        self._service = service
        self._clock = clock or SystemClock()
        self._failed = False
        """Whether the last write failed: a full disk is logged once, not every second."""
        self.last: Report | None = None
        """What was said last, for whoever asks over HTTP."""

    def report(self, ready: bool, **facts: object) -> None:
        """Say that the service lives, whether it can work, and *facts* worth seeing. Never raises for the disk."""
        report = Report(self._service, os.getpid(), ready, self._clock.now_ns(), monotonic_s(), facts)
        self.last = report
        if self._path is None:
            return
        # The thread's number too: two threads that report at once must not share a half-written file.
        half_written = self._path.with_name(f".{self._path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            half_written.write_text(json.dumps(report._asdict(), default=str), encoding="utf-8")
            half_written.replace(self._path)
        except OSError as error:
            self._complain(self._path, half_written, error)
        else:
            self._failed = False

    def _complain(self, path: Path, half_written: Path, error: OSError) -> None:
        # A service that cannot say how it is must go on working; the check will find the file stale.
        if not self._failed:
            _log.warning("health_not_written path=%s error=%s", path, error)
        self._failed = True
        try:
            half_written.unlink(missing_ok=True)
        except OSError:
            return


def read(path: Path) -> Report:
    """Return what the service last wrote.

    Raises:
        ContractError: there is no such file, or it is not a report.
    """
    try:
        return Report(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ContractError(f"no health file at {path}: the service has not reported yet") from error
    except (OSError, ValueError, TypeError) as error:
        raise ContractError(f"health file {path} cannot be read: {error}") from error


def check(path: Path, max_age_s: float = MAX_AGE_S) -> Verdict:
    """Judge the service by its file: written within *max_age_s*, by a process that lives, and ready."""
    try:
        report = read(path)
    except ContractError as error:
        return Verdict(healthy=False, why=str(error))
    age_s = monotonic_s() - report.written_monotonic_s
    who = f"{report.service or path.stem} (pid {report.pid})"
    if age_s < 0:
        return Verdict(healthy=False, why=f"{who}: its last report is from before the machine restarted")
    if not _alive(report.pid):
        return Verdict(healthy=False, why=f"{who}: the process is gone")
    if age_s > max_age_s:
        written = clock_text(report.written_ns)
        return Verdict(healthy=False, why=f"{who}: silent for {age_s:.1f} s, since {written} IST")
    facts = " ".join(_told(name, value) for name, value in report.facts.items())
    verdict = "ready" if report.ready else "not ready"
    return Verdict(healthy=report.ready, why=f"{who}: {verdict} {facts}".rstrip(), alive=True)


def _told(name: str, fact: object) -> str:
    """Print a fact on one line: of each role its phase, or what made it fail."""
    if not isinstance(fact, dict):
        return f"{name}={fact}"
    return " ".join(
        f"{role}={about.get('failure') or about.get('phase') or ('ready' if about.get('ready') else 'not ready')}"
        if isinstance(about, dict)
        else f"{role}={about}"
        for role, about in fact.items()
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it lives, and belongs to somebody else
    return True


def main(arguments: list[str]) -> int:
    """Check the file named as the only argument, else in SAUDA_HEALTH_FILE; return the exit code."""
    files = [one for one in arguments if one != "--alive"]
    named = files[0] if files else os.environ.get("SAUDA_HEALTH_FILE", "")
    if not named:
        sys.stdout.write("no health file: set SAUDA_HEALTH_FILE or name the file\n")
        return 1
    verdict = check(Path(named))
    sys.stdout.write(f"{verdict.why}\n")
    return 0 if verdict.healthy or (verdict.alive and "--alive" in arguments) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
