"""The services of a desk as processes, for a benchmark: started, waited for, ended by their pids."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from benchmarks.server import address_of
from sauda.clock import SystemClock, monotonic_s

ROOT = Path(__file__).resolve().parents[1]


class Desk:
    """Runs `python -m <module>` for each service, on one Redis."""

    def __init__(self, port: int, folder: Path, name: str = "bench", **settings: str) -> None:
        self.name = name
        self.url = address_of(port)
        self._folder = folder
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")}
        self._environ = {
            **inherited,
            "SAUDA_REDIS_URL": self.url,
            "SAUDA_DESK": name,
            "SAUDA_CONFIG": str(ROOT / "config"),
            "SAUDA_LOG_LEVEL": "WARNING",
            **settings,
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Desk":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(20)

    def start(self, *modules: str, **settings: str) -> None:
        """Start each module's service and wait until all are ready."""
        for module in modules:
            environ = {**self._environ, **settings, "SAUDA_HEALTH_FILE": str(self._health(module))}
            # What a desk before this one left there says nothing of this one.
            self._health(module).unlink(missing_ok=True)
            command = [sys.executable, "-m", module]
            self._processes[module] = subprocess.Popen(command, env=environ, cwd=ROOT)
        deadline = monotonic_s() + 30
        while not all(self._is_ready(module) for module in modules):
            if monotonic_s() > deadline:
                raise TimeoutError(f"not ready within 30 s: {modules}")
            SystemClock().sleep(0.1)

    @property
    def pids(self) -> Mapping[str, int]:
        """Return the process of each service."""
        return {module: process.pid for module, process in self._processes.items()}

    def cpu_seconds(self) -> Mapping[str, float]:
        """Return the processor time that each service has used so far."""
        tick = os.sysconf("SC_CLK_TCK")
        used = {}
        for module, process in self._processes.items():
            fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            used[module] = (int(fields[11]) + int(fields[12])) / tick
        return used

    def _health(self, module: str) -> Path:
        return self._folder / f"{module}.json"

    def _is_ready(self, module: str) -> bool:
        if self._processes[module].poll() is not None:
            raise ChildProcessError(f"{module} ended with {self._processes[module].returncode}")
        try:
            return bool(json.loads(self._health(module).read_text())["ready"])
        except FileNotFoundError:
            return False
