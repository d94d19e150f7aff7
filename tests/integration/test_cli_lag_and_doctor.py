"""`sauda lag` and `sauda doctor` beside a unit at work on a real server."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest
import redis

from sauda.cli.__main__ import run
from sauda.codec import encode
from sauda.contracts import Message
from sauda.log import Output
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog
from sauda.redis_view import GroupLag, RedisView
from sauda.runner import Carrier
from sauda.state import State
from sauda.testing.builders import a_tick
from sauda.unit import Unit


class Restartable(Protocol):
    """What this module needs of the server in `own_redis`."""

    @property
    def url(self) -> str: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...


class Idle:
    """A processor that wants nothing from the market."""

    def __init__(self) -> None:
        self.state = State()

    def handle(self, message: Message) -> Sequence[Message]:
        return ()

    def restored(self) -> None:
        return


UNIT = Unit("execution.paper", ("ticks", "orders"), Idle)


@pytest.fixture
def log(redis_url: str, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisLog]:
    """The test's desk, which the settings name, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_REDIS_URL", redis_url)
    monkeypatch.setenv("SAUDA_DESK", desk)
    opened = RedisLog(redis_url, desk)
    yield opened
    opened.close()


def write_ticks(log: RedisLog, count: int) -> None:
    log.append([Output("ticks", encode(a_tick(100_00)))] * count)


def lags(view: RedisView) -> list[GroupLag]:
    (ticks,) = view.lag()
    return ticks.groups


def held(log: RedisLog) -> Carrier:
    lease = log.acquire(UNIT.name, "here:1", 60_000)
    assert lease is not None
    return Carrier(UNIT, log, lease)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_lag_counts_what_a_unit_has_not_committed(log: RedisLog, capsys: pytest.CaptureFixture[str]) -> None:
    carrier = held(log)
    write_ticks(log, 3)
    carrier.step()
    write_ticks(log, 2)

    code, shown = said(capsys, "lag")

    assert code == 0
    (ticks,) = [stream for stream in shown["streams"] if stream["stream"] == "ticks"]
    (unit,) = shown["units"]
    (group,) = ticks["groups"]
    assert ticks["length"] == 5
    assert (group["group"], group["lag"], group["pending"]) == ("execution.paper", 2, 0)
    assert group["position"] == unit["positions"]["ticks"]
    assert (unit["unit"], unit["held"], unit["holder"], unit["epoch"]) == (
        "execution.paper",
        True,
        "here:1",
        1,
    )


def test_lag_for_people_names_streams_groups_and_holders(
    log: RedisLog, capsys: pytest.CaptureFixture[str]
) -> None:
    held(log)
    write_ticks(log, 1)

    assert run(["lag"]) == 0

    out = capsys.readouterr().out
    assert re.search(r"^ticks +1 +\S+ +execution.paper +0-0 +1 +0$", out, re.MULTILINE)
    assert re.search(r"^execution.paper +held +here:1 +1", out, re.MULTILINE)


def read_and_settled(url: str, desk: str, count: int) -> None:
    """Let a writer's group read *count* entries, one batch at a time, and settle them."""
    with closing(RedisConsumer(url, desk, "writer.sql", "here", ["ticks"])) as reader:
        reader.open()
        for _ in range(count):
            reader.settle(reader.fresh(1, 0), ())


def test_lag_is_right_after_redis_was_killed(own_redis: Restartable, desk: str) -> None:
    with closing(RedisView(own_redis.url, desk)) as view:
        write_ticks(view, 40)
        read_and_settled(own_redis.url, desk, 40)
    own_redis.kill()
    own_redis.start()

    with closing(RedisView(own_redis.url, desk)) as view:
        (nothing,) = lags(view)
        write_ticks(view, 7)
        read_and_settled(own_redis.url, desk, 3)
        (four,) = lags(view)

    assert (nothing.lag, nothing.pending) == (0, 0)
    assert (four.lag, four.pending, four.lag_is_least) == (4, 0, False)


@pytest.mark.parametrize(
    "counter",
    [0, 100, 2**40],
    ids=["short", "right", "beyond"],
)
def test_lag_does_not_follow_a_counter_that_is_off(log: RedisLog, redis_url: str, counter: int) -> None:
    write_ticks(log, 105)
    ids = [entry.id for entry in log.entries("ticks")]
    with closing(RedisView(redis_url, log.desk)) as view, redis.Redis.from_url(redis_url) as client:
        key = log.keys.stream("ticks")
        client.xgroup_create(key, "writer.sql", ids[-1], entries_read=counter)
        at_the_end = lags(view)[0].lag
        client.xgroup_setid(key, "writer.sql", ids[99], entries_read=counter)
        further_back = lags(view)[0].lag

    assert (at_the_end, further_back) == (0, 5)


def test_who_is_far_behind_is_so_by_the_servers_word_or_by_at_least_what_was_counted(
    log: RedisLog, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        write_ticks(log, 7_500)
    key = log.keys.stream("ticks")
    with closing(RedisView(redis_url, log.desk)) as view, redis.Redis.from_url(redis_url) as client:
        client.xgroup_create(key, "writer.sql", "0", entries_read=0)
        by_its_word = lags(view)[0]
        client.xgroup_setid(key, "writer.sql", "0", entries_read=22_400)
        counted = lags(view)[0]

    assert (by_its_word.lag, by_its_word.lag_is_least) == (22_500, False)
    assert (counted.lag, counted.lag_is_least) == (20_000, True)
    assert run(["lag"]) == 0
    assert " >=20000 " in capsys.readouterr().out


def test_the_doctor_finds_a_desk_well_whose_units_are_held(
    log: RedisLog, capsys: pytest.CaptureFixture[str]
) -> None:
    held(log)
    write_ticks(log, 1)

    code, shown = said(capsys, "doctor")

    assert [finding for finding in shown if finding["verdict"] == "BAD"] == []
    assert code == 0


def test_the_doctor_names_a_unit_that_nobody_holds_and_says_what_to_do(
    log: RedisLog, capsys: pytest.CaptureFixture[str]
) -> None:
    carrier = held(log)
    log.release(carrier.lease)

    code, shown = said(capsys, "doctor")

    (finding,) = [finding for finding in shown if finding["verdict"] == "BAD"]
    assert code == 1
    assert finding["check"] == "unit execution.paper"
    assert "make restart s=execution" in finding["advice"]


def test_the_doctor_finds_a_server_that_would_lose_or_evict_entries(
    log: RedisLog, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    held(log)
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("appendonly", "no")
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            code, shown = said(capsys, "doctor")
        finally:
            client.config_set("appendonly", "yes")
            client.config_set("maxmemory-policy", "noeviction")

    assert code == 1
    assert {finding["check"] for finding in shown if finding["verdict"] == "BAD"} == {
        "redis keeps its data",
        "redis evicts nothing",
    }


def test_the_doctor_shows_no_secret(
    log: RedisLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held(log)
    for name in ("NOREN_PASSWORD", "NOREN_TOTP_SECRET", "NOREN_API_SECRET", "INFLUX_TOKEN"):
        monkeypatch.setenv(f"SAUDA_{name}", "hunter2-secret")
    monkeypatch.setenv("SAUDA_SQL_URL", "postgresql://me:hunter2-secret@127.0.0.1/sauda")

    run(["doctor"])
    run(["doctor", "--json"])

    spoken = capsys.readouterr()
    assert "hunter2" not in spoken.out + spoken.err
