"""What a run needs of its desk, whether that is made of processes or of containers."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import yaml

from chaos.market import Market
from chaos.schedule import Act, Event
from sauda.codec import encode
from sauda.contracts import Subscribe
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from sauda.settings import Settings

DESK: Final = "chaos"
CONFIG: Final = Path(__file__).parents[1] / "config"
REPLICAS: Final = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """What the desk of a run looks like."""

    wall_s: float
    """How long the market lasts undisturbed."""
    lease_ms: int
    straddles: int
    seed: int


class Breakable(Protocol):
    """Something that runs."""

    name: str
    """What it is called, `execution-1`, `redis`."""

    def start(self) -> None:
        """Start it; it answers a moment later."""

    def kill(self) -> None:
        """End it as `kill -9` does; nothing happens if it does not run."""

    def pause(self) -> None:
        """Freeze it."""

    def resume(self) -> None:
        """Let it go on, as if no time had passed."""


class Victim(Breakable, Protocol):
    """A replica of a service."""

    @property
    def service(self) -> str:
        """Return `execution` of `execution-1`."""

    @property
    def holder(self) -> str:
        """Return what the leases that it holds say, or the host of it with a colon."""

    @property
    def works(self) -> bool:
        """Whether it runs, and is not paused."""

    @property
    def ended(self) -> bool:
        """Whether it does not run."""

    def terminate(self) -> None:
        """Tell it to end."""


class ServerVictim(Breakable, Protocol):
    """A server that all replicas share."""

    @property
    def runs(self) -> bool:
        """Whether it runs."""


class ChaosDesk(Protocol):
    """A whole desk; nothing of it outlives `close`."""

    folder: Path
    market: Market
    redis_url: str
    sql_url: str
    database_name: str
    """For the report."""
    ticks: int
    """Ticks in the recording."""
    codes: dict[str, int]
    """replica -> how it ended when told to"""
    died: dict[str, int]
    """replica -> how it ended though nobody had done anything to it"""

    @property
    def impossible(self) -> frozenset[Act]:
        """Return what cannot be done to this kind of desk."""

    @property
    def victims(self) -> Mapping[str, Victim]:
        """Return the replicas by name."""

    @property
    def redis(self) -> ServerVictim:
        """Return the server of the streams."""

    @property
    def database(self) -> ServerVictim | None:
        """Return the server of the database, where there is one."""

    def start(self) -> None:
        """Start everything, and the market last.

        Raises:
            LateError, SaudaError: something did not come up.
        """

    def add(self, service: str, number: int) -> Victim | None:
        """Start one replica more; None if there cannot be another now."""

    def remove(self, name: str) -> None:
        """Forget a replica that has ended for good."""

    def break_connections(self, event: Event, name: str) -> Callable[[], None] | None:
        """Break the connections of the replica called *name*; return what mends them, if anything has to."""

    def lost(self) -> Counter[str]:
        """Return how many answers and requests of commits were lost on purpose."""

    def view(self) -> RedisView:
        """Return the desk as it is on the server."""

    def settings(self) -> Settings:
        """Return the settings of its services, as they are from here."""

    def heal(self) -> None:
        """Let everything run and every connection carry what it is given."""

    def stop_services(self) -> None:
        """Tell all replicas to end, and wait for them."""

    def close(self, *, keep: bool) -> None:
        """End what still runs, at once; delete the folder unless told to *keep* it."""


def write_config(config: Path, market: Market, straddles: int) -> None:
    """Make the desk's config folder."""
    (config / "market").symlink_to(CONFIG / "market")
    (config / "sauda.yaml").write_text(yaml.safe_dump({"desk": DESK}))
    market.write_straddles(config / "strategies", straddles)


def subscribe(redis_url: str, market: Market) -> None:
    """Want everything from the first row on, whoever asks later: then the stream is the file, entry for entry."""
    log = RedisLog(redis_url, DESK)
    try:
        wish = Subscribe(by=DESK, instruments=market.instruments(), event_ns=0)
        log.append([Output("subscriptions", encode(wish))])
    finally:
        log.close()
