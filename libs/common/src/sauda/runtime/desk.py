"""What one can do with a desk, however it runs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from sauda.errors import ConfigError, SaudaError

Say: TypeAlias = Callable[[str], None]
"""Prints a line about what is going on."""

WRONG_SETTINGS = 2
"""The exit code of a service that refuses its settings."""

ONE_ONLY: Mapping[str, str] = {
    "redis": "it holds the streams: a second one would be a second desk",
    "simulator": "it is the market: a second one would be another market",
    "gateway": "it is the one address that browsers and programs know",
    "influxdb": "it holds the points",
    "grafana": "one shows it all",
    "prometheus": "one reads them all",
}
"""Services of which there is never more than one, and why."""

WATCHERS: Final = ("prometheus", "grafana")
"""Services that only look at the desk: it is well without them, and starts without waiting for them."""


class DeskError(SaudaError):
    """The desk cannot be started or asked as things are here: say why, and leave it."""


@dataclass(frozen=True, slots=True)
class Replica:
    """One running copy of a service."""

    service: str
    name: str
    state: str
    """In the runtime's own words: `RUNNING`, `BACKOFF`; `running`, `exited`."""
    healthy: bool
    where: str
    """Process number, or the container's id."""
    uptime_s: int
    detail: str
    """What it says about its health, one line."""
    hopeless: bool = False
    """It refuses its settings: trying again does not help."""


class Desk(Protocol):
    """A desk in one of the two runtimes."""

    runtime: str
    """`docker` or `local`."""

    def is_up(self) -> bool:
        """Is any of it running?"""

    def up(self, variables: Mapping[str, str], say: Say) -> None:
        """Start what does not run and restart what has changed; return before all of it is healthy.

        Raises:
            ConfigError: something must be put right first.
            DeskError: it cannot be started now.
        """

    def down(self, say: Say) -> None:
        """Stop everything; the data stays."""

    def replicas(self) -> list[Replica]:
        """Return what there is, in start order."""

    def services(self) -> list[str]:
        """Return the names of the services, in start order."""

    def restart(self, service: str) -> None:
        """Stop and start all replicas of *service*."""

    def scale(self, service: str, count: int) -> None:
        """Run *count* replicas of *service*; those that run already go on undisturbed."""

    def logs(self, services: list[str], lines: int, follow: bool) -> Iterator[str]:
        """Return the last *lines* of each log, then, if asked, what follows; each line named."""

    def clean(self) -> None:
        """Delete all data."""

    def summary(self) -> list[str]:
        """Return where to look, one line each."""


def check_service(desk: Desk, service: str) -> None:
    """Insist that the desk has *service*.

    Raises:
        ConfigError: it has not; names those that it has.
    """
    known = desk.services()
    if service not in known:
        wanted = f"no service {service!r}" if service else "which service?"
        example = next(one for one in reversed(known) if one not in WATCHERS)
        raise ConfigError(f"{wanted}: there are {', '.join(sorted(known))}, as in s={example}")


def check_runs(desk: Desk, service: str) -> None:
    """Insist that *service* runs: a watcher may have been left out.

    Raises:
        ConfigError: it does not, or the desk has none of that name.
    """
    check_service(desk, service)
    if service not in {one.service for one in desk.replicas()}:
        raise ConfigError(f"{service} does not run here: `make ps` shows what does")


def check_scale(desk: Desk, service: str, count: int) -> None:
    """Insist that *count* replicas of *service* make sense.

    Raises:
        ConfigError: they do not; says why.
    """
    check_service(desk, service)
    if count < 1:
        raise ConfigError(f"n={count}: a desk needs at least one {service}; `make down` stops it all")
    if count > 1 and service in ONE_ONLY:
        raise ConfigError(f"there is only ever one {service}: {ONE_ONLY[service]}")
    if count > 2 and service == "feed":
        raise ConfigError("n: two feeds are enough, one works and one waits; a broker allows one session")
    if count > 20:
        raise ConfigError(f"n={count}: more than 20 replicas on one machine only wait for one another")
