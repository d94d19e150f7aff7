"""Whoever waits is told what for: once a reason, and not at once."""

from pathlib import Path

from sauda.runtime.desk import Replica
from sauda.runtime.programs import Program
from sauda.runtime.reasons import Waiting, last_error, reason_in
from sauda.runtime.supervisor import config_of, refusing


def ill(detail: str, state: str = "RUNNING") -> Replica:
    return Replica("pnl", "pnl-1", state, False, "17", 3, detail)


def test_each_reason_is_said_once() -> None:
    said: list[str] = []
    waiting = Waiting(said.append, silent_s=0)

    for detail in (
        "pnl (pid 17): database away, attempt 1",
        "pnl (pid 17): database away, attempt 2",
        "starting",
    ):
        waiting.look([ill(detail)])

    assert said == ["waiting for pnl-1: database away, attempt 1", "waiting for pnl-1: starting"]


def test_a_quick_start_says_nothing() -> None:
    said: list[str] = []

    Waiting(said.append, silent_s=60).look([ill("starting")])

    assert said == []


def test_the_reason_is_the_failure_the_database_or_the_phase_of_what_is_not_ready() -> None:
    roles = {
        "pnl": {"ready": True, "phase": "holding"},
        "writer.sql": {"ready": False, "phase": "away", "away": "database away since 09:15: refused"},
        "feed": {"ready": False, "failure": "ConfigError: not base32", "phase": "stopped"},
        "other": {"ready": False},
    }

    assert reason_in({"roles": roles}) == (
        "writer.sql database away since 09:15: refused; feed ConfigError: not base32; other not ready"
    )
    assert reason_in({}) == ""


def test_the_log_tells_of_the_last_error(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("started\nfeed: an ERROR here\nstopped\n")
    (tmp_path / "b.log").write_text("one\ntwo\n\n")

    assert last_error(tmp_path / "a.log") == "feed: an ERROR here"
    assert last_error(tmp_path / "b.log") == "two"
    assert last_error(tmp_path / "none.log") == ""


def test_who_refuses_its_settings_is_in_the_supervisors_log() -> None:
    log = [
        "2026-11-21 02:14:48,123 INFO spawned: 'feed-1' with pid 12",
        "2026-11-21 02:14:49,123 WARN exited: feed-1 (exit status 2; not expected)",
        "2026-11-21 02:14:49,123 WARN exited: pnl-1 (exit status 1; not expected)",
        "2026-11-21 02:14:49,123 WARN exited: execution-1 (exit status 2; expected)",
        "2026-11-21 02:14:50,123 INFO spawned: 'execution-1' with pid 13",
    ]

    assert refusing(log) == {"feed-1"}


def test_the_supervisor_does_not_restart_for_wrong_settings() -> None:
    config = config_of([Program("pnl-1", "pnl", "", 20)], Path("/s"))

    assert "autorestart=unexpected\nexitcodes=2\n" in config
