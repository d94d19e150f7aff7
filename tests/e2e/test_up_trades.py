"""One command to a desk that trades, and that stands whatever is done to it. One desk serves all these tests."""

import os
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest
import redis
from dotenv import dotenv_values

from tests.e2e.conftest import EVERY, Project, eventually, is_alive

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


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


def test_no_secret_is_shown_anywhere(running: Project) -> None:
    secrets = {name: value for name, value in dotenv_values(running.root / ".env").items() if value}
    secrets["the gateway's token"] = (running.root / "var/secrets/gateway_token").read_text().strip()
    eventually(running.fills)
    assert len([name for name in secrets if name.startswith("DESK_REDIS_")]) > 5

    with redis.Redis.from_url(running.run_env()["SAUDA_REDIS_URL"]) as people:
        streams = b"".join(
            value
            for key in people.scan_iter(_type="stream")
            for _, fields in people.xrange(key)
            for value in fields.values()
        )
    shown = {
        "sauda": running.sauda("logs", "--no-follow", "-n", "200").stdout + running.sauda("doctor").stdout,
        "logs": "".join(path.read_text() for path in (running.root / "var").rglob("*.log")),
        "command lines": "".join(
            path.read_text(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()
        ),
        "streams": streams.decode(errors="replace"),
    }

    assert all(shown.values())
    assert not [
        (name, where)
        for name, value in secrets.items()
        for where, text in shown.items()
        if len(value) > 30 and value in text
    ]


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
        "feed-1",
        "bars-1",
        "strategy-1",
        "execution-1",
        "alerts-1",
        "gateway-1",
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


def test_another_desk_does_not_meet_this_one(running: Project, project: Project) -> None:
    before, here = running.processes(), running.run_env()

    project.up()

    there, beside = project.run_env(), project.processes()
    assert there["SAUDA_REDIS_URL"].rpartition("@")[2] != here["SAUDA_REDIS_URL"].rpartition("@")[2]
    assert there["SAUDA_SIM_PORT"] != here["SAUDA_SIM_PORT"]
    assert set(beside) == EVERY
    assert not set(beside.values()) & set(before.values())
    assert project.sauda("down").returncode == 0
    assert running.processes() == before


def test_what_a_killed_supervisor_left_behind_is_stopped_first(running: Project) -> None:
    before = running.processes()
    os.kill(int((running.root / "var/run/supervisord.pid").read_text()), signal.SIGKILL)

    running.up()

    # Two servers on one folder would ruin the data.
    assert not [pid for pid in before.values() if is_alive(pid)]
    assert set(running.processes()) == EVERY


def somebody_else_took(port: str) -> bool:
    """Return whether another desk of this machine took the *port* while ours was down."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


def test_down_stops_everything_and_up_finds_the_ports_and_the_data_again(running: Project) -> None:
    before, fills = running.processes(), eventually(running.fills)
    port = running.run_env()["SAUDA_SIM_PORT"]

    assert running.sauda("down").returncode == 0
    time.sleep(0.5)
    alive = [pid for pid in before.values() if is_alive(pid)]
    running.up()

    assert not alive
    assert running.run_env()["SAUDA_SIM_PORT"] == port or somebody_else_took(port)
    assert running.fills()[: len(fills)] == fills
