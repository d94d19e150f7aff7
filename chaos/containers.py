"""The desk of a run in containers: the project's own compose file under a project name of its own, two replicas of each service.

Its connections are broken by taking a container off the network; Redis and the database are killed and frozen as containers.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from chaos.container import Container
from chaos.desk import CONFIG, DESK, REPLICAS, Shape, subscribe
from chaos.market import Market, close_of
from chaos.schedule import SERVICES, Act, Event
from chaos.servers import wait_for_redis
from sauda.access.declared import PEOPLE, declared
from sauda.access.users import acl_file, names
from sauda.errors import ConfigError
from sauda.redis_view import RedisView
from sauda.runtime import redis_users
from sauda.runtime.engine import compose_command, run
from sauda.runtime.ports import choose
from sauda.settings import Settings, load_settings

ROOT: Final = CONFIG.parent
SPARE: Final = REPLICAS + 1
"""Containers of each service: the last one waits for somebody to be doubled."""
_SHORTEST_CUT_S: Final = 0.3
_OF_ONE_RUN: Final = "of-one-run-only"


@dataclass
class ContainerDesk:
    """See `chaos.desk.ChaosDesk`."""

    shape: Shape
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="sauda-chaos-")))
    replicas: dict[str, Container] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    died: dict[str, int] = field(default_factory=dict)
    """Always empty: the engine starts again what ended."""
    ticks: int = 0
    database_name: str = "SQLite in a shared folder, and a time-series database (killed, not read)"

    def __post_init__(self) -> None:
        compose = compose_command()
        if compose is None:
            raise ConfigError(
                "runtime=docker: no Docker with Compose answers here; without it: runtime=local"
            )
        self._compose_command = compose
        self._project = f"sauda-chaos-{os.getpid()}"
        self.market = Market(self.shape.wall_s, close_of(CONFIG / "market"), self.shape.seed)
        start = 21_100 + os.getpid() % 500 * 20
        self._ports = [choose([start]), choose([start + 5]), choose([start + 10])]
        self.redis_url = f"redis://{PEOPLE.user}:{_OF_ONE_RUN}@127.0.0.1:{self._ports[0]}/0"
        self.sql_url = f"sqlite:///{self.folder / 'books' / 'sauda.db'}"
        self.redis = self._container("redis", 1, "redis")
        self.database = self._container("influxdb", 1, "database")

    @property
    def impossible(self) -> frozenset[Act]:
        """See `ChaosDesk`: a network can be taken away, not listened to."""
        return frozenset({Act.SLOW, Act.LOSE_ANSWER, Act.LOSE_REQUEST, Act.LOSE_ROWS_ANSWER})

    @property
    def victims(self) -> Mapping[str, Container]:
        """See `ChaosDesk`."""
        return self.replicas

    def start(self) -> None:
        """See `ChaosDesk`."""
        self._write_files()
        self._compose("build", "--quiet", *SERVICES, "simulator")
        self._compose("up", "--detach", "redis", "influxdb")
        wait_for_redis(self.redis_url)
        subscribe(self.redis_url, self.market)
        scales = [f"--scale={service}={SPARE}" for service in SERVICES]
        self._compose("up", "--detach", "--no-build", *scales, *SERVICES)
        for service in SERVICES:
            self._container(service, SPARE).stop()
            for number in range(1, SPARE):
                one = self._container(service, number)
                self.replicas[one.name] = one

    def add(self, service: str, number: int) -> Container | None:
        """See `ChaosDesk`. There is one spare container of each service."""
        extra = self._container(service, SPARE)
        if extra.name in self.replicas:
            return None
        extra.start()
        self.replicas[extra.name] = extra
        return extra

    def remove(self, name: str) -> None:
        """See `ChaosDesk`."""
        self.replicas.pop(name, None)

    def break_connections(self, event: Event, name: str) -> Callable[[], None] | None:
        """Take the container off the network for as long as the act lasts, whatever its name."""
        victim = self.replicas[name]
        victim.disconnect(self._network)
        if event.for_s < _SHORTEST_CUT_S:
            victim.connect(self._network)
            return None
        return lambda: victim.connect(self._network)

    def lost(self) -> Counter[str]:
        """See `ChaosDesk`: nothing looks into connections here."""
        return Counter()

    def view(self) -> RedisView:
        """See `ChaosDesk`."""
        return RedisView(self.redis_url, DESK)

    def settings(self) -> Settings:
        """See `ChaosDesk`."""
        told = {
            "SAUDA_REDIS_URL": self.redis_url,
            "SAUDA_DESK": DESK,
            "SAUDA_CONFIG": str(self.folder / "config"),
            "SAUDA_SPEED": str(self.market.speed),
            "SAUDA_ARCHIVE": str(self.folder / "archive"),
        }
        return load_settings(self.folder, told)

    def heal(self) -> None:
        """See `ChaosDesk`."""
        for one in (self.redis, self.database, *self.replicas.values()):
            one.resume()
            if one.ended:
                one.start()
            one.connect(self._network)

    def stop_services(self) -> None:
        """See `ChaosDesk`."""
        self.codes = {name: one.stop() for name, one in self.replicas.items()}

    def close(self, *, keep: bool) -> None:
        """See `ChaosDesk`; the containers' words are kept beside the data."""
        if (self.folder / "mounts.yaml").exists():
            if keep:
                words = self._compose("logs", "--no-color", check=False)
                (self.folder / "containers.log").write_text(words)
            self._compose(
                "down", "--volumes", "--rmi", "local", "--remove-orphans", "--timeout", "1", check=False
            )
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _network(self) -> str:
        return f"{self._project}_default"

    def _container(self, service: str, number: int, name: str = "") -> Container:
        return Container(name or f"{service}-{number}", service, f"{self._project}-{service}-{number}")

    def _write_files(self) -> None:
        self.folder.chmod(0o755)
        for name in ("books", "archive", "config", "alerts"):
            (self.folder / name).mkdir()
            # The services run as a user of their own.
            (self.folder / name).chmod(0o777)
        config = self.folder / "config"
        shutil.copytree(CONFIG / "market", config / "market")
        (config / "sauda.yaml").write_text(yaml.safe_dump({"desk": DESK}))
        self.market.write_straddles(config / "strategies", self.shape.straddles)
        self.ticks = self.market.write(self.folder / "market.parquet")
        (self.folder / "empty.env").touch()
        services = declared()
        users = acl_file(services, DESK, dict.fromkeys(names(services), _OF_ONE_RUN))
        (self.folder / "redis.acl").write_text(users)
        (self.folder / "mounts.yaml").write_text(yaml.safe_dump(self._mounts()))

    def _mounts(self) -> dict[str, Any]:
        """Return what the compose file is told besides: our config, and a shared folder for the database's file."""
        config = f"{self.folder / 'config'}:/app/config:ro"
        services: dict[str, Any] = {service: {"volumes": [config], "restart": "no"} for service in SERVICES}
        services["pnl"]["volumes"].append(f"{self.folder / 'books'}:/books")
        # Whoever is killed is started again by the schedule, in its time.
        services["redis"] = services["influxdb"] = {"restart": "no"}
        return {"services": services}

    def _environ(self) -> Mapping[str, str]:
        redis, influx, simulator = map(str, self._ports)
        others = {key: value for key, value in os.environ.items() if not key.startswith(("SAUDA_", "DESK_"))}
        return others | {
            "COMPOSE_PROJECT_NAME": self._project,
            "DOCKER_BUILDKIT": "1",
            "COMPOSE_DOCKER_CLI_BUILD": "1",
            "DESK_REDIS_PORT": redis,
            "DESK_INFLUX_PORT": influx,
            "DESK_SIMULATOR_PORT": simulator,
            "DESK_INFLUX_PASSWORD": _OF_ONE_RUN,
            "DESK_INFLUX_ADMIN_TOKEN": _OF_ONE_RUN,
            "SAUDA_INFLUX_TOKEN": _OF_ONE_RUN,
            "DESK_SECRETS": str(self.folder),
            **dict.fromkeys(redis_users.variables(), _OF_ONE_RUN),
            "DESK_GRAFANA_PASSWORD": _OF_ONE_RUN,
            "DESK_RECORDINGS": str(self.folder),
            "DESK_ARCHIVE": str(self.folder / "archive"),
            "DESK_UID": str(os.getuid()),
            "DESK_GID": str(os.getgid()),
            "SAUDA_DESK": DESK,
            "SAUDA_SOURCE": "recording",
            "SAUDA_RECORDING": "/recordings/market.parquet",
            "SAUDA_UNDERLYINGS": "NIFTY",
            "SAUDA_SPEED": str(self.market.speed),
            "SAUDA_LEASE_MS": str(self.shape.lease_ms),
            "SAUDA_SQL_URL": "sqlite:////books/sauda.db",
            "SAUDA_ARCHIVE_EVERY_S": "2",
            "SAUDA_ARCHIVE_KEEP_S": "4",
            "SAUDA_LOG_FORMAT": "json",
        }

    def _compose(self, *arguments: str, check: bool = True) -> str:
        files = ["-f", str(ROOT / "docker-compose.yml"), "-f", str(self.folder / "mounts.yaml")]
        command = [*self._compose_command, "--env-file", str(self.folder / "empty.env"), *files, *arguments]
        return run(command, ROOT, self._environ(), check=check).stdout
