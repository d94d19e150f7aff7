"""Ends what a killed supervisor left behind: its programs would write beside the new ones."""

import os
import signal
import subprocess
import time
from pathlib import Path

from sauda.clock import monotonic_s
from sauda.runtime.compose import REDIS
from sauda.runtime.desk import Say
from sauda.runtime.place import Place, read_started
from sauda.runtime.ports import LOOPBACK

MARK = "DESK_PLACE"
"""The variable that the supervisor hands to all its programs."""

_PATIENCE_S = 15.0


def stop_strays(place: Place, say: Say) -> None:
    """Stop every program of this desk whose supervisor is gone."""
    found = [pid for pid in _noted(place) if _is_ours(pid, place)]
    for pid in found:
        say(f"stopping process {pid}, left over from a supervisor that was killed")
        os.kill(pid, signal.SIGTERM)
    deadline = monotonic_s() + _PATIENCE_S
    while found and monotonic_s() < deadline:
        found = [pid for pid in found if _is_ours(pid, place)]
        time.sleep(0.1)
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def _noted(place: Place) -> list[int]:
    """Return the process numbers that the start scripts wrote down."""
    texts = [path.read_text().strip() for path in place.run.glob("*-*.pid")]
    return [int(text) for text in texts if text.isdigit()]


def _is_ours(pid: int, place: Place) -> bool:
    """Is *pid* still that program? Numbers are used again, so it must be marked as this desk's.

    Redis writes its title over its environment, so the mark is gone there; its folder and its address tell.
    """
    mark, process = f"{MARK}={place.var}", Path("/proc", str(pid))
    if Path("/proc/self").exists():
        try:
            marked = mark.encode() in (process / "environ").read_bytes().split(b"\0")
            return marked or (process / "cwd").readlink() == place.var / REDIS
        except OSError:
            return False
    done = subprocess.run(
        ["ps", "eww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return mark in done.stdout or f" {LOOPBACK}:{read_started(place).ports.get(REDIS)}" in done.stdout
