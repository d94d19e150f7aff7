"""The servers of a run, as processes of its own: Redis with an append-only file, and PostgreSQL where this machine has it."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import redis

from chaos.stopping import STOPPING
from chaos.waiting import wait_until
from sauda.errors import ConfigError
from sauda.runtime.redis_server import find_server

START_S: Final = 30
_PASSWORD: Final = "open-sesame"  # noqa: S105  (of a database that lives as long as the run, on loopback)


@dataclass
class Server:
    """One server process, which comes back on the same port with the same data."""

    name: str
    command: Sequence[str]
    folder: Path
    port: int
    user: int | None = None
    """Who runs it, where it must not be root."""
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; it answers a moment later."""
        with STOPPING.held(), (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, cwd=self.folder, user=self.user, start_new_session=True
            )

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order: `SIGINT` is PostgreSQL's word for not waiting for sessions, and Redis takes it too."""
        self._end(signal.SIGINT)

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing answers."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.wait(START_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(START_S)
        self.process = None


def redis_server(folder: Path, port: int) -> Server:
    """Return a Redis or Valkey as a desk has it: every write in the append-only file, on disk every second.

    Raises:
        ConfigError: this machine has none.
    """
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    options += ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
    return Server("redis", [*find_server(), *options, "--daemonize", "no"], folder, port)


def wait_for_redis(url: str) -> None:
    """Wait until the server at *url* has read its file and answers."""

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    with redis.Redis.from_url(url, socket_timeout=2) as client:
        wait_until(answers, START_S, "Redis answers")


def postgres_server(folder: Path, port: int) -> Server | None:
    """Make a PostgreSQL database in *folder*; None where this machine has no PostgreSQL.

    Raises:
        ConfigError: it is here and cannot be set up.
    """
    programs = _postgres_programs()
    if programs is None:
        return None
    folder.mkdir()
    secret, data = folder / "secret", folder / "data"
    secret.write_text(_PASSWORD)
    # It refuses to run as root.
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
        shutil.chown(secret, user)
    init = [str(programs / "initdb"), "-D", str(data), "-U", "sauda", "-A", "scram-sha-256", "-E", "UTF8"]
    try:
        subprocess.run(
            [*init, "-N", f"--pwfile={secret}"], check=True, capture_output=True, user=user, cwd=folder
        )
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        raise ConfigError(
            f"PostgreSQL cannot be set up in {folder}: {said.decode(errors='replace').strip().splitlines()[-1]}; "
            "as root it runs as the user nobody, who must be able to enter that folder (TMPDIR)"
        ) from error
    options = ["-D", str(data), "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
    return Server("database", [str(programs / "postgres"), *options], folder, port, user)


def postgres_url(port: int) -> str:
    """Return what `SAUDA_SQL_URL` holds for a PostgreSQL of `postgres_server`, reached through *port*."""
    return f"postgresql+psycopg://sauda:{_PASSWORD}@127.0.0.1:{port}/postgres"


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None
