"""`sauda token`: a token is printed once, listed without itself, and taken back."""

import json
from pathlib import Path

import pytest

from sauda.cli.__main__ import run
from sauda.contracts import Scope
from sauda.tokens import TokenFile


@pytest.fixture
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TokenFile:
    monkeypatch.setenv("SAUDA_GATEWAY_TOKENS", str(tmp_path / "tokens.json"))
    monkeypatch.chdir(tmp_path)
    return TokenFile(tmp_path / "tokens.json")


def test_a_token_is_printed_once(tokens: TokenFile, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "add", "asha", "--scope", "trade", "--days", "30"]) == 0
    secret = capsys.readouterr().out.strip()
    assert run(["token", "list", "--json"]) == 0
    listed = capsys.readouterr().out

    found = tokens.owner_of(secret, 0)
    assert found is not None
    assert found.scope is Scope.TRADE
    assert secret not in listed
    assert [one["name"] for one in json.loads(listed)] == ["asha"]


def test_what_cannot_be_done_is_one_line(tokens: TokenFile, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "add", "asha"]) == 0
    assert run(["token", "add", "asha"]) == 2
    assert "already" in capsys.readouterr().err
    assert run(["token", "revoke", "asha"]) == 0
    assert run(["token", "revoke", "asha"]) == 2
    assert "no token" in capsys.readouterr().err
    assert tokens.tokens() == []
