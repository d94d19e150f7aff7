"""What is asked of the Docker engine itself, and what it answers. Only programs are called: no library, no socket."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sauda.clock import NS_PER_S, SystemClock
from sauda.runtime.desk import WRONG_SETTINGS, DeskError, Replica

SHOWN = 15
"""Lines of what a failed command said: the reason is at the end."""

_LABEL = "com.docker.compose"


def compose_command() -> list[str] | None:
    """Return how Compose is called on this machine, or None if no engine answers or there is no Compose."""
    if not shutil.which("docker") or not succeeds(["docker", "info"]):
        return None
    if succeeds(["docker", "compose", "version"]):
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def succeeds(command: Sequence[str], timeout_s: float = 5) -> bool:
    """Does *command* end well, and in time?"""
    try:
        return subprocess.run(command, capture_output=True, timeout=timeout_s, check=False).returncode == 0
    except (subprocess.TimeoutExpired, OSError):
        return False


def containers_of(project: str) -> list[Replica]:
    """Return the containers of a Compose project, whatever their state."""
    labels = [f"label={_LABEL}.project={project}", f"label={_LABEL}.oneoff=False"]
    filters = [word for label in labels for word in ("--filter", label)]
    ids = run(["docker", "ps", "--all", "--quiet", *filters]).stdout.split()
    # One that is removed meanwhile makes `inspect` fail, and print the others.
    found: list[dict[str, Any]] = (
        json.loads(run(["docker", "inspect", *ids], check=False).stdout or "[]") if ids else []
    )
    return [_replica(one) for one in found]


def run(
    command: list[str],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    check: bool = True,
) -> "subprocess.CompletedProcess[str]":
    """Run *command* and keep what it printed.

    Raises:
        DeskError: it failed, and *check* is set; with the end of what it said.
    """
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-SHOWN:])
        raise DeskError(f"{' '.join(command[:3])} failed:\n{said}")
    return done


def _replica(container: Mapping[str, Any]) -> Replica:
    labels, state = container["Config"]["Labels"], container["State"]
    health = state.get("Health")
    service = labels[f"{_LABEL}.service"]
    said = health["Log"][-1]["Output"].strip() if health and health.get("Log") else ""
    return Replica(
        service=service,
        name=f"{service}-{labels[f'{_LABEL}.container-number']}",
        state=state["Status"],
        healthy=state["Running"] and (not health or health["Status"] == "healthy"),
        where=container["Id"][:12],
        uptime_s=_age_s(state["StartedAt"]) if state["Running"] else 0,
        detail=said.splitlines()[-1] if said else "",
        # Compose has given up on one that it has created and not started.
        hopeless=state["Status"] == "created"
        or (state["Restarting"] and state["ExitCode"] == WRONG_SETTINGS),
    )


def _age_s(stamp: str) -> int:
    # Docker prints nanoseconds, which datetime does not read; whole seconds are enough.
    started = datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return max(0, SystemClock().now_ns() // NS_PER_S - round(started.timestamp()))
