"""The desk in containers, through `docker compose` (the plugin, else docker-compose 1.29)."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from sauda.masking import masked_url
from sauda.runtime import gateway, influx_tokens, passwords, redis_users
from sauda.runtime.compose import Service, read_services
from sauda.runtime.desk import WATCHERS, DeskError, Replica, Say
from sauda.runtime.engine import SHOWN, containers_of, run, succeeds
from sauda.runtime.passwords import ensure_passwords, project_name
from sauda.runtime.place import (
    Place,
    archive_of,
    asked_ports,
    history_of,
    read_started,
    redis_elsewhere,
    strategies_of,
    write_run_env,
    write_started,
)
from sauda.runtime.ports import LOOPBACK, assign

_RECORDINGS = "/recordings"
_ARCHIVE = "/archive"
_HISTORY = "/history"
_STRATEGIES = "/app/strategies"
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""What Compose writes to tidy up a terminal's line, also where there is none."""
_PORT_TAKEN = re.compile("address already in use|port is already allocated")
_ATTEMPTS = 3
_PASSWORDS = (influx_tokens.WRITES, influx_tokens.ADMIN, "DESK_INFLUX_PASSWORD", "DESK_GRAFANA_PASSWORD")
"""What the compose file insists on."""
_PULL_S = 120
"""How long the image of a watcher may take; the desk does without it."""
_PROFILES = ("--profile", "grafana", "--profile", "metrics", "--profile", "tls")


