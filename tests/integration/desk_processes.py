"""The services of a desk as real processes, to be killed, paused and started again by a test."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sauda.clock import SystemClock, monotonic_s


@dataclass
class Replica:
    """One process of one service; a killed one is started again under the same name."""

    name: str
    module: str
    environ: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    kills: int = 0

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module], env=self.environ, stdout=out, stderr=out
            )

    def kill(self) -> None:
        """End it as `kill -9` does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self.kills += 1

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """End it as a shutdown does; return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self.process.wait(20)


def start_replicas(folder: Path, environ: dict[str, str], services: dict[str, int]) -> list[Replica]:
    """Start so many replicas of each service, `pnl` -> 2."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")}
    replicas = []
    for service, count in services.items():
        for number in range(1, count + 1):
            name = f"{service}-{number}"
            own = {"SAUDA_HEALTH_FILE": str(folder / f"{name}.json"), "SAUDA_SERVICE_NAME": name}
            replica = Replica(
                name, f"sauda_{service}", {**inherited, **environ, **own}, folder / f"{name}.log"
            )
            replica.start()
            replicas.append(replica)
    return replicas


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until *condition()* is true, or fail with *what*."""
    deadline = monotonic_s() + seconds
    while not condition():
        if monotonic_s() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        SystemClock().sleep(0.05)
