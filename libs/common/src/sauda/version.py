"""Names the code that runs, so that a record says which code made it."""

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_CODE: Final = (".py", ".lua")


@cache
def code_version(*packages: str) -> str:
    """Return `0.1.0+1a2b3c4d5e6f`: the release, and a digest over the source of *packages*, whatever a clone changed."""
    digest = hashlib.sha256()
    for package in packages:
        for path, source in sorted(_sources(files(package), package)):
            digest.update(path.encode() + b"\0" + source + b"\0")
    return f"{version('sauda-common')}+{digest.hexdigest()[:12]}"


def _sources(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for child in folder.iterdir():
        if child.is_dir():
            found += _sources(child, f"{name}/{child.name}")
        elif child.name.endswith(_CODE):
            found.append((f"{name}/{child.name}", child.read_bytes()))
    return found
