"""How much memory processes and a server hold, read again and again."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import redis

from sauda.clock import monotonic_s

MB: Final = 1e6
SERVER: Final = "redis, resident"
USED: Final = "redis, used by data"


@dataclass
class Readings:
    """(seconds since the beginning, bytes) of each name, in the order of time."""

    of: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, at_s: float, amounts: Mapping[str, float]) -> None:
        """Keep one reading of each."""
        for name, amount in amounts.items():
            self.of.setdefault(name, []).append((at_s, amount))

    def since(self, name: str, at_s: float) -> list[tuple[float, float]]:
        """Return the readings of *name* from *at_s* on."""
        return [reading for reading in self.of[name] if reading[0] >= at_s]


class Watch:
    """Reads everything once a second until it is left."""

    def __init__(self, client: "redis.Redis", pids: Mapping[str, int], every_s: float = 1.0) -> None:
        self.readings = Readings()
        self.gone: str | None = None
        """The first process that was no longer there."""
        self._client = client
        self._pids = {**pids, SERVER: int(client.info("server")["process_id"])}
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        began_s = monotonic_s()
        while not self._done.wait(self._every_s):
            amounts: dict[str, float] = {}
            for name, pid in self._pids.items():
                try:
                    amounts[name] = resident_bytes(pid)
                except FileNotFoundError:
                    self.gone = self.gone or name
            amounts[USED] = float(self._client.info("memory")["used_memory"])
            self.readings.add(monotonic_s() - began_s, amounts)


def resident_bytes(pid: int) -> int:
    """Return what the process holds of the machine's memory, shared libraries among it.

    Raises:
        FileNotFoundError: there is no such process, or it has ended and waits to be collected.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise FileNotFoundError(f"process {pid} has ended")
