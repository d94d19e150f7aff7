"""One command to a desk that trades, and that stands whatever is done to it. One desk serves all these tests."""

import os
import signal
import sqlite3
import time

import pytest
import redis
from dotenv import dotenv_values

from tests.e2e.conftest import Project, eventually, is_alive

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
EVERY = {
    "redis-1",
    "simulator-1",
    "pnl-1",
    "bars-1",
    "execution-1",
    "strategy-1",
    "feed-1",
    "archive-1",
    "gateway-1",
}


def test_the_straddle_is_sold_within_two_minutes_and_its_value_moves(running: Project) -> None:
    sells = eventually(
        lambda: [one for one in running.fills() if one["side"] == "SELL"][:2][1:], within_s=120
    )
    assert sells
    first = eventually(lambda: running.asked("pnl"))["desk"]

    eventually(lambda: running.asked("pnl")["desk"]["event_ns"] > first["event_ns"])


def test_the_numbers_are_in_the_database(running: Project) -> None:
    def rows() -> int:
        with sqlite3.connect(running.root / "var/sauda.db") as database:
            return int(database.execute("select count(*) from pnl").fetchone()[0])

    eventually(running.fills)
    assert eventually(rows) > 0


def test_each_service_is_a_user_of_redis_that_was_refused_nothing(running: Project) -> None:
    url = running.run_env()["SAUDA_REDIS_URL"]
    server = url.rpartition("@")[2]
    passwords = dotenv_values(running.root / ".env")
    eventually(running.fills)

    with redis.Redis.from_url(url) as people:
        assert "errorstat_NOPERM" not in people.info("errorstats")
    with redis.Redis.from_url(
        f"redis://strategy:{passwords['DESK_REDIS_STRATEGY_PASSWORD']}@{server}"
    ) as strategy:
        with pytest.raises(redis.exceptions.NoPermissionError):
            strategy.xadd("{live}:executions", {"d": "a fill", "c": ""})
        assert strategy.xlen("{live}:executions")
    with (
        redis.Redis.from_url(f"redis://{server}") as nobody,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        nobody.ping()
    for name in (".env", "var/secrets/redis.acl", "var/run.env", "var/run/strategy-1.sh"):
        assert (running.root / name).stat().st_mode & 0o077 == 0, name
    shown = running.sauda("logs", "--no-follow", "-n", "200").stdout + running.sauda("doctor").stdout
    assert not [name for name, value in passwords.items() if value and len(value) > 30 and value in shown]


def test_up_again_restarts_nothing(running: Project) -> None:
    before = running.processes()

    running.up()

    assert set(before) == EVERY
    assert running.processes() == before


def test_another_speed_restarts_only_what_it_concerns(running: Project) -> None:
    before = running.processes()

    running.up("--speed", "61")

    after = running.processes()
    assert {name for name in EVERY if after[name] != before[name]} == {
        "simulator-1",
        "execution-1",
        "strategy-1",
        "bars-1",
        "feed-1",
    }


def test_restart_restarts_one_service(running: Project) -> None:
    before = running.processes()

    done = running.sauda("restart", "strategy")

    after = running.processes()
    assert done.returncode == 0, done.stderr
    assert {name for name in EVERY if after[name] != before[name]} == {"strategy-1"}


def test_scaling_disturbs_no_replica_that_runs(running: Project) -> None:
    before = running.processes()

    assert running.sauda("scale", "pnl", "3").returncode == 0
    more = running.processes()
    assert running.sauda("scale", "pnl", "1").returncode == 0

    assert set(more) == EVERY | {"pnl-2", "pnl-3"}
    assert {name: more[name] for name in EVERY} == before
    assert running.processes() == before


@pytest.mark.parametrize("name", ["execution-1", "feed-1", "redis-1"])
def test_what_is_killed_comes_back_and_nothing_is_lost(running: Project, name: str) -> None:
    before, fills = running.processes(), running.fills()

    os.kill(before[name], signal.SIGKILL)

    eventually(lambda: set(running.processes()) == EVERY and running.processes()[name] != before[name])
    assert running.fills()[: len(fills)] == fills


def test_logs_name_the_service_on_every_line(running: Project) -> None:
    one = running.sauda("logs", "strategy", "--no-follow", "-n", "3").stdout.splitlines()
    every = running.sauda("logs", "--no-follow", "-n", "1").stdout.splitlines()

    assert 1 <= len(one) <= 3
    assert all(line.startswith("strategy-1") for line in one)
    assert {line.split()[0] for line in every} >= EVERY


def test_down_stops_everything_and_up_finds_the_data_again(running: Project) -> None:
    before, fills = running.processes(), eventually(running.fills)

    assert running.sauda("down").returncode == 0
    time.sleep(0.5)
    alive = [pid for pid in before.values() if is_alive(pid)]
    running.up()

    assert not alive
    assert running.fills()[: len(fills)] == fills
