"""Where a desk keeps its things: all of it below `var/` in the project's folder."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from sauda.errors import ConfigError
from sauda.settings_sources import find_root

_OWN_REDIS: Final = re.compile(r"$|redis://(?:[^@/]*@)?redis(?::\d+)?(?:/|$)")
"""No address, or that of the compose file's own server among its containers."""


@dataclass(frozen=True, slots=True)
class Place:
    """The project's folder, and the names in it."""

    root: Path

    @property
    def compose(self) -> Path:
        """The description of the desk."""
        return self.root / "docker-compose.yml"

    @property
    def var(self) -> Path:
        """Everything a running desk writes."""
        return self.root / "var"

    @property
    def run(self) -> Path:
        """How the present desk was started; of no use without it."""
        return self.var / "run"

    @property
    def log(self) -> Path:
        """One log a program."""
        return self.var / "log"

    @property
    def health(self) -> Path:
        """One health file a program."""
        return self.var / "health"

    @property
    def run_env(self) -> Path:
        """What the `sauda` program and by-hand commands need to find the desk."""
        return self.var / "run.env"

    @property
    def dotenv(self) -> Path:
        """The user's settings, and the passwords that `up` made."""
        return self.root / ".env"

    @property
    def secrets(self) -> Path:
        """Files that nobody else may read, made by `up`."""
        return self.var / "secrets"

    @property
    def archive(self) -> Path:
        """What left Redis, unless SAUDA_ARCHIVE says otherwise."""
        return self.var / "archive"

    def make(self) -> None:
        """Make the folders. Docker would make them too, but owned by root.

        Raises:
            ConfigError: one cannot be made or written to; names it.
        """
        secret = ("secrets/alerts", "secrets/gateway/sessions")
        names = ("redis", "simulator", "recordings", "archive", "history", *secret)
        data = (self.var / name for name in names)
        for folder in (self.var, self.run, self.log, self.health, *data):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigError(f"the folder {folder} cannot be made: {error.strerror}") from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise ConfigError(
                    f"the folder {folder} cannot be written to: `ls -ld {folder}` shows whose it is"
                )


@dataclass(slots=True)
class Started:
    """What a later command must know about how the desk was started."""

    runtime: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    """What the compose file's variables stand for."""
    ports: dict[str, int] = field(default_factory=dict)
    """service -> port on this machine; kept while the desk is down, so that bookmarks stay right."""
    replicas: dict[str, int] = field(default_factory=dict)
    """service -> how many, where that is not one."""
    metrics: dict[str, int] = field(default_factory=dict)
    """service -> port at which its first replica is measured."""
    redis_server: list[str] = field(default_factory=list)
    """The server that wrote the data; another one may not be able to read it."""


def redis_elsewhere(variables: Mapping[str, str]) -> str:
    """Return the address of a Redis that is not the desk's own; empty: the desk starts one, the compose file's `redis`."""
    given = variables.get("SAUDA_REDIS_URL", "")
    return "" if _OWN_REDIS.match(given) else given


def archive_of(place: Place, variables: Mapping[str, str]) -> str:
    """Return where the archive is as seen from this machine: a folder, or a URL."""
    given = variables.get("SAUDA_ARCHIVE") or str(place.archive)
    return given if "://" in given else str(place.root / given)


def history_of(place: Place, variables: Mapping[str, str]) -> str:
    """Return the folder of bars of the past, as seen from this machine."""
    return str(place.root / (variables.get("SAUDA_HISTORY") or "var/history"))


def strategies_of(place: Place, variables: Mapping[str, str]) -> str:
    """Return the folder of the user's own strategies, as seen from this machine."""
    return str(place.root / (variables.get("SAUDA_STRATEGIES") or "strategies"))


def find_place(start: Path) -> Place:
    """Return the project that *start* lies in.

    Raises:
        ConfigError: there is none.
    """
    place = Place(find_root(start).resolve())
    if not place.compose.is_file():
        raise ConfigError(f"no docker-compose.yml in {place.root}: run this inside the Sauda folder")
    return place


def read_started(place: Place) -> Started:
    """Return what is known about the desk; nothing, if it was never started."""
    try:
        known: dict[str, Any] = json.loads((place.run / "desk.json").read_text())
        return Started(**known)
    except (OSError, ValueError, TypeError):
        return Started()


def asked_ports(place: Place) -> dict[str, str]:
    """Return the `DESK_..._PORT` variables of the environment and `.env`."""
    both = {**(dotenv_values(place.dotenv) if place.dotenv.is_file() else {}), **os.environ}
    return {name: value for name, value in both.items() if name.startswith("DESK_") and value}


def write_started(place: Place, started: Started) -> None:
    """Remember how the desk was started."""
    place.run.mkdir(parents=True, exist_ok=True)
    write_private(place.run / "desk.json", json.dumps(asdict(started), indent=1))


def write_run_env(place: Place, variables: Mapping[str, str]) -> None:
    """Write what settings read last: where the desk's servers are."""
    lines = (f"{name}='{value}'" if " " in value else f"{name}={value}" for name, value in variables.items())
    header = "# Written by `sauda up`: where the desk's servers are. Settings anywhere else win over these."
    write_private(place.run_env, "\n".join([header, *lines, ""]))


def write_private(path: Path, text: str) -> None:
    """Write *text* whole or not at all, readable by nobody else: it may hold passwords."""
    half_written = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(half_written, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)
    half_written.replace(path)
