"""`sauda archive`, and that trimming takes nothing from any screen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sauda.archive.span import text_of
from sauda.clock import SystemClock
from sauda.codec import encode
from sauda.redis_book import BusyError
from sauda.redis_consumer import RedisConsumer
from sauda.testing.builders import a_tick, after
from tests.integration.conftest import Outcome
from tests.integration.test_archive import Desk

Sauda = Callable[..., Outcome]


@pytest.fixture
def at(redis_url: str, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("SAUDA_ARCHIVE", str(tmp_path / "archive"))
    return Desk(redis_url, desk, tmp_path / "archive")


def ticks(count: int) -> list[bytes]:
    return [encode(a_tick(100_00 + 5 * n, at_ns=after(n))) for n in range(count)]


def test_tail_shows_what_left_redis_by_time_by_id_and_from_the_end(at: Desk, sauda: Sauda) -> None:
    ids = at.write("ticks", ticks(1000))
    asked: list[tuple[str, ...]] = [
        ("tail", "ticks", "--from", "10:05", "--count", "3", "--json"),
        ("tail", "ticks", "--from", "10:03:20", "--to", "10:03:25", "--json"),
        ("tail", "ticks", "--from", ids[3].decode(), "--count", "2", "--json"),
        ("tail", "ticks", "--to", ids[700].decode(), "--count", "4", "--json"),
        ("tail", "ticks", "--count", "990", "--json"),
        ("tail", "ticks", "--where", "ltp=12500", "--from", "-", "--json"),
    ]
    before = [sauda(*arguments).objects for arguments in asked]
    assert all(before)

    at.turn()

    assert at.log.length("ticks") < 200
    assert [sauda(*arguments).objects for arguments in asked] == before


def test_status_says_how_far_each_stream_is_and_who_holds_it_up(at: Desk, sauda: Sauda) -> None:
    at.write("ticks", ticks(300))
    writer = RedisConsumer(at.settings.redis_url, at.settings.desk, "writer.sql", "one", ("pnl",))
    writer.open()
    at.write("pnl", ticks(300))
    at.turn()

    found: dict[str, Any] = {
        one["stream"]: one for one in sauda("archive", "status", "--json").document["streams"]
    }

    assert found["ticks"]["files"] == 1
    assert found["ticks"]["held_by"] is None
    assert found["ticks"]["from_date"] == "2026-11-23"
    assert found["pnl"]["on_redis"] == 300
    assert found["pnl"]["held_by"] == "writer.sql"
    assert "writer.sql" in sauda("archive", "status").out
    writer.close()


def test_verify_names_the_file_that_is_not_what_was_written(at: Desk, sauda: Sauda, tmp_path: Path) -> None:
    at.write("ticks", ticks(300))
    at.turn()
    assert sauda("archive", "verify").code == 0
    assert sauda("archive", "verify", "--all").code == 0
    segment = at.archived.segments("ticks")[0]
    path = tmp_path / "archive" / at.archived.folder / segment.path
    whole = path.read_bytes()
    path.write_bytes(whole[:70] + bytes([whole[70] ^ 1]) + whole[71:])

    outcome = sauda("archive", "verify")

    assert outcome.code == 1
    assert segment.path in outcome.out
    shown = sauda("tail", "ticks", "--from", "-")
    assert shown.code == 1
    assert segment.path in shown.err


def test_verify_names_the_hole_where_a_file_was_deleted(at: Desk, sauda: Sauda, tmp_path: Path) -> None:
    for _ in range(3):
        at.write("ticks", ticks(300))
        at.turn()
    deleted, behind_it = at.archived.segments("ticks")[1:3]
    (tmp_path / "archive" / at.archived.folder / deleted.path).unlink()

    outcome = sauda("archive", "verify")

    assert outcome.code == 1
    found = [one for one in sauda("archive", "verify", "--json").document if one["problem"]]
    assert [one["file"] for one in found] == [f"{at.archived.folder}/{behind_it.path}"]
    assert text_of(deleted.last).decode() in found[0]["problem"]


def test_a_reader_that_is_gone_is_forgotten_and_one_at_work_is_not(at: Desk, sauda: Sauda) -> None:
    writer = RedisConsumer(at.settings.redis_url, at.settings.desk, "writer.old", "one", ("pnl",))
    writer.open()
    at.write("pnl", ticks(500))
    writer.fresh(10, 0)
    assert sauda("archive", "forget", "writer.old").code == 1
    writer.settle(writer.mine(10), ())
    writer.close()
    at.turn()
    assert at.log.length("pnl") > 450

    assert sauda("archive", "forget", "writer.old").code == 0

    at.turn()
    assert at.log.length("pnl") < 200
    assert sauda("archive", "forget", "writer.old").code == 1


def test_a_writer_that_was_killed_and_taken_away_can_be_forgotten(at: Desk) -> None:
    writer = RedisConsumer(at.settings.redis_url, at.settings.desk, "writer.old", "one", ["pnl"])
    writer.open()
    at.write("pnl", ticks(10))
    writer.fresh(10, 0)
    with pytest.raises(BusyError):
        at.log.forget("writer.old")

    SystemClock().sleep(0.02)

    assert at.log.forget("writer.old", gone_after_ms=10) == 1


def test_the_doctor_says_that_the_archive_is_away_or_who_fills_redis(
    at: Desk, sauda: Sauda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.write("ticks", ticks(10))
    (tmp_path / "archive").write_text("not a folder")
    at.turn()

    found = {one["check"]: one for one in sauda("doctor", "--json").document}
    assert found["archive"]["verdict"] == "BAD"
    assert "away" in found["archive"]["text"]

    (tmp_path / "archive").unlink()
    at.turn()
    monkeypatch.setenv("SAUDA_ARCHIVE_BUDGET_MB", "0.000001")
    found = {one["check"]: one for one in sauda("doctor", "--json").document}
    assert found["archive"]["verdict"] == "ok"
    assert found["archive budget"]["verdict"] == "warn"


def test_an_archive_that_is_away_is_one_clear_line(at: Desk, sauda: Sauda, tmp_path: Path) -> None:
    at.write("ticks", ticks(1000))
    at.turn()
    (tmp_path / "archive").rename(tmp_path / "elsewhere")
    (tmp_path / "archive").write_text("not a folder")

    outcome = sauda("tail", "ticks", "--from", "-")

    assert outcome.code == 1
    assert "SAUDA_ARCHIVE" in outcome.err
    assert len(outcome.err.splitlines()) == 1
