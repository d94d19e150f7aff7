"""Reads log files as they grow, several at once, each line named."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

_TAIL_BYTES_A_LINE = 400
"""A generous guess; if the lines are longer, fewer than asked for are shown."""


def last_lines(files: list[Path], count: int) -> Iterator[str]:
    """Return the last *count* lines of each file."""
    for path in files:
        yield from (_named(path, line) for line in tail_of(path, count))


def tail_of(path: Path, count: int) -> list[str]:
    """Return the last *count* lines of a file."""
    with path.open("rb") as file:
        start = max(0, path.stat().st_size - count * _TAIL_BYTES_A_LINE)
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    whole = lines[1:] if start else lines
    return whole[len(whole) - count if count < len(whole) else 0 :]


def follow_files(files: list[Path]) -> Iterator[str]:
    """Return what is written from now on; goes on in the new file when one is rotated away."""
    open_files = {path: _open_at_end(path) for path in files}
    while True:
        quiet = True
        for path, file in open_files.items():
            for line in file:
                quiet = False
                yield _named(path, line.rstrip("\n"))
            if _rotated(path, file):
                file.close()
                open_files[path] = path.open(encoding="utf-8", errors="replace")
        if quiet:
            time.sleep(0.2)


def _open_at_end(path: Path) -> TextIO:
    file = path.open(encoding="utf-8", errors="replace")
    file.seek(0, 2)
    return file


def _rotated(path: Path, file: TextIO) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return False  # between the renaming and the new file
    import os

    return now.st_ino != os.fstat(file.fileno()).st_ino


def _named(path: Path, line: str) -> str:
    return f"{path.stem:<12} | {line}"
