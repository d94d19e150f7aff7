"""One process of one service: killed, paused, told to end, and started again under the same name."""

import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chaos.stopping import STOPPING

STOP_S: Final = 20
"""A service ends within its grace of 8 s a role; a busy machine is given more."""


@dataclass
class Replica:
    """One process of one service."""

    name: str
    """`execution-1`"""
    module: str
    environ: dict[str, str]
    log: Path
    folder: Path | None = None
    """Its working directory; None: ours."""
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    paused: bool = False
    kills: int = 0
    told: bool = False
    """Whether it was told to end."""

    @property
    def service(self) -> str:
        """Return `execution` of `execution-1`."""
        return self.name.rpartition("-")[0]

    @property
    def pid(self) -> int | None:
        """Return its process, None while it has none."""
        return self.process.pid if self.process is not None else None

    @property
    def holder(self) -> str:
        """Return what the leases that it holds say; see `sauda.service.holder_name`."""
        return f"{socket.gethostname()}:{self.pid}"

    @property
    def ended(self) -> bool:
        """Whether there is no process."""
        return self.process is None or self.process.poll() is not None

    @property
    def died(self) -> int | None:
        """Return the exit code of a process that nobody killed or told to end; None of any other."""
        return None if self.process is None or self.told else self.process.poll()

    @property
    def works(self) -> bool:
        """Whether it runs, and is not paused."""
        return not self.paused and not self.ended

    def start(self) -> None:
        """Start the process."""
        with STOPPING.held(), self.log.open("ab") as out:
            # A session of its own: ctrl-C is for whoever started us, who then ends the processes in order.
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                env=self.environ,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                start_new_session=True,
            )
        self.paused = self.told = False

    def kill(self) -> None:
        """End it as `kill -9` does; nothing happens if there is no process."""
        process, self.process, self.paused, self.told = self.process, None, False, False
        if process is not None:
            process.kill()
            process.wait(10)
            self.kills += 1

    def pause(self) -> None:
        """Freeze it."""
        self._signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """Let it go on, as if no time had passed."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def terminate(self) -> None:
        """Tell it to end; `stop` waits for it."""
        self.resume()
        if not self.told:
            # Once: a second one that comes while Python winds down finds no handler any more.
            self._signal(signal.SIGTERM)
            self.told = True

    def stop(self) -> int:
        """End it as a shutdown does; return its exit code, 137 for one that had to be killed."""
        process = self.process
        if process is None:
            return 0
        self.terminate()
        self.process, self.told = None, False
        try:
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            return 137

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
