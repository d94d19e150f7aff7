"""A service is well when it said so lately, lives, and is ready; everything else is one line saying why not."""

import json
import logging
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sauda.clock import ManualClock, monotonic_s
from sauda.errors import ContractError
from sauda.health import Health, check, main, read


def test_what_was_reported_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "run" / "feed.json"

    Health(path, "feed", ManualClock(1_795_580_105_123_000_000)).report(True, units=["feed"], commits=3)

    report = read(path)
    assert report.service == "feed"
    assert report.pid == os.getpid()
    assert report.ready
    assert report.written_ns == 1_795_580_105_123_000_000
    assert report.facts == {"units": ["feed"], "commits": 3}


def test_a_fresh_report_of_a_ready_service_is_healthy(tmp_path: Path) -> None:
    Health(tmp_path / "feed.json", "feed").report(True, units=1)

    verdict = check(tmp_path / "feed.json")

    assert verdict.healthy
    assert verdict.why == f"feed (pid {os.getpid()}): ready units=1"


def test_a_service_that_is_not_ready_is_unhealthy_and_says_what_it_knows(tmp_path: Path) -> None:
    Health(tmp_path / "feed.json", "feed").report(False, waiting_for="login")

    verdict = check(tmp_path / "feed.json")

    assert not verdict.healthy
    assert "not ready waiting_for=login" in verdict.why


def test_a_service_that_never_reported_is_unhealthy(tmp_path: Path) -> None:
    verdict = check(tmp_path / "feed.json")

    assert not verdict.healthy
    assert "has not reported yet" in verdict.why


@pytest.mark.parametrize("text", ["", "{", "[]", '{"service": "x"}', "\xff"])
def test_a_file_that_is_no_report_is_unreadable(tmp_path: Path, text: str) -> None:
    (tmp_path / "feed.json").write_text(text, encoding="latin-1")

    with pytest.raises(ContractError, match=r"feed\.json"):
        read(tmp_path / "feed.json")


def _rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(read(path)._asdict() | changes))


def test_a_silent_service_is_unhealthy(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    Health(path, "feed").report(True)
    _rewrite(path, written_monotonic_s=monotonic_s() - 20)

    assert not check(path, max_age_s=15).healthy
    assert "silent for 20." in check(path, max_age_s=15).why
    assert check(path, max_age_s=30).healthy


def test_a_report_from_before_the_machine_restarted_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    Health(path, "feed").report(True)
    _rewrite(path, written_monotonic_s=monotonic_s() + 1000)

    assert "before the machine restarted" in check(path).why


def test_a_dead_process_is_unhealthy_however_fresh_its_report(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    Health(path, "feed").report(True)
    _rewrite(path, pid=finished.pid)

    assert "the process is gone" in check(path).why


def test_a_disk_that_cannot_be_written_is_logged_once_and_kills_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "not_a_folder"
    blocked.write_text("")
    health = Health(blocked / "feed.json", "feed")

    with caplog.at_level(logging.WARNING):
        health.report(True)
        health.report(True)

    assert len(caplog.records) == 1
    assert "health_not_written" in caplog.text


def test_no_half_written_file_is_left_behind(tmp_path: Path) -> None:
    health = Health(tmp_path / "feed.json", "feed")
    health.report(True)
    health.report(False)

    assert [path.name for path in tmp_path.iterdir()] == ["feed.json"]
    assert stat.S_ISREG((tmp_path / "feed.json").stat().st_mode)


def test_a_service_without_a_health_file_reports_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)

    with caplog.at_level(logging.WARNING):
        Health(None, "feed").report(True, units=1)

    assert list(tmp_path.rglob("*")) == []
    assert caplog.records == []


def test_the_check_prints_one_line_and_exits_with_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "feed.json"
    Health(path, "feed").report(True)

    assert main([str(path)]) == 0
    assert main([str(tmp_path / "other.json")]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_container_check_starts_fast_because_it_loads_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    Health(path, "feed").report(True)
    code = (
        "import sys, sauda.health; code = sauda.health.main([]);"
        "print(sorted({'pydantic', 'msgspec', 'structlog', 'redis', 'asyncio'} & set(sys.modules)))"
    )

    began = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"SAUDA_HEALTH_FILE": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout.splitlines()[1] == "[]"
    # Generous: the machine may be busy; alone it takes 50 ms.
    assert time.monotonic() - began < 5


def test_a_service_that_waits_is_alive_and_one_that_hangs_is_not(tmp_path: Path) -> None:
    path = tmp_path / "pnl.json"
    Health(path, "pnl").report(False, waiting_for="redis")
    hung = tmp_path / "hung.json"
    hung.write_text(json.dumps({**json.loads(path.read_text()), "written_monotonic_s": monotonic_s() - 60}))

    assert (main([str(path)]), main(["--alive", str(path)])) == (1, 0)
    assert main(["--alive", str(hung)]) == 1
    assert main(["--alive", str(tmp_path / "none.json")]) == 1
