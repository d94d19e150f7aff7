"""A desk in a folder of its own, started and stopped through the `sauda` program as a person would."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
REPOSITORY = Path(__file__).parents[2]
SAUDA = Path(sys.executable).with_name("sauda")
SERVICES = (
    "redis",
    "simulator",
    "feed",
    "bars",
    "strategy",
    "execution",
    "pnl",
    "archive",
    "alerts",
    "gateway",
)
EVERY = {f"{service}-1" for service in SERVICES}
"""The replicas that `up` starts."""


@dataclass
class Project:
    """A folder with what a clone has, as far as running needs it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def sauda(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run `sauda` here and return what it said."""
        inherited = {
            key: value for key, value in os.environ.items() if not key.startswith(("SAUDA_", "DESK_"))
        }
        return subprocess.run(
            [str(SAUDA), *arguments],
            cwd=self.root,
            env={**inherited, "RUNTIME": "local", **self.environment, **more},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def up(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Start the desk, and insist that this works."""
        done = self.sauda("up", *arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def asked(self, *arguments: str) -> Any:
        """Return what a reading command prints as JSON, None while it cannot."""
        done = self.sauda(*arguments, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def processes(self) -> dict[str, int]:
        """Return the process number of each replica that is well."""
        return {one["name"]: int(one["where"]) for one in self.replicas() if one["healthy"]}

    def replicas(self) -> list[dict[str, Any]]:
        """Return what `sauda ps` shows."""
        found: list[dict[str, Any]] = json.loads(self.sauda("ps", "--json").stdout)
        return found

    def fills(self) -> list[dict[str, Any]]:
        """Return what was traded."""
        return self.asked("fills") or []

    def run_env(self) -> dict[str, str]:
        """Return the addresses that `up` wrote down."""
        lines = (self.root / "var/run.env").read_text().splitlines()
        pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        return {name: value.strip("'") for name, value in pairs}


def eventually(ask: Callable[[], T], within_s: float = 60) -> T:
    """Return the first answer of *ask* that is true, as long as it comes in time."""
    deadline = time.monotonic() + within_s
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.3)
    return answer


def is_alive(pid: int) -> bool:
    """Return whether process *pid* still runs; a zombie that nobody has waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def make_project(folder: Path) -> Project:
    """Copy what a desk needs into *folder*."""
    folder.mkdir(parents=True)
    shutil.copy(REPOSITORY / "docker-compose.yml", folder)
    shutil.copytree(REPOSITORY / "config", folder / "config")
    # The market of a day long past: the same in every run of the tests.
    return Project(folder, {"SAUDA_SIM_DATE": "2026-11-03"})


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project whose desk is not up; it is stopped afterwards."""
    made = make_project(tmp_path / "a desk")
    yield made
    made.sauda("down")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A desk that the tests of a module share, up and trading."""
    # A name with a blank, and longer than the path of a Unix socket may be.
    folder = tmp_path_factory.mktemp("desk") / ("a desk with a name " * 6).strip()
    made = make_project(folder)
    made.up()
    yield made
    made.sauda("down")
