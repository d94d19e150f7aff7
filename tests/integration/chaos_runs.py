"""Runs of the program `chaos` for tests, in a folder of their own that marks every process of theirs."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "chaos")


@dataclass(frozen=True)
class Ran:
    """A run that has ended."""

    code: int
    document: dict[str, Any]
    text: str

    def violations(self, check: str) -> list[str]:
        """Return what the check named *check* has found."""
        return next(one["violations"] for one in self.document["checks"] if one["name"] == check)


@contextmanager
def place() -> Iterator[Path]:
    """Give a folder that a database server, which runs as another user, can enter; pytest's own is closed to others."""
    with tempfile.TemporaryDirectory(prefix="sauda-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def environ(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment whose temporary files are in *folder*."""
    return {**os.environ, "TMPDIR": str(folder), **(more or {})}


def ran(folder: Path, *words: str, more: Mapping[str, str] | None = None) -> Ran:
    """Run `chaos` with *words* to its end."""
    document = folder / "chaos.json"
    done = subprocess.run(
        [*COMMAND, *words, f"report={document}"],
        cwd=ROOT,
        env=environ(folder, more),
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )
    text = done.stdout + done.stderr
    assert document.exists(), text
    return Ran(done.returncode, json.loads(document.read_text()), text)


def leftovers(folder: Path) -> list[str]:
    """Return the processes that name *folder* in their command or environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                facts = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in facts:
                found.append(process.name)
    return found