class DockerDesk:
    """A desk of containers."""

    runtime = "docker"

    def __init__(self, place: Place, compose: list[str]) -> None:
        self._place = place
        self._compose_command = compose
        self._started = read_started(place)

    def is_up(self) -> bool:
        """Does any container of this project run?"""
        return any(one.state == "running" for one in self._containers())

    def services(self) -> list[str]:
        """Return all services, in start order."""
        return list(self._services())

    def up(self, variables: Mapping[str, str], say: Say) -> None:
        """Build what has changed and let Compose start it in order."""
        self._place.make()
        ensure_passwords(self._place)
        redis_users.write_users(self._place, variables["SAUDA_DESK"])
        gateway.ensure_token(self._place, {})
        self._started.runtime = self.runtime
        self._started.variables = dict(variables)
        say("building the images (minutes the first time, seconds after that)")
        try:
            self._compose("build", "--quiet")
        except DeskError as error:
            raise DeskError(f"{error}\nwithout Docker: make up RUNTIME=local") from error
        say("starting the containers")
        self._start(say)
        self._narrow_tokens(say)
        self._start_watchers(say)

    def down(self, say: Say) -> None:
        """Remove the containers; the volumes stay."""
        self._compose(*_PROFILES, "down", "--remove-orphans")
        self._started.replicas = {}
        write_started(self._place, self._started)

    def replicas(self) -> list[Replica]:
        """Return the containers."""
        order = {name: number for number, name in enumerate(self._services())}
        return sorted(self._containers(), key=lambda one: (order.get(one.service, len(order)), one.name))

    def restart(self, service: str) -> None:
        """Restart the containers one after the other: the others carry on meanwhile."""
        for replica in self.replicas():
            if replica.service == service:
                run(["docker", "restart", replica.where])

    def scale(self, service: str, count: int) -> None:
        """Add or remove containers."""
        self._started.replicas[service] = count
        write_started(self._place, self._started)
        options = ["--detach", "--no-build", "--no-deps", "--no-recreate"]
        self._compose("up", *options, f"--scale={service}={count}", service)

    def logs(self, services: list[str], lines: int, follow: bool) -> Iterator[str]:
        """Let Compose read them."""
        options = ["--no-color", f"--tail={lines}", *(["--follow"] if follow else [])]
        command = [*self._compose_command, "logs", *options, *services]
        with subprocess.Popen(
            command, cwd=self._place.root, env=self._environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            for line in process.stdout or ():
                yield _CONTROL.sub("", line.rstrip("\n"))

    def clean(self) -> None:
        """Delete the volumes, the images and `var/`."""
        self._compose(*_PROFILES, "down", "--volumes", "--rmi", "local", "--remove-orphans")
        shutil.rmtree(self._place.var, ignore_errors=True)

    def summary(self) -> list[str]:
        """Return the addresses."""
        ports = self._started.ports
        lines = [
            *gateway.where(self._place, self._started),
            f"redis       {masked_url(self._redis_url())}",
            f"simulator   http://{LOOPBACK}:{ports['simulator']}",
            f"database    http://{LOOPBACK}:{ports['influxdb']}  (user sauda; password: DESK_INFLUX_PASSWORD in .env)",
        ]
        there = {one.service for one in self.replicas()}
        if "prometheus" in there:
            lines.append(f"prometheus  http://{LOOPBACK}:{ports['prometheus']}")
        if "grafana" in there:
            where = f"http://{LOOPBACK}:{ports['grafana']}"
            lines.append(f"grafana     {where}  (user sauda; password: DESK_GRAFANA_PASSWORD in .env)")
        return lines

    def _services(self) -> dict[str, Service]:
        text = self._place.compose.read_text()
        # Only names, ports and order count here; Compose fills in the values, passwords among them.
        filler = dict.fromkeys((*_PASSWORDS, *redis_users.variables()), "-")
        plain = read_services(text, filler)
        return {**plain, **read_services(text, filler, WATCHERS)}

    def _environment(self) -> dict[str, str]:
        """Return what Compose fills its variables from; these win over `.env`."""
        others = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")}
        ports = {
            service.ports[0].variable: str(self._started.ports[name])
            for name, service in self._services().items()
            if service.ports and service.ports[0].variable and name in self._started.ports
        }
        told = dict(self._started.variables)
        if recording := told.get("SAUDA_RECORDING"):
            told["DESK_RECORDINGS"] = str(Path(recording).parent)
            told["SAUDA_RECORDING"] = f"{_RECORDINGS}/{Path(recording).name}"
        told |= self._archive() | self._folders()
        named = {key: value for key, value in ports.items() if key}
        # A server that knows other users is made anew: it reads them when it starts.
        named["DESK_REDIS_USERS"] = redis_users.digest(self._place)
        build = {"DOCKER_BUILDKIT": "1", "COMPOSE_DOCKER_CLI_BUILD": "1"}
        return {**others, **told, **named, **build, "COMPOSE_PROJECT_NAME": project_name(self._place)}

    def _archive(self) -> dict[str, str]:
        """Return what mounts the archive's folder, and whose it is: the container writes as its owner."""
        where = archive_of(self._place, self._started.variables)
        if "://" in where:
            return {"SAUDA_ARCHIVE": where, **self._owner(self._place.archive)}
        return {"SAUDA_ARCHIVE": _ARCHIVE, "DESK_ARCHIVE": where, **self._owner(Path(where))}

    def _owner(self, folder: Path) -> dict[str, str]:
        folder.mkdir(parents=True, exist_ok=True)
        owner = folder.stat()
        return {"DESK_UID": str(owner.st_uid), "DESK_GID": str(owner.st_gid)}

    def _folders(self) -> dict[str, str]:
        """Return what mounts the folders of the past and of the user's strategies."""
        history = history_of(self._place, self._started.variables)
        strategies = strategies_of(self._place, self._started.variables)
        for folder in (history, strategies):
            # Docker would make them too, but owned by root.
            Path(folder).mkdir(parents=True, exist_ok=True)
        return {
            "SAUDA_HISTORY": _HISTORY,
            "DESK_HISTORY": history,
            "SAUDA_STRATEGIES": _STRATEGIES,
            "DESK_STRATEGIES": strategies,
        }

    def _compose(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return run([*self._compose_command, *arguments], self._place.root, self._environment(), check=check)

    def _assign_ports(self) -> None:
        running = {replica.service for replica in self.replicas() if replica.state == "running"}
        asked = asked_ports(self._place)
        self._started.ports |= assign(self._services().values(), self._started.ports, asked, running)
        write_started(self._place, self._started)
        self._write_run_env()

    def _start(self, say: Say) -> None:
        """Let Compose start everything; take other ports if somebody else was quicker to take ours."""
        scales = [f"--scale={name}={count}" for name, count in self._started.replicas.items()]
        for _ in range(_ATTEMPTS):
            self._assign_ports()
            done = self._compose("up", "--detach", "--no-build", *scales, check=False)
            if not done.returncode:
                return
            if not _PORT_TAKEN.search(done.stderr):
                # Mostly one service that did not get healthy: which one it was, the caller sees and says.
                say("\n".join(done.stderr.strip().splitlines()[-SHOWN:]))
                return

    def _narrow_tokens(self, say: Say) -> None:
        """Give pnl a token that may only write its bucket, Grafana one that may only read it: once, when they have none."""
        told = self._started.variables
        names = influx_tokens.missing(passwords.known(self._place))
        if not names or not influx_tokens.is_own(told):
            return
        database = influx_tokens.Database(
            f"http://{LOOPBACK}:{self._started.ports['influxdb']}",
            passwords.known(self._place)[influx_tokens.ADMIN],
            told.get("SAUDA_INFLUX_ORG") or "sauda",
            told.get("SAUDA_INFLUX_BUCKET") or "sauda",
        )
        try:
            made = influx_tokens.make(database, names)
        except influx_tokens.NoTokensError as error:
            say(
                f"warning: no token of its own for the database: {error}; pnl writes without one, `make up` tries again"
            )
            return
        passwords.remember(self._place, made)
        told.update({name: value for name, value in made.items() if name == influx_tokens.WRITES})
        self._start(say)

    def _containers(self) -> list[Replica]:
        return containers_of(project_name(self._place))

    def _redis_url(self) -> str:
        """Return where the desk's Redis is, as seen from this machine."""
        elsewhere = redis_elsewhere(self._started.variables)
        login = redis_users.login(self._place)
        return elsewhere or f"redis://{login}{LOOPBACK}:{self._started.ports['redis']}/0"

    def _write_run_env(self) -> None:
        ports = self._started.ports
        write_run_env(
            self._place,
            {
                "SAUDA_REDIS_URL": self._redis_url(),
                "SAUDA_DESK": self._started.variables["SAUDA_DESK"],
                "SAUDA_SIM_PORT": str(ports["simulator"]),
                "SAUDA_INFLUX_URL": f"http://{LOOPBACK}:{ports['influxdb']}",
                "SAUDA_ARCHIVE": archive_of(self._place, self._started.variables),
            },
        )

    def _start_watchers(self, say: Say) -> None:
        """Start each where its image can be had: a desk without a registry is a desk all the same."""
        measured = bool(self._started.variables.get("SAUDA_METRICS_PORT"))
        for name in WATCHERS if measured else ("grafana",):
            image = _image_of(self._place.compose.read_text(), name)
            if not succeeds(["docker", "image", "inspect", image]) and not succeeds(
                ["docker", "pull", image], _PULL_S
            ):
                say(f"{name} is left out: its image {image} cannot be had here")
                continue
            self._compose(*_PROFILES, "up", "--detach", "--no-deps", name, check=False)


def _image_of(text: str, service: str) -> str:
    import yaml

    return str(yaml.safe_load(text)["services"][service]["image"])
