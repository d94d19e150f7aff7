"""Masters killed under load: what was acknowledged and is gone, and how long the desk stood still.

Two deaths. A *process* is killed, on a cluster: the kernel still delivers what Redis had given it, as it does whenever a host stays up.
A *host* dies: what was under way to the replica is gone; here the replica is behind a proxy that delays both ways and is cut.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Final

import msgspec

from benchmarks.cluster_desk import LoadedDesk, row_of
from chaos.proxy import Loop, Proxy
from sauda.clock import SystemClock, monotonic_s
from sauda.contracts import Tick
from sauda.errors import LeaseLostError, PositionError, TransientError
from sauda.log import BEGINNING, Position
from sauda.redis_log import RedisLog
from sauda.redis_replicated import log_at
from sauda.redis_view import RedisView
from sauda.testing.counting import counter_unit
from sauda.testing.redis_nodes import HOST, Cluster, Server, ended, free_port, until

BATCH: Final = 20
"""Ticks in a commit: small ones, so that many are under way."""
DESK: Final = "failover"


_decode_tick = msgspec.json.Decoder(Tick).decode


@dataclass(frozen=True, slots=True)
class Death:
    """What one killed master cost."""

    commits_per_s: float
    """Of the source, before; the unit's commits come on top."""
    lost: int
    """Commits of the source that were acknowledged and are gone."""
    away_s: float
    """From the kill to the next acknowledged commit; 0 where nobody promotes the replica by himself."""
    agrees: bool
    """Whether the source's row, its ticks and what the unit has worked tell the same story."""


def process_deaths(cluster: Cluster, seconds: float, dice: random.Random) -> Iterator[Death]:
    """Kill the process that has a desk, once for each master; its replica takes over by itself."""
    for name in cluster.desks_on_each("death"):
        with closing(log_at(cluster.url, name)) as log:
            desk, began_s = LoadedDesk(log, BATCH), monotonic_s()
            master = cluster.owner(name)
            _load_until_killed(desk, seconds + dice.random() / 10, master.kill)
            killed_s = monotonic_s()
            acknowledged, rate = desk.row, desk.row / (killed_s - began_s)
            found = _next_row(log)
            yield Death(rate, acknowledged - found, monotonic_s() - killed_s, _agrees(cluster.url, name))


def host_deaths(folder: Path, kills: int, seconds: float, *, far_s: float, replicas: int) -> Iterator[Death]:
    """Kill a master together with all that was under way to its replica, which is *far_s* off each way."""
    dice = random.Random(kills)
    for _ in range(kills):
        with _pair(folder, far_s) as (master, replica, link):
            with closing(log_at(f"{master.url}?replicas={replicas}", DESK)) as log:
                desk, began_s = LoadedDesk(log, BATCH), monotonic_s()

                def die(master: Server = master, link: Proxy = link) -> None:
                    link.refuse()
                    master.send(SIGKILL)

                _load_until_killed(desk, seconds + dice.random() / 10, die)
                rate = desk.row / (monotonic_s() - began_s)
            replica.say("REPLICAOF", "NO", "ONE")
            with closing(RedisLog(replica.url, DESK)) as left:
                found = row_of(left.state_of("source"))
            yield Death(rate, desk.row - found, 0.0, _agrees(replica.url, DESK))


def _load_until_killed(desk: LoadedDesk, seconds: float, kill: Callable[[], None]) -> None:
    killer = threading.Timer(seconds, kill)
    killer.start()
    try:
        while True:
            desk.step()
    except (TransientError, LeaseLostError, PositionError):
        killer.join()


def _next_row(log: RedisLog) -> int:
    """Begin again as soon as somebody lets us; return where the source stood, one step before."""
    while True:
        try:
            desk = LoadedDesk(log, BATCH)
            found = desk.row
            desk.step()
        except (TransientError, LeaseLostError, PositionError):
            SystemClock().sleep(0.02)
        else:
            return found


def _agrees(url: str, name: str) -> bool:
    with closing(RedisView(url, name)) as view:
        ticks, row = view.entries("ticks"), row_of(view.state_of("source"))
        unit = view.committed(counter_unit().name)
        at = unit.positions["ticks"] if unit else Position(BEGINNING, 0)
        worked_ticks = map(_decode_tick, (entry.data for entry in ticks[: at.passed]))
        price = sum(tick.ltp for tick in worked_ticks)
        said = [] if unit is None else [int(total) for total in unit.state.values()]
        worked = at.passed == 0 or ticks[at.passed - 1].id == at.id
        return len(ticks) == row * BATCH and worked and said == [price][: len(said)]


@contextmanager
def _pair(folder: Path, far_s: float) -> Iterator[tuple[Server, Server, Proxy]]:
    loop = Loop()
    loop.start()
    master = Server(folder).start()
    link = Proxy(loop, free_port(), master.port, b"", "failover")
    link.listen()
    replica = Server(folder, replicaof=f"{HOST} {link.port}").start()
    with ended([master, replica]):
        try:
            until(lambda: b"state=online" in master.say("INFO", "replication"), "the replica does not come")
            link.slow(far_s, 0.0, 0.0)
            yield master, replica, link
        finally:
            link.close()
            loop.close()
