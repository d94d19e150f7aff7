"""A desk in Docker, built from a copy of what git tracks and started through `make`, as a person would."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sauda.runtime.passwords import project_name
from sauda.runtime.place import Place

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Containers:
    """A copy of the project whose desk runs in Docker."""

    root: Path

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a make target; `setup` is left out, the copy shares our virtual environment."""
        return self._run("make", "-o", "setup", *arguments, "RUNTIME=docker")

    def asked(self, *arguments: str) -> Any:
        """Return what a reading command prints as JSON, None while it cannot."""
        done = self._run(str(BIN / "sauda"), *arguments, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def asked_lines(self, *arguments: str) -> list[str]:
        """Return the lines that `sauda` prints."""
        return self._run(str(BIN / "sauda"), *arguments, "--runtime", "docker").stdout.splitlines()

    def replicas(self) -> dict[str, dict[str, Any]]:
        """Return what runs, by name."""
        done = self._run(str(BIN / "sauda"), "ps", "--json", "--runtime", "docker")
        return {one["name"]: one for one in json.loads(done.stdout)}

    def inside(self, name: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run *command* in the container of a replica."""
        return self._run("docker", "exec", self.container(name), *command)

    def docker(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of Docker's."""
        return self._run("docker", *command)

    def inspected(self, name: str) -> dict[str, Any]:
        """Return all that Docker knows about a replica."""
        found: list[dict[str, Any]] = json.loads(self._run("docker", "inspect", self.container(name)).stdout)
        return found[0]

    def container(self, name: str) -> str:
        """Return what Docker calls a replica."""
        return f"{project_name(Place(self.root))}-{name}"

    def run_env(self) -> dict[str, str]:
        """Return the addresses that `up` wrote down."""
        lines = (self.root / "var/run.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def _run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        inherited = {
            key: value for key, value in os.environ.items() if not key.startswith(("SAUDA_", "DESK_", "MAKE"))
        }
        # The market of a day long past: the same in every run, and no database refuses it.
        return subprocess.run(
            command,
            cwd=self.root,
            env={**inherited, "SAUDA_SIM_DATE": "2026-11-03"},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """A desk in Docker that all tests share, up and healthy; its containers and volumes are deleted afterwards."""
    root = tmp_path_factory.mktemp("containers") / "a desk"
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, names.split("\0")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    (root / ".venv").symlink_to(BIN.parent)
    made = Containers(root)
    try:
        done = made.make("up")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made
    finally:
        made.make("clean", "yes=1")
