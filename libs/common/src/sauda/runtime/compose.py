"""Reads docker-compose.yml: what a service is told, needs and offers. Pure.

Only what both runtimes share is read: the build argument that names a service of ours, its environment, command,
published ports and start order. The rest of the file (images, limits, volumes) concerns Docker alone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import yaml

from sauda.errors import ConfigError

_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?])(?P<rest>[^}]*))?\})"
)
REDIS = "redis"
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service publishes."""

    preferred: int
    """On this machine, unless it is taken."""
    inside: int
    """In the container."""
    variable: str | None
    """The variable that moves it, `DESK_REDIS_PORT`; None if it is fixed."""


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of the compose file, variables filled in."""

    name: str
    package: str | None
    """`sauda_feed`, or None for a program that is not ours."""
    environment: Mapping[str, str]
    command: tuple[str, ...]
    needs: tuple[str, ...]
    """Services that must be healthy before it starts."""
    ports: tuple[Port, ...]
    profiles: tuple[str, ...]
    stop_grace_s: int


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Fill `$X`, `${X}`, `${X:-default}` and `${X:?message}` as Compose does; `$$` is a dollar sign.

    Raises:
        ConfigError: a variable that must be set is not.
    """

    def value(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        name, how, rest = match["bare"] or match["name"], match["how"] or "-", match["rest"] or ""
        found = variables.get(name)
        if found or (found is not None and not how.startswith(":")):
            return found
        if how.endswith("?"):
            raise ConfigError(f"{name} is not set: {rest}")
        return rest

    return _VARIABLE.sub(value, text)


def read_services(
    text: str, variables: Mapping[str, str], names: Iterable[str] | None = None
) -> dict[str, Service]:
    """Return the services of the compose file *text* in the order in which they start.

    Args:
        text: The file's content.
        variables: What its variables stand for.
        names: Read only these; None reads those that no profile holds back.

    Raises:
        ConfigError: the file cannot be read, or needs a variable that is not set.
    """
    try:
        entries: dict[str, Any] = yaml.safe_load(text)["services"]
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise ConfigError(f"docker-compose.yml cannot be read: {error}") from error
    wanted = (
        set(names)
        if names is not None
        else {name for name, one in entries.items() if not one.get("profiles")}
    )
    services = {name: _service(name, entries[name], variables) for name in entries if name in wanted}
    return {name: services[name] for name in start_order(services)}


def runnable_names(text: str) -> list[str]:
    """Return the services that can run as plain processes: ours, and Redis."""
    entries: dict[str, Any] = yaml.safe_load(text)["services"]
    return [name for name, entry in entries.items() if "build" in entry or name == REDIS]


def start_order(services: Mapping[str, Service]) -> list[str]:
    """Return the names such that each comes after what it needs.

    Raises:
        ConfigError: services wait for one another in a circle.
    """
    needs = {name: [one for one in service.needs if one in services] for name, service in services.items()}
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise ConfigError(
            f"docker-compose.yml: depends_on goes in a circle: {' -> '.join(error.args[1])}"
        ) from error


def _service(name: str, entry: Mapping[str, Any], variables: Mapping[str, str]) -> Service:
    build = entry.get("build")
    package = build.get("args", {}).get("SERVICE") if isinstance(build, dict) else None
    return Service(
        name=name,
        package=f"sauda_{package}" if package else None,
        environment=_environment(entry.get("environment") or {}, variables),
        command=tuple(interpolate(str(word), variables) for word in entry.get("command") or ()),
        needs=tuple(entry.get("depends_on") or ()),
        ports=tuple(_port(str(port)) for port in entry.get("ports") or ()),
        profiles=tuple(entry.get("profiles") or ()),
        stop_grace_s=_seconds(str(entry.get("stop_grace_period", "10s"))),
    )


def _environment(entries: Mapping[str, object], variables: Mapping[str, str]) -> dict[str, str]:
    """Fill in the values; a name without one is handed on where it is set."""
    filled = {
        name: variables.get(name) if value is None else interpolate(str(value), variables)
        for name, value in entries.items()
    }
    return {name: value for name, value in filled.items() if value}


def _port(text: str) -> Port:
    """Read `127.0.0.1:${DESK_REDIS_PORT:-6379}:6379`."""
    outside, _, inside = text.rpartition(":")
    variable = _VARIABLE.search(outside)
    preferred = interpolate(outside, {}).rpartition(":")[2]
    return Port(int(preferred), int(inside), variable["name"] if variable else None)


def _seconds(text: str) -> int:
    parts = re.findall(r"(\d+)([smh])", text)
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)
