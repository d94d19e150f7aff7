"""What goes wrong around the `sauda` program: one clear line, the right exit code, no traceback, no secret."""

import socket
from pathlib import Path

import pytest

from sauda.cli.__main__ import run

READING = [
    ["tail", "ticks"],
    ["lag"],
    ["orders"],
    ["fills"],
    ["positions"],
    ["pnl"],
    ["dead-letters", "list"],
    ["dead-letters", "show", "1-1"],
]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An address at which no server listens, with a password in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_REDIS_URL", f"redis://:hunter2-secret@127.0.0.1:{port}/0")
    return f"127.0.0.1:{port}"


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_without_redis_a_command_names_the_address_and_leaves_with_3(
    nobody: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([*arguments, "--json"])

    said = capsys.readouterr()
    assert code == 3
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert nobody in said.err
    assert "hunter2" not in said.err


def test_the_doctor_still_shows_what_it_can_see_without_redis(
    nobody: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["doctor"])

    said = capsys.readouterr()
    assert code == 3
    assert "BAD" in said.out
    assert "disk" in said.out
    assert "hunter2" not in said.out + said.err


@pytest.mark.parametrize("arguments", [one for one in READING if "show" not in one], ids=" ".join)
def test_an_unknown_desk_is_named_and_the_others_are_listed(
    redis_url: str,
    desk: str,
    *,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from sauda.log import Output
    from sauda.redis_log import RedisLog

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_REDIS_URL", redis_url)
    there = RedisLog(redis_url, f"{desk}-there")
    there.append([Output("control", b"{}")])
    there.close()

    code = run([*arguments, "--desk", f"{desk}-lost"])

    said = capsys.readouterr()
    assert code == 1
    assert f"'{desk}-lost'" in said.err
    assert f"{desk}-there" in said.err


def test_a_desk_name_that_no_key_can_hold_is_wrong_usage(
    nobody: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fills", "--desk", "a b"]) == 2
    assert "'a b'" in capsys.readouterr().err


def test_an_unknown_setting_is_named(
    nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAUDA_REDDIS_URL", "x")

    assert run(["fills"]) == 2
    assert "SAUDA_REDDIS_URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["fils"], ["tail"], ["fills", "--wrong"], ["fills", "--date", "today"]], ids=" ".join
)
def test_wrong_usage_leaves_with_2(
    nobody: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert "Usage" in capsys.readouterr().err
