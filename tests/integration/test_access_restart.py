"""A server that knows users alone, killed and started again: what their steps wrote is all there, and nobody else gets in."""

from contextlib import closing
from pathlib import Path

import pytest
import redis

from sauda.access.declared import declared
from sauda.access.users import HEALTH, acl_file, names
from sauda.log import Output, Step
from sauda.redis_log import RedisLog
from sauda.testing.redis_nodes import HOST, Server, ended, until

DESK = "live"
MANY = 300
"""So many that the feed writes them in a transaction of its own."""


@pytest.fixture
def users(tmp_path: Path) -> Path:
    services = declared()
    path = tmp_path / "users.acl"
    path.write_text(acl_file(services, DESK, dict.fromkeys(names(services), "pw")))
    return path


def wait_for(server: Server) -> None:
    with redis.Redis(host=HOST, port=server.port, username=HEALTH, password="any") as client:
        until(client.ping, "the server does not answer")


@pytest.mark.parametrize("entries", [1, MANY])
def test_steps_of_a_user_survive_kill_9_of_the_server(tmp_path: Path, users: Path, entries: int) -> None:
    server = Server(tmp_path, aclfile=str(users), appendfsync="always")
    url = f"redis://feed:pw@{HOST}:{server.port}/0"
    step = Step({}, {b"t/a": b"1"}, [Output("ticks", b"%d" % number) for number in range(entries)])
    with ended([server]):
        server.start()
        wait_for(server)
        with closing(RedisLog(url, DESK)) as log:
            lease = log.acquire("feed", "tests", 60_000)
            assert lease is not None
            log.commit(lease, step)
            assert log._transacts, "the user may not do what transactions need"
            before = log.entries("ticks")
        assert len(before) == entries

        server.kill()
        server.start()
        wait_for(server)

        with closing(RedisLog(url, DESK)) as log:
            assert log.entries("ticks") == before
            assert log.state_of("feed") == {b"t/a": b"1"}
        with redis.Redis(host=HOST, port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
