"""Real databases for a benchmark, each on a free port and in a folder of its own: started, counted in, ended."""

import json
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import create_engine, text

from benchmarks.figures import CannotMeasureError
from benchmarks.server import free_port
from sauda.clock import SystemClock, monotonic_s


class Database(Protocol):
    """Where a writer writes to."""

    name: str
    settings: dict[str, str]
    """What makes the service write here."""

    @property
    def pid(self) -> int | None:
        """Return the server's process; None where there is none."""

    def start(self) -> None:
        """Start it on what is in its folder, and wait until it answers."""

    def stop(self) -> None:
        """End it as a shutdown does."""

    def points_of(self, desk: str) -> int:
        """Return how many points of *desk* it holds."""


class VictoriaMetrics:
    """A time-series database that takes InfluxDB's write API."""

    name = "time-series database"

    def __init__(self, folder: Path) -> None:
        self._program = _found("victoria-metrics", "Debian: victoria-metrics")
        self._folder = folder
        self._address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self._address}"
        self.settings = {"SAUDA_INFLUX_URL": self.url, "SAUDA_INFLUX_TOKEN": "none"}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """See `Database`."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """See `Database`."""
        options = [f"-storageDataPath={self._folder}/tsdb", f"-httpListenAddr={self._address}"]
        command = [self._program, *options, "-retentionPeriod=100y"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _eventually(lambda: self._get("/health") == b"OK")

    def stop(self) -> None:
        """See `Database`."""
        if self._process:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def points_of(self, desk: str) -> int:
        """See `Database`."""
        self._get("/internal/force_flush")
        # One field stands for each kind of line; the whole past, because the points are made up in it.
        series = f'{{__name__=~"positions_quantity|pnl_total_pnl",desk="{desk}"}}'
        query = urllib.parse.urlencode({"query": f"sum(count_over_time({series}[5y]))", "nocache": "1"})
        found = json.loads(self._get(f"/api/v1/query?{query}"))["data"]["result"]
        return int(found[0]["value"][1]) if found else 0

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            body: bytes = answer.read()
            return body


class PostgreSql:
    """A private server; it refuses to run as root, so another user runs it then."""

    name = "PostgreSQL"

    def __init__(self, folder: Path) -> None:
        initdb = Path(_found("initdb", "Debian: postgresql"))
        self._programs = initdb.resolve().parent
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self._folder = folder / "postgresql"
        self._folder.mkdir()
        if self._user is not None:
            folder.chmod(0o755)
            shutil.chown(self._folder, self._user)
        self._port = free_port()
        self._url = f"postgresql+psycopg://sauda@127.0.0.1:{self._port}/postgres"
        self.settings = {"SAUDA_SQL_URL": self._url}
        self._process: subprocess.Popen[bytes] | None = None
        command = [
            str(self._programs / "initdb"),
            "-D",
            str(self._folder / "data"),
            "-U",
            "sauda",
            "-E",
            "UTF8",
        ]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self._folder)

    @property
    def pid(self) -> int | None:
        """See `Database`."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """See `Database`."""
        options = ["-p", str(self._port), "-k", str(self._folder), "-c", "listen_addresses=127.0.0.1"]
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), *options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self._user, cwd=self._folder
        )
        _eventually(lambda: _count(self._url, "SELECT 1") == 1)

    def stop(self) -> None:
        """See `Database`; at once, without waiting for sessions."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def points_of(self, desk: str) -> int:
        """See `Database`."""
        return _count(self._url, _ROWS.format(desk=desk))


class Sqlite:
    """A file."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "sauda.db"
        self.settings = {"SAUDA_SQL_URL": f"sqlite:///{self._file}"}

    @property
    def pid(self) -> int | None:
        """See `Database`."""
        return None

    def start(self) -> None:
        """See `Database`."""

    def stop(self) -> None:
        """See `Database`."""

    def points_of(self, desk: str) -> int:
        """See `Database`."""
        with sqlite3.connect(self._file) as connection:
            return int(connection.execute(_ROWS.format(desk=desk)).fetchone()[0])


KINDS: Final[tuple[type[VictoriaMetrics] | type[PostgreSql] | type[Sqlite], ...]] = (
    VictoriaMetrics,
    PostgreSql,
    Sqlite,
)

_ROWS = "SELECT (SELECT COUNT(*) FROM positions WHERE desk='{desk}') + (SELECT COUNT(*) FROM pnl WHERE desk='{desk}')"


def check(database: Database, desk: str, expected: int) -> None:
    """Count the points of *desk*, again for a while: some databases show what they took a moment later.

    Raises:
        RuntimeError: there are not exactly so many.
    """
    end_s = monotonic_s() + 30
    while (found := database.points_of(desk)) != expected:
        if found > expected or monotonic_s() > end_s:
            raise RuntimeError(f"{database.name} holds {found:,} points of {desk} instead of {expected:,}")
        SystemClock().sleep(0.2)


def _count(url: str, query: str) -> int:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())
    finally:
        engine.dispose()


def _found(program: str, package: str) -> str:
    found = shutil.which(program) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))), None
    )
    if found is None:
        raise CannotMeasureError(f"there is no {program} on this machine ({package})")
    return found


def _eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    end_s = monotonic_s() + seconds
    while True:
        try:
            if condition():
                return
        except Exception as error:
            if monotonic_s() > end_s:
                raise TimeoutError(f"the database did not answer within {seconds:.0f} s") from error
        SystemClock().sleep(0.05)
