"""The desk of a run: its folder, its servers, a proxy in front of each for every replica, and the replicas."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chaos.breaking import break_connections
from chaos.desk import CONFIG, DESK, REPLICAS, Shape, subscribe, write_config
from chaos.market import Market, close_of
from chaos.proxy import Loop, Proxy
from chaos.replica import Replica
from chaos.schedule import SERVICES, Act, Event
from chaos.servers import Server, postgres_server, postgres_url, redis_server, wait_for_redis
from chaos.waiting import LateError, wait_until
from sauda.clock import SystemClock
from sauda.redis_view import RedisView
from sauda.runtime.ports import choose
from sauda.settings import Settings, load_settings

READY_S: Final = 90
_FIRST_PORT: Final = 21_100
"""Below the range that systems hand out to clients: a server that is away must not meet itself."""
_REDIS_MARK: Final = b"EVAL"
_DATABASE_MARK: Final = b"COMMIT"


@dataclass
class World:
    """Everything that runs; nothing of it outlives `close`."""

    shape: Shape
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="sauda-chaos-")))
    loop: Loop = field(default_factory=Loop)
    replicas: dict[str, Replica] = field(default_factory=dict)
    proxies: dict[str, list[Proxy]] = field(default_factory=dict)
    """replica -> its way to Redis and, where there is a database server, to that"""
    codes: dict[str, int] = field(default_factory=dict)
    """replica -> how it ended when told to"""
    died: dict[str, int] = field(default_factory=dict)
    """replica -> how it ended though nobody had done anything to it"""
    _ports: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.market = Market(self.shape.wall_s, close_of(CONFIG / "market"), self.shape.seed)
        self.redis: Server = redis_server(self._made("redis"), self._port())
        self.database: Server | None = None
        self.redis_url = f"redis://127.0.0.1:{self.redis.port}/0"
        self.sql_url = f"sqlite:///{self.folder / 'sauda.db'}"
        self.database_name = "SQLite (no PostgreSQL here: its connections cannot be broken)"
        self.ticks = 0
        """Ticks in the recording."""

    def start(self) -> None:
        """Start everything, and the market last.

        Raises:
            LateError: something did not come up.
        """
        self.folder.chmod(0o711)
        write_config(self._made("config"), self.market, self.shape.straddles)
        self.ticks = self.market.write(self.folder / "market.parquet")
        self.loop.start()
        self.redis.start()
        self.database = postgres_server(self.folder / "postgres", self._port())
        if self.database is not None:
            self.database.start()
            self.sql_url = postgres_url(self.database.port)
            self.database_name = "PostgreSQL"
        wait_for_redis(self.redis_url)
        subscribe(self.redis_url, self.market)
        for service in reversed(SERVICES):
            self._start_service(service)

    def view(self) -> RedisView:
        """Return the desk as it is on the server, past all proxies."""
        return RedisView(self.redis_url, DESK)

    def settings(self) -> Settings:
        """Return the settings of the desk's services, past all proxies."""
        environ = self._environ("checks", [])
        return load_settings(self.folder, {key: environ[key] for key in environ if key.startswith("SAUDA_")})

    def add(self, service: str, number: int) -> Replica:
        """Start one replica of *service* behind proxies of its own."""
        name = f"{service}-{number}"
        ways = self.proxies.get(name) or self._new_proxies(name, service)
        self.proxies[name] = ways
        replica = Replica(
            name, f"sauda_{service}", self._environ(name, ways), self.folder / f"{name}.log", self.folder
        )
        replica.start()
        self.replicas[name] = replica
        return replica

    @property
    def impossible(self) -> frozenset[Act]:
        """See `ChaosDesk`."""
        of_a_server = frozenset({Act.KILL_DATABASE, Act.LOSE_ROWS_ANSWER})
        return frozenset() if self.database is not None else of_a_server

    @property
    def victims(self) -> Mapping[str, Replica]:
        """See `ChaosDesk`."""
        return self.replicas

    def remove(self, name: str) -> None:
        """See `ChaosDesk`; its proxies stay, somebody may speak through them yet."""
        self.replicas.pop(name, None)

    def break_connections(self, event: Event, name: str) -> Callable[[], None] | None:
        """See `ChaosDesk`."""
        return break_connections(event, self.proxies[name])

    def lost(self) -> Counter[str]:
        """See `ChaosDesk`."""
        return sum((Counter(ways[0].lost) for ways in self.proxies.values()), Counter())

    def heal(self) -> None:
        """Let everything run and every connection carry what it is given."""
        for ways in self.proxies.values():
            for way in ways:
                way.heal()
        for server in filter(None, (self.redis, self.database)):
            server.resume()
            if not server.runs:
                server.start()
        for replica in self.replicas.values():
            replica.resume()
            if (code := replica.died) is not None:
                self.died[replica.name] = code
            if not replica.works:
                replica.start()

    def stop_services(self) -> None:
        """Tell all replicas to end, and wait for them."""
        for replica in self.replicas.values():
            replica.terminate()
        self.codes = {name: replica.stop() for name, replica in self.replicas.items()}

    def close(self, *, keep: bool) -> None:
        """End what still runs, at once; delete the folder unless told to *keep* it."""
        for replica in self.replicas.values():
            replica.kill()
        for ways in self.proxies.values():
            for way in ways:
                way.close()
        self.loop.close()
        for server in filter(None, (self.database, self.redis)):
            server.kill() if server is self.redis else server.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start_service(self, service: str) -> None:
        started = [self.add(service, number) for number in range(1, REPLICAS + 1)]
        if service == "feed":
            return
        # A market that moves before the desk is there would be another one in each run.
        files = [self.folder / f"{replica.name}.json" for replica in started]

        def reported() -> bool:
            for replica in started:
                if replica.ended:
                    words = replica.log.read_text().strip().splitlines()[-1:]
                    raise LateError(f"{replica.name} ended at its start: {' '.join(words)}")
            return all(file.exists() for file in files)

        wait_until(reported, READY_S, f"{service} reports its health")
        SystemClock().sleep(0.2)

    def _new_proxies(self, name: str, service: str) -> list[Proxy]:
        seed = f"{self.shape.seed}/{name}"
        ways = [Proxy(self.loop, self._port(), self.redis.port, _REDIS_MARK, seed)]
        if service == "pnl" and self.database is not None:
            ways.append(Proxy(self.loop, self._port(), self.database.port, _DATABASE_MARK, seed))
        for way in ways:
            way.listen()
        return ways

    def _environ(self, name: str, ways: list[Proxy]) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")}
        sql_url = postgres_url(ways[1].port) if len(ways) > 1 else self.sql_url
        return inherited | {
            "SAUDA_REDIS_URL": f"redis://127.0.0.1:{ways[0].port}/0" if ways else self.redis_url,
            "SAUDA_DESK": DESK,
            "SAUDA_CONFIG": str(self.folder / "config"),
            "SAUDA_SOURCE": "recording",
            "SAUDA_RECORDING": str(self.folder / "market.parquet"),
            "SAUDA_UNDERLYINGS": "NIFTY",
            "SAUDA_SPEED": str(self.market.speed),
            "SAUDA_LEASE_MS": str(self.shape.lease_ms),
            "SAUDA_SQL_URL": sql_url,
            "SAUDA_ARCHIVE": str(self.folder / "archive"),
            # Within seconds, so that Redis holds no more than the end of what is read at the end.
            "SAUDA_ARCHIVE_EVERY_S": "2",
            "SAUDA_ARCHIVE_KEEP_S": "4",
            "SAUDA_LOG_FORMAT": "json",
            "SAUDA_HEALTH_FILE": str(self.folder / f"{name}.json"),
            "SAUDA_SERVICE_NAME": name,
        }

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder

    def _port(self) -> int:
        start = _FIRST_PORT + os.getpid() % 500 * 20
        port = choose([start], self._ports)
        self._ports.add(port)
        return port
