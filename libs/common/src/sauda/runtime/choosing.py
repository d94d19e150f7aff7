"""Docker or plain processes?"""

from sauda.errors import ConfigError
from sauda.runtime.desk import Desk
from sauda.runtime.docker import DockerDesk
from sauda.runtime.engine import compose_command
from sauda.runtime.local import LocalDesk
from sauda.runtime.place import Place, read_started

RUNTIMES = ("docker", "local")


def desk_to_start(place: Place, forced: str | None) -> Desk:
    """Return the desk for `up`: Docker's where an engine answers, unless *forced*.

    Raises:
        ConfigError: *forced* cannot be had here, or a desk runs in the other runtime already.
    """
    if forced not in (None, *RUNTIMES):
        raise ConfigError(f"RUNTIME={forced}: take docker or local")
    local, compose = LocalDesk(place), compose_command()
    if forced == "docker" and compose is None:
        raise ConfigError(
            "RUNTIME=docker: no Docker engine with Compose answers here; `docker info` says why"
        )
    docker = DockerDesk(place, compose) if compose else None
    if local.is_up() and forced == "docker":
        raise ConfigError(
            "the desk is up as local processes: `make down` first, then `make up RUNTIME=docker`"
        )
    if docker and forced == "local" and docker.is_up():
        raise ConfigError("the desk is up in Docker: `make down` first, then `make up RUNTIME=local`")
    if local.is_up() or forced == "local" or docker is None:
        return local
    return docker


def present_desk(place: Place, forced: str | None = None) -> Desk:
    """Return the desk that runs, else the one that ran last."""
    local = LocalDesk(place)
    if local.is_up() or forced == "local":
        return local
    compose = compose_command()
    if compose is None:
        return local
    docker = DockerDesk(place, compose)
    last = read_started(place).runtime
    return docker if forced == "docker" or docker.is_up() or last == "docker" else local
