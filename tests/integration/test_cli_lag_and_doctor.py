"""`sauda lag` and `sauda doctor` beside a unit at work on a real server."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from sauda.cli.__main__ import run
from sauda.codec import encode
from sauda.contracts import Message
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.runner import Carrier
from sauda.state import State
from sauda.testing.builders import a_tick
from sauda.unit import Unit


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
