"""From the compose file to programs of this machine: what replaces a container. Pure but for looking at files."""

import hashlib
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sauda.runtime import gateway, metrics, redis_users
from sauda.runtime.aof_tail import check_tool, mending
from sauda.runtime.compose import REDIS, Service
from sauda.runtime.place import Place, Started, archive_of, history_of, redis_elsewhere, strategies_of
from sauda.runtime.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Program:
    """One replica of a service as a process."""

    name: str
    """`pnl-2`; a replica more or less changes no other's name."""
    service: str
    script: str
    """The shell script that becomes the process: readable, and runnable by hand."""
    stop_grace_s: int
    measured_at: str = ""
    """`127.0.0.1:9410`, where Prometheus finds it; empty: nowhere."""


def programs_of(service: Service, place: Place, started: Started) -> list[Program]:
    """Return the service's replicas."""
    count = started.replicas.get(service.name, 1)
    return [_program(service, f"{service.name}-{number}", place, started) for number in range(1, count + 1)]


def redis_url(started: Started, login: str = "") -> str:
    """Return where the desk's Redis is; *login* (`user:password@`) is for its own, another one's stands in its address."""
    return redis_elsewhere(started.variables) or f"redis://{login}{LOOPBACK}:{started.ports[REDIS]}/0"


def sql_url(place: Place) -> str:
    """Return where the numbers go when nobody named a database."""
    return f"sqlite:///{place.var / 'sauda.db'}"


def _program(service: Service, name: str, place: Place, started: Started) -> Program:
    measured_at = ""
    if service.package is None:
        argv = [*started.redis_server, *_redis_options(service.command, started.ports[REDIS])]
        tool = check_tool(argv[0])
        before = mending(shlex.quote(tool)) if tool else ""
        users = redis_users.digest(place)
        if users:
            argv += ["--aclfile", str(redis_users.file_of(place))]
        script = _script(
            name, place, folder=place.var / REDIS, environment={}, argv=argv, before=before, version=users
        )
    else:
        argv = [sys.executable, "-m", service.package]
        environment = _environment(service, name, place, started)
        measured_at = _measured_at(environment)
        script = _script(
            name,
            place,
            folder=place.root,
            environment=environment,
            argv=argv,
            version=_version(service, place),
        )
    return Program(name, service.name, script, service.stop_grace_s, measured_at)


def _measured_at(environment: Mapping[str, str]) -> str:
    port = environment.get("SAUDA_METRICS_PORT", "0")
    return f"{environment['SAUDA_METRICS_HOST']}:{port}" if port != "0" else ""


def _redis_options(command: tuple[str, ...], port: int) -> list[str]:
    """Return compose's own options, bound to this machine alone."""
    return [*command[1:], "--bind", LOOPBACK, "--port", str(port), "--dir", ".", "--daemonize", "no"]


def _environment(service: Service, name: str, place: Place, started: Started) -> dict[str, str]:
    told = {key: _localised(value, started.ports) for key, value in service.environment.items()}
    environment = {key: value for key, value in told.items() if value is not None}
    environment |= {
        "SAUDA_CONFIG": started.variables.get("SAUDA_CONFIG") or str(place.root / "config"),
        "SAUDA_HEALTH_FILE": str(place.health / f"{name}.json"),
        "SAUDA_SERVICE_NAME": name,
        "PYTHONUNBUFFERED": "1",
    }
    if "SAUDA_REDIS_URL" in service.environment:
        environment.pop("SAUDA_OWN_REDIS_URL", None)
        environment["SAUDA_REDIS_URL"] = redis_url(started, redis_users.login(place, service.name))
    if "SAUDA_SIM_PORT" in environment:
        environment |= {
            "SAUDA_SIM_HOST": LOOPBACK,
            "SAUDA_SIM_PORT": str(started.ports[service.name]),
            "SAUDA_SIM_DATA": str(place.var / service.name),
        }
    environment |= gateway.as_process(environment, place, started)
    if "SAUDA_ARCHIVE" in environment:
        # As it was given: neither a folder of a container nor an address among containers.
        environment["SAUDA_ARCHIVE"] = archive_of(place, started.variables)
        if endpoint := started.variables.get("SAUDA_ARCHIVE_ENDPOINT"):
            environment["SAUDA_ARCHIVE_ENDPOINT"] = endpoint
    environment.pop("SAUDA_METRICS_HOST", None)
    if environment.pop("SAUDA_METRICS_PORT", None):
        environment |= metrics.told(name, started.metrics.get(service.name), started.variables)
    if "SAUDA_HISTORY" in environment:
        environment["SAUDA_HISTORY"] = history_of(place, started.variables)
    if "SAUDA_STRATEGIES" in environment:
        environment["SAUDA_STRATEGIES"] = strategies_of(place, started.variables)
    if "SAUDA_INFLUX_ORG" in environment:
        environment.setdefault("SAUDA_SQL_URL", sql_url(place))
    return environment


def _localised(value: str, ports: Mapping[str, int]) -> str | None:
    """Point a URL at another service to this machine; None if that service does not run here.

    `http://simulator:9200/x` becomes `http://127.0.0.1:41873/x`, `http://influxdb:8086` becomes None.
    """
    scheme, found, rest = value.partition("://")
    address, slash, path = rest.partition("/")
    host, colon, _ = address.partition(":")
    if not found or not colon or "." in host or host == "localhost" or "@" in address:
        return value
    return f"{scheme}://{LOOPBACK}:{ports[host]}{slash}{path}" if host in ports else None


def _script(
    name: str,
    place: Place,
    *,
    folder: Path,
    environment: Mapping[str, str],
    argv: list[str],
    version: str = "",
    before: str = "",
) -> str:
    exports = [f"export {key}={shlex.quote(value)}" for key, value in sorted(environment.items())]
    lines = [
        "#!/bin/sh",
        f"# How {name} is started. Written by `sauda up`: changes made here are lost.",
        *([f"# made of {version}"] if version else []),
        f"echo $$ >{shlex.quote(str(place.run / name))}.pid",
        f"cd {shlex.quote(str(folder))} || exit 1",
        *exports,
        *([before] if before else []),
        f"exec {shlex.join(argv)}",
        "",
    ]
    return "\n".join(lines)


def _version(service: Service, place: Place) -> str:
    """Return what changes with the code or the rules, so that `up` restarts what runs old ones."""
    folders = (
        place.root / "libs/common/src",
        place.root / "services" / service.name / "src",
        place.root / "config",
    )
    return " ".join(map(_digest, folders))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".lua", ".yaml", ".csv", ".json"}:
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
