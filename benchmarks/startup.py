"""How long a desk takes to start: `python -m benchmarks startup`.

Each service by itself, from its start until it says that it is well, the broker's simulator and a server at hand: time on the clock (best of
two), and the processor time it took of that; how much of it is imports; and `make up RUNTIME=local` for the second time, in a copy of the
project with a desk of its own. The yardstick is a Python that imports some of its own library and ends.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.desk import ROOT
from benchmarks.figures import CannotMeasureError, Figure
from benchmarks.server import free_port, private_server
from sauda.clock import NS_PER_S, SystemClock, monotonic_s

SERVICES: Final = ("simulator", "archive", "pnl", "execution", "strategy", "bars", "feed")
ROUNDS: Final = 2
_PLAIN: Final = "asyncio, decimal, json"
_PATIENCE_S: Final = 90
_LOOK_S: Final = 0.005
_ACCOUNT: Final = {
    "SAUDA_NOREN_USER": "FA00001",
    "SAUDA_NOREN_PASSWORD": "paper-password",
    "SAUDA_NOREN_TOTP_SECRET": "SAUDAPAPERDESKSAUDAPAPERDESK2345",
    "SAUDA_NOREN_VENDOR_CODE": "FA00001_U",
    "SAUDA_NOREN_API_SECRET": "paper-api-secret",
    "SAUDA_NOREN_IMEI": "sauda",
}
_COPIED: Final = (
    "config",
    "docker-compose.yml",
    "libs",
    "Makefile",
    "requirements.lock",
    "scripts",
    "services",
    "strategies",
)


class Start(NamedTuple):
    """One start."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Startup:
    """Best of several."""

    bare: Start
    """A Python that imports some of its own library."""
    services: Mapping[str, Start]
    """From exec until the service is well."""
    imports: Mapping[str, Start]
    """The same modules imported, and nothing else."""
    up_s: float
    """`make up RUNTIME=local`, the second time."""

    @property
    def figures(self) -> list[Figure]:
        """Return what the bench hands over."""
        stick = Figure(
            "a Python that does nothing", self.bare.cpu_s, "s", "processor time", less_is_better=True
        )
        found = [stick]
        for name, start in self.services.items():
            cpu = Figure(f"{name}, until it is well", start.cpu_s, "s", "processor time", less_is_better=True)
            of_imports = self.imports[name]
            imports = Figure(
                f"{name}, its imports", of_imports.cpu_s, "s", "processor time", less_is_better=True
            )
            wall = Figure(f"{name}, on the clock", start.wall_s, "s", "", True, False)
            found += [cpu.beside(stick), imports.beside(stick), wall]
        up = Figure(
            "make up RUNTIME=local, on the clock", self.up_s, "s", "the second time: all healthy", True, False
        )
        return [*found, up]


def measured(rounds: int = ROUNDS) -> Startup:
    """Measure; nothing runs afterwards.

    Raises:
        CannotMeasureError: a service does not get well, or `make up` fails.
    """
    bare = _best(f"import {_PLAIN}", 2 * rounds)
    imports = {name: _best(f"import sauda_{name}.__main__", rounds) for name in SERVICES}
    with private_server() as (port, _), tempfile.TemporaryDirectory(prefix="sauda-start-") as folder:
        services = _services(port, Path(folder), rounds)
    return Startup(bare, services, imports, _make_up())


def _best(code: str, rounds: int) -> Start:
    found = [_ran(code) for _ in range(rounds)]
    return Start(min(one.wall_s for one in found), min(one.cpu_s for one in found))


def _ran(code: str) -> Start:
    """Return what a Python takes for *code*."""
    before, began_s = _children_s(), monotonic_s()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return Start(monotonic_s() - began_s, _children_s() - before)


