"""Replicas of the pnl service in front of one database, held until there is something to write."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from benchmarks.desk import ROOT
from sauda.clock import SystemClock, monotonic_s
from sauda.keys import Keys
from sauda.log import Output
from sauda.redis_log import RedisLog

_CHUNK = 2_000


def fill(port: int, desk: str, encoded: Sequence[bytes]) -> None:
    """Write *encoded* points on the stream `pnl`."""
    log = RedisLog(f"redis://127.0.0.1:{port}/0", desk)
    for start in range(0, len(encoded), _CHUNK):
        cause = b"ticks 1756439705000-0"
        log.append([Output("pnl", data, cause) for data in encoded[start : start + _CHUNK]])
    log.close()


class Replicas:
    """The processes."""

    def __init__(self, pids: Sequence[int]) -> None:
        self.pids = pids

    def hold(self) -> None:
        """Let them do nothing from now on."""
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)

    def let_go(self) -> None:
        """Let all of them begin at once."""
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def replicas(
    port: int, desk: str, count: int, settings: Mapping[str, str], folder: Path
) -> Iterator[Replicas]:
    """Start *count* replicas, wait until all are ready, and end them at last."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAUDA_")}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            own = {
                **clean,
                **settings,
                "SAUDA_REDIS_URL": f"redis://127.0.0.1:{port}/0",
                "SAUDA_DESK": desk,
                "SAUDA_CONFIG": str(ROOT / "config"),
                "SAUDA_LOG_LEVEL": "ERROR",
                "SAUDA_HEALTH_FILE": str(folder / f"{desk}-{number}.json"),
            }
            processes.append(subprocess.Popen([sys.executable, "-m", "sauda_pnl"], env=own, cwd=folder))
        _wait(processes, [folder / f"{desk}-{number}.json" for number in range(count)])
        yield Replicas([process.pid for process in processes])
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in processes:
            process.wait(30)


def _wait(processes: Sequence["subprocess.Popen[bytes]"], files: Sequence[Path]) -> None:
    end_s = monotonic_s() + 60
    while not all(_writes(file) for file in files):
        if monotonic_s() > end_s or any(process.poll() is not None for process in processes):
            raise TimeoutError("not all replicas were ready within 60 s")
        SystemClock().sleep(0.1)


def _writes(file: Path) -> bool:
    if not file.exists():
        return False
    roles: dict[str, Any] = json.loads(file.read_text()).get("facts", {}).get("roles", {})
    return any(facts.get("phase") == "writing" for facts in roles.values())


def cpu_s(pid: int) -> float:
    """Return the processor time that a process and its children (a server's sessions) have used so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_own_cpu_s(one) for one in (pid, *map(int, children)))


def _own_cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_all_acknowledged(client: "redis.Redis", desk: str) -> bool:
    """Whether every entry of the stream `pnl` has been handed out and acknowledged."""
    groups: Any = client.xinfo_groups(Keys(desk).stream("pnl"))
    return all(group["lag"] == 0 and group["pending"] == 0 for group in groups)
