"""Another desk is shown while it is there: one that was never there, or was deleted, is refused by name."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from sauda.codec import encode
from sauda.contracts import Alert, Level
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.settings import Settings
from sauda_gateway.desks import Desks
from sauda_gateway.problems import ProblemError
from tests.integration.conftest import Server
from tests.integration.desk_processes import wait_until

OTHER = "replay-gone"


@pytest.fixture
def desks(any_redis: Server, tmp_path: Path) -> Iterator[Desks]:
    made = Desks(Settings(redis_url=any_redis.url, desk="gatewaydesks", archive=str(tmp_path)))
    stop = threading.Event()
    following = threading.Thread(target=made.run, args=(stop,))
    following.start()
    yield made
    stop.set()
    following.join()


def refusal(desks: Desks, name: str) -> tuple[int, str | None, str] | None:
    try:
        asyncio.run(desks.known(name))
    except ProblemError as error:
        return error.status, error.field, error.detail
    return None


@pytest.mark.parametrize("name", ["nowhere", "no where", "nowhere@1", "nowhere@1795580105123", "../live"])
def test_a_desk_that_is_not_there_is_named_and_how_to_find_others(desks: Desks, name: str) -> None:
    found = refusal(desks, name)

    assert found is not None
    assert found[:2] == (404, "desk")
    assert repr(name) in found[2]
    assert "GET /api/v1/replays" in found[2]


def test_a_desk_that_was_deleted_while_it_was_followed_is_gone(desks: Desks, any_redis: Server) -> None:
    with closing(RedisLog(any_redis.url, OTHER)) as log:
        log.append([Output("alerts", encode(Alert("test", Level.WARNING, "TRIED", "by a test", 1)))])
    assert refusal(desks, OTHER) is None
    with closing(redis.Redis.from_url(any_redis.url)) as server:
        server.delete(*server.keys(f"*{OTHER}*"))

    wait_until(lambda: (refusal(desks, OTHER) or (0,))[0] == 404, 10, "the deleted desk is refused")