def _children_s() -> float:
    """Return the processor time of all processes that we started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _services(port: int, folder: Path, rounds: int) -> dict[str, Start]:
    """Start one after the other, in the order of a desk; each stays while the next ones start."""
    sim_port = free_port()
    where = f"127.0.0.1:{sim_port}"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")} | {
        "SAUDA_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "SAUDA_CONFIG": str(ROOT / "config"),
        "SAUDA_LOG_LEVEL": "WARNING",
        "SAUDA_SQL_URL": f"sqlite:///{folder / 'desk.db'}",
        "SAUDA_ARCHIVE": str(folder / "archive"),
        "SAUDA_HISTORY": str(folder / "history"),
        "SAUDA_SIM_DATA": str(folder),
        "SAUDA_SIM_PORT": str(sim_port),
        "SAUDA_NOREN_HOST": f"http://{where}/NorenWClientTP/",
        "SAUDA_NOREN_WEBSOCKET": f"ws://{where}/NorenWSTP/",
        "SAUDA_NOREN_MASTERS": f"http://{where}/",
        **_ACCOUNT,
    }
    found = {}
    with ExitStack() as desk:
        for name in SERVICES:
            starts = []
            for _ in range(rounds - 1):
                with _started(name, folder, environ) as start:
                    starts.append(start)
            starts.append(desk.enter_context(_started(name, folder, environ)))
            found[name] = Start(min(one.wall_s for one in starts), min(one.cpu_s for one in starts))
    return found


@contextmanager
def _started(name: str, folder: Path, environ: Mapping[str, str]) -> Iterator[Start]:
    """Start a service, give what it took until it was well, and end it."""
    health = folder / f"{name}.json"
    health.unlink(missing_ok=True)
    began_s = monotonic_s()
    process = subprocess.Popen(
        [sys.executable, "-m", f"sauda_{name}"], env={**environ, "SAUDA_HEALTH_FILE": str(health)}, cwd=ROOT
    )
    try:
        while not _is_well(health):
            if process.poll() is not None or monotonic_s() - began_s > _PATIENCE_S:
                raise CannotMeasureError(
                    f"{name} did not get well within {_PATIENCE_S} s ({process.returncode})"
                )
            SystemClock().sleep(_LOOK_S)
        yield Start(monotonic_s() - began_s, _cpu_s(process.pid))
    finally:
        process.terminate()
        process.wait(30)


def _is_well(health: Path) -> bool:
    try:
        return bool(json.loads(health.read_text())["ready"])
    except FileNotFoundError:
        return False


def _cpu_s(pid: int) -> float:
    """Return the processor time of all threads of a process; finer than /proc/PID/stat, which counts hundredths of a second."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / NS_PER_S


def _make_up() -> float:
    """Return the seconds of the second `make up RUNTIME=local` in a copy of the project."""
    with tempfile.TemporaryDirectory(prefix="sauda-up-") as name:
        root = Path(name) / "desk"
        _copy(root)
        try:
            _make(root, "up", "RUNTIME=local")
            _make(root, "down")
            began_s = monotonic_s()
            _make(root, "up", "RUNTIME=local")
            return monotonic_s() - began_s
        finally:
            _make(root, "down")


def _copy(root: Path) -> None:
    """Make a copy of the project whose .venv is this project's."""
    root.mkdir()
    for one in _COPIED:
        source = ROOT / one
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, root / one)
    (root / ".venv").mkdir()
    for part in (ROOT / ".venv").iterdir():
        if part.name != "made-from":
            (root / ".venv" / part.name).symlink_to(part)
    # As scripts/setup says it: what the environment is made from, the place among it.
    said = 'eval "$(sed -n "/^made_from()/,/^}/p" scripts/setup)"; made_from'
    stamp = subprocess.run(
        ["bash", "-c", said, "scripts/setup"], cwd=root.resolve(), capture_output=True, text=True, check=True
    )
    (root / ".venv/made-from").write_text(stamp.stdout)


def _make(root: Path, *words: str) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("SAUDA_", "MAKE"))}
    done = subprocess.run(
        ["make", *words], cwd=root, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()
        raise CannotMeasureError(
            f"make {' '.join(words)} ended with {done.returncode}: {'; '.join(said[-4:])}"
        )
