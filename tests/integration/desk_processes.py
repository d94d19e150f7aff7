"""The services of a desk as real processes, to be killed, paused and started again by a test."""

import os
from collections.abc import Callable
from pathlib import Path

from chaos.replica import Replica
from sauda.clock import SystemClock, monotonic_s

__all__ = ["Replica", "start_replicas", "wait_until"]


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
