"""`sauda tail --follow`, as a process of its own: it goes on through a restart of Redis, and Ctrl-C ends it well."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from sauda.codec import encode
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.testing.builders import a_tick

PATIENCE_S = 20


class Restartable(Protocol):
    """A server that a test may kill and start again."""

    url: str

    def start(self) -> None: ...
    def kill(self) -> None: ...


class Follower:
    """`sauda tail ticks --follow --json`, and the lines that it printed."""

    def __init__(self, url: str, desk: str, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "sauda.cli", "tail", "ticks", "--follow", "--json", *options]
        environment = os.environ | {"SAUDA_REDIS_URL": url, "SAUDA_DESK": desk}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def price(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())["ltp"]

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, err

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def log(own_redis: Restartable, desk: str) -> Iterator[RedisLog]:
    opened = RedisLog(own_redis.url, desk)
    yield opened
    opened.close()


def write(log: RedisLog, *prices: int) -> None:
    log.append([Output("ticks", encode(a_tick(price))) for price in prices])


def test_follow_shows_what_comes_through_a_restart_of_redis_and_ends_well_on_ctrl_c(
    own_redis: Restartable, log: RedisLog, desk: str, tmp_path: Path
) -> None:
    write(log, 1, 2, 3)
    follower = Follower(own_redis.url, desk, tmp_path, "--count", "2")
    try:
        past = [follower.price(), follower.price()]
        write(log, 4)
        live = follower.price()
        own_redis.kill()
        own_redis.start()
        write(log, 5)
        after = follower.price()
        code, err = follower.interrupt()
    finally:
        follower.end()

    assert (past, live, after) == ([2, 3], 4, 5)
    assert code == 0
    assert "Traceback" not in err


def test_follow_from_the_beginning_with_a_count_ends_by_itself(
    own_redis: Restartable, log: RedisLog, desk: str, tmp_path: Path
) -> None:
    write(log, 1, 2)
    follower = Follower(own_redis.url, desk, tmp_path, "--from", "-", "--count", "3")
    try:
        past = [follower.price(), follower.price()]
        write(log, 3, 4)
        out, err = follower.process.communicate(timeout=PATIENCE_S)
    finally:
        follower.end()

    assert past == [1, 2]
    assert [json.loads(line)["ltp"] for line in out.splitlines()] == [3]
    assert (follower.process.returncode, err) == (0, "")


def test_a_reader_that_has_seen_enough_ends_the_program_well(
    own_redis: Restartable, log: RedisLog, desk: str, tmp_path: Path
) -> None:
    write(log, *range(5000))
    follower = Follower(own_redis.url, desk, tmp_path, "--from", "-")
    try:
        first = follower.price()
        assert follower.process.stdout is not None
        follower.process.stdout.close()
        code = follower.process.wait(PATIENCE_S)
    finally:
        follower.process.kill()
        follower.process.wait()
        assert follower.process.stderr is not None
        said = follower.process.stderr.read()
        follower.process.stderr.close()

    assert (first, code, said) == (0, 0, "")
