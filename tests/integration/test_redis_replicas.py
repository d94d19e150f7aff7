"""One server and its replica: what somebody was told is done, or was given to write elsewhere, is on both."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import NamedTuple

import pytest

from sauda.codec import encode
from sauda.contracts import ClockTick, Start
from sauda.errors import TransientError
from sauda.log import Output
from sauda.record import Record
from sauda.redis_consumer import RedisConsumer
from sauda.redis_letters import LetterBox
from sauda.redis_log import RedisLog
from sauda.settings import Settings
from sauda.testing.redis_nodes import HOST, Server, ended, until

DESK = "live"
WISH = Output("control", encode(Start("s", "me", 1)))


class Pair(NamedTuple):
    """A master and its replica."""

    master: Server
    replica: Server

    @property
    def url(self) -> str:
        return f"{self.master.url}?replicas=1"

    def is_copied(self) -> bool:
        """Return whether the replica is done with its first copy: the master calls it online while it still reads and rewrites that."""
        log = self.replica.say("INFO", "persistence")
        busy = b"aof_rewrite_in_progress:1" in log or b"aof_rewrite_scheduled:1" in log
        return not busy and self.replica.say("GET", "first") == b"1"

    def cut_off(self) -> None:
        """Let the replica have nothing more, as if a cable had been cut."""
        self.replica.send(SIGSTOP)
        self.master.say("CLIENT", "KILL", "TYPE", "replica")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    master = Server(tmp_path)
    found = Pair(master, Server(tmp_path, replicaof=f"{HOST} {master.port}"))
    with ended(found):
        for server in found:
            server.start()
        master.say("SET", "first", "1")
        until(found.is_copied, "the replica does not follow")
        yield found
        found.replica.send(SIGCONT)


def test_what_a_person_asked_for_counts_when_the_replica_has_it(pair: Pair, tmp_path: Path) -> None:
    decision = [Output("dead_letters", b"{}", b"")]
    settings = Settings(redis_url=pair.url, desk=DESK, archive=str(tmp_path))
    with (
        closing(Record.open(settings)) as record,
        closing(LetterBox(pair.url, DESK)) as box,
        closing(RedisLog(pair.url, DESK)) as log,
    ):
        ids = record.append([WISH, WISH])
        assert [entry.id for entry in log.entries("control")] == ids
        log.append(decision)
        assert box.settle(lambda _stream: [], lambda _letters: decision) == decision

        pair.cut_off()
        with pytest.raises(TransientError, match="0 of 1 replicas"):
            record.append([WISH])
        with pytest.raises(TransientError, match="0 of 1 replicas"):
            box.settle(lambda _stream: [], lambda _letters: decision)
        assert len(log.append([WISH])) == 1, "an alert waits for nobody"


def test_nothing_goes_into_a_database_that_the_server_does_not_know_any_more(pair: Pair) -> None:
    with (
        closing(RedisLog(pair.url, DESK)) as log,
        closing(RedisConsumer(pair.url, DESK, "writer.test", "a", ("ticks",))) as reader,
    ):
        reader.open()
        log.append([Output("ticks", encode(ClockTick(1)))])
        [entry] = reader.fresh(10, 0)
        reader.settle([entry], ())

        # As if another server had taken over that had not heard of the reading.
        with pytest.raises(TransientError, match="does not know any more"):
            reader._wait_for_replicas([entry])
