"""A desk behind Redis Sentinel whose master is killed; every server asks for a password, and nobody tells it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

from sauda.clock import SystemClock, monotonic_s
from sauda.contracts import Message
from sauda.errors import LeaseLostError, PositionError, TransientError
from sauda.redis_log import RedisLog
from sauda.testing.redis_nodes import HOST, Server, ended, until
from tests.integration.lockstep_desk import Desk, contradictions, ending, market

PATIENCE_S = 30
T = TypeVar("T")
PASSWORD, SENTINELS_PASSWORD = "word/of the desk", "word-of-sentinels"
SENTINEL = """\
sentinel monitor desks {host} {port} 2
sentinel auth-pass desks {password}
sentinel down-after-milliseconds desks 1000
sentinel failover-timeout desks 1000
requirepass {sentinels}
sentinel sentinel-pass {sentinels}
"""


class Sentinel(Server):
    """A process that watches; its options are in a file that it rewrites."""

    def __init__(self, folder: Path, master: Server) -> None:
        super().__init__(folder)
        keys = {"host": HOST, "port": master.port, "sentinels": SENTINELS_PASSWORD}
        text = SENTINEL.format(password=f'"{PASSWORD}"', **keys)
        own = f"port {self.port}\nbind {HOST}\ndir {self.folder}\n"
        self.file = self.folder / "sentinel.conf"
        self.file.write_text(own + text)
        self.options = {"requirepass": SENTINELS_PASSWORD}

    def arguments(self) -> list[str]:
        return [str(self.file), "--sentinel"]


class Watched(NamedTuple):
    """Two servers, and three sentinels who agree on which is the master."""

    servers: list[Server]
    sentinels: list[Sentinel]

    @property
    def url(self) -> str:
        where = ",".join(f"{HOST}:{one.port}" for one in self.sentinels)
        word = PASSWORD.replace("/", "%2F").replace(" ", "%20")
        return f"redis+sentinel://desk:{word}@{where}/desks/0?sentinel_password={SENTINELS_PASSWORD}"

    @property
    def master(self) -> Server:
        port = int(self.sentinels[0].say("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "desks")[1])
        return next(one for one in self.servers if one.port == port)

    def well(self) -> bool:
        """Whether a replica is ready to take over, and all sentinels know of it and of one another."""
        facts = [dict(_pairs(one.say("SENTINEL", "MASTER", "desks"))) for one in self.sentinels]
        known = all(
            (one[b"num-slaves"], one[b"num-other-sentinels"], one[b"flags"]) == (b"1", b"2", b"master")
            for one in facts
        )
        links = [b"master_link_status:up" in one.say("INFO", "replication") for one in self.servers]
        return known and any(links)


def _pairs(flat: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("sentinel")
    words = {"requirepass": PASSWORD, "masterauth": PASSWORD}
    master = Server(folder, **words)
    replica = Server(folder, replicaof=f"{HOST} {master.port}", **words)
    found = Watched([master, replica], [Sentinel(folder, master) for _ in range(3)])
    with ended([*found.servers, *found.sentinels]):
        for server in found.servers:
            server.start().say("ACL", "SETUSER", "desk", "on", f">{PASSWORD}", "~*", "&*", "+@all")
        for sentinel in found.sentinels:
            sentinel.start()
        until(found.well, "the sentinels do not find one another")
        yield found


def patient(work: Callable[[], T]) -> T:
    """Do *work* from its beginning again until the server stays there for all of it."""
    deadline_s = monotonic_s() + PATIENCE_S
    while True:
        try:
            return work()
        except (TransientError, LeaseLostError, PositionError):
            if monotonic_s() > deadline_s:
                raise
            SystemClock().sleep(0.05)


def test_a_desk_follows_its_master(watched: Watched) -> None:
    rows: list[Message] = market(160)
    master = watched.master

    def play(log: RedisLog, *, kill: bool) -> None:
        desk = Desk(log, rows)
        desk.play(60)
        if kill:
            master.kill()
        desk.play(len(rows))

    for name, kill in (("quiet", False), ("live", True)):
        with closing(RedisLog(watched.url, name)) as log:
            patient(partial(play, log, kill=kill))

    assert watched.master is not master
    live, quiet = (patient(partial(ending, watched.url, name)) for name in ("live", "quiet"))
    assert live == quiet
    assert patient(lambda: contradictions(watched.url, "live")) == []


def test_an_error_names_the_sentinels_and_no_secret(watched: Watched) -> None:
    with (
        closing(RedisLog(watched.url.replace("/desks/", "/other/"), "live")) as log,
        pytest.raises(TransientError, match="No master found for 'other'") as caught,
    ):
        log.entries("ticks")

    assert f"{HOST}:{watched.sentinels[2].port}/other/0" in str(caught.value)
    for secret in ("word%2Fof", SENTINELS_PASSWORD, "desk:"):
        assert secret not in str(caught.value)
