"""Print the part of requirements.lock that some packages need, hashes included: what an image installs.

    python scripts/lock_subset.py requirements.lock libs/common services/feed
    python scripts/lock_subset.py requirements.lock hatchling

An argument with a pyproject.toml in it stands for that project's dependencies (not its extras), any other for
a package of the lock. What those need in turn is read from the lock's own `via` notes. Needs only Python.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OURS = "sauda-"


@dataclass(frozen=True, slots=True)
class Locked:
    """One version of one package, as it stands in the lock."""

    name: str
    text: str
    via: frozenset[str]
    """The packages that asked for it."""


def normalized(requirement: str) -> str:
    """Return the package name in *requirement*, in the spelling that every index takes for the same.

    Raises:
        ValueError: it does not begin with a package name.
    """
    if not (match := _NAME.match(requirement.strip())):
        raise ValueError(f"not a requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def read_lock(text: str) -> list[Locked]:
    """Return the lock's entries; one package may have several, for several Pythons."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", text)[1:]
    return [_read_entry(entry) for entry in entries]


def _read_entry(entry: str) -> Locked:
    notes = [line.strip().removeprefix("#").strip() for line in entry.splitlines() if "#" in line]
    names = [note.removeprefix("via").strip() for note in notes]
    via = frozenset(normalized(name) for name in names if _NAME.match(name))
    return Locked(normalized(entry), entry, via)


def needed(lock: list[Locked], roots: Iterable[str]) -> list[Locked]:
    """Return the entries that *roots* are or need.

    Raises:
        ValueError: a root is not in the lock.
    """
    wanted = set(roots)
    if missing := wanted - {entry.name for entry in lock}:
        raise ValueError(f"requirements.lock has no {', '.join(sorted(missing))}: run scripts/lock")
    while more := {entry.name for entry in lock if entry.via & wanted} - wanted:
        wanted |= more
    return [entry for entry in lock if entry.name in wanted]


def roots_of(argument: str) -> set[str]:
    """Return the packages that *argument* names: a project's dependencies, or itself."""
    project = Path(argument, "pyproject.toml")
    if not project.is_file():
        return {normalized(argument)}
    dependencies = tomllib.loads(project.read_text())["project"].get("dependencies", [])
    return {name for name in map(normalized, dependencies) if not name.startswith(_OURS)}


def main(lock: str, *arguments: str) -> None:
    """Print the part of *lock* that *arguments* need."""
    roots = set[str]().union(*map(roots_of, arguments))
    for entry in needed(read_lock(Path(lock).read_text()), roots):
        print(entry.text, end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
