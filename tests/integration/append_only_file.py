"""Redis' append-only file as a test sees it: which commands it holds, and what a host crash leaves of it.

Since Redis 7 the file is a folder: a manifest, one base (a snapshot) and the increments written after it.
"""

import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import redis

from sauda.clock import monotonic_s
from sauda.runtime.aof_tail import check_tool, mending

FOLDER = "appendonlydir"


class Server(Protocol):
    """What the servers of `conftest.py` can do."""

    binary: str
    folder: Path
    port: int

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Command(NamedTuple):
    """One command of an increment, and the bytes it takes."""

    words: tuple[bytes, ...]
    start: int
    end: int


class Transaction(NamedTuple):
    """What one script wrote: `MULTI`, its effects, `EXEC`."""

    commands: tuple[Command, ...]

    @property
    def start(self) -> int:
        return self.commands[0].start

    @property
    def end(self) -> int:
        return self.commands[-1].end


def server_on(kind: Server, folder: Path) -> Server:
    """Return a server like *kind*, not started yet, whose data is in *folder*."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder.mkdir(parents=True, exist_ok=True)
    other: Any = kind
    made: Server = replace(other, folder=folder, port=port, process=None)
    return made


def files(folder: Path, kind: str) -> list[Path]:
    """Return the files of *kind* (`b` base, `i` increment) in the order of the manifest."""
    [manifest] = (folder / FOLDER).glob("*.manifest")
    lines = (line.split() for line in manifest.read_text().splitlines())
    return [folder / FOLDER / words[1] for words in lines if words[5] == kind]


def last_increment(folder: Path) -> Path:
    """Return the file that the server was writing."""
    return files(folder, "i")[-1]


def commands(path: Path) -> list[Command]:
    """Read all commands of an increment."""
    text, at, found = path.read_bytes(), 0, []
    while at < len(text):
        start, words = at, []
        end = text.index(b"\r\n", at)
        if text[at : at + 1] == b"*":
            at = end + 2
            for _ in range(int(text[start + 1 : end])):
                end = text.index(b"\r\n", at)
                size = int(text[at + 1 : end])
                words.append(text[end + 2 : end + 2 + size])
                at = end + 2 + size + 2
        else:
            at = end + 2  # an annotation: `#TS:1795580105`
        found.append(Command(tuple(words), start, at))
    return found


def transactions(found: list[Command]) -> list[Transaction]:
    """Return what stands between `MULTI` and `EXEC`."""
    complete, opened = [], -1
    for index, command in enumerate(found):
        word = command.words[0].upper() if command.words else b""
        if word == b"MULTI":
            opened = index
        elif word == b"EXEC":
            complete.append(Transaction(tuple(found[opened : index + 1])))
    return complete


def crashed_copy(source: Path, to: Path, size: int, increment: int = -1) -> Path:
    """Copy a server's data as a host crash leaves it: one increment, the last if not told, has only *size* bytes."""
    shutil.copytree(source / FOLDER, to / FOLDER)
    with files(to, "i")[increment].open("r+b") as file:
        file.truncate(size)
    return to


def contents(url: str) -> dict[bytes, object]:
    """Return what stands under every key but the leases, which run out by the clock."""
    with redis.Redis.from_url(url) as client:
        keys = sorted(key for key in client.scan_iter(count=1000) if b":lease:" not in key)
        return {key: _value(client, key) for key in keys}


def _value(client: Any, key: bytes) -> object:
    match client.type(key):
        case b"hash":
            return client.hgetall(key)
        case b"stream":
            groups = client.xinfo_groups(key)
            return client.xrange(key), [(group["name"], group["last-delivered-id"]) for group in groups]
        case _:
            return client.get(key)


def mend(server: Server) -> None:
    """Do to the file what the desk does before it starts the server."""
    if tool := check_tool(server.binary):
        subprocess.run(["sh", "-c", mending(tool)], cwd=server.folder, check=True, capture_output=True)


def refusal_to_start(server: Server, seconds: float = 15) -> str:
    """Start *server*, which must end by itself; return what it said."""
    options = ["--port", str(server.port), "--bind", "127.0.0.1", "--dir", str(server.folder)]
    told = subprocess.run(
        [server.binary, *options, "--appendonly", "yes", "--save", ""],
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    assert told.returncode != 0, "the server started"
    return (told.stdout + told.stderr).decode()


def wait_for_rewrite(client: "redis.Redis", seconds: float = 30) -> None:
    """Wait until no rewrite is under way."""
    deadline_s = monotonic_s() + seconds
    while True:
        facts: Any = client.info("persistence")
        if not (facts["aof_rewrite_in_progress"] or facts["aof_rewrite_scheduled"]):
            return
        assert monotonic_s() < deadline_s, "the rewrite of the append-only file did not end"
