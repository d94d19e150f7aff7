"""`up` makes the gateway's first token once, keeps its hash alone where the gateway reads, and never prints it."""

from pathlib import Path

from sauda.contracts import Scope
from sauda.runtime.gateway import as_process, ensure_token, first_token_of, tokens_of, where
from sauda.runtime.place import Place, Started
from sauda.tokens import TokenFile


def test_the_first_token_is_made_once_and_kept_hashed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ensure_token(place, {})
    secret = first_token_of(place).read_text().strip()
    ensure_token(place, {})

    assert first_token_of(place).read_text().strip() == secret
    assert first_token_of(place).stat().st_mode & 0o077 == 0
    assert secret not in tokens_of(place).read_text()
    found = TokenFile(tokens_of(place)).owner_of(secret, 0)
    assert found is not None
    assert found.scope is Scope.ADMIN


def test_who_keeps_tokens_elsewhere_gets_none(tmp_path: Path) -> None:
    ensure_token(Place(tmp_path), {"SAUDA_GATEWAY_TOKENS": "/elsewhere"})

    assert not tokens_of(Place(tmp_path)).exists()


def test_only_the_tokens_path_is_told(tmp_path: Path) -> None:
    place, started = Place(tmp_path), Started(ports={"gateway": 8000})
    ensure_token(place, {})

    told = "\n".join(where(place, started))

    assert "http://127.0.0.1:8000" in told
    assert "var/secrets/gateway_token" in told
    assert first_token_of(place).read_text().strip() not in told


def test_a_process_listens_on_this_machine_unless_told_otherwise(tmp_path: Path) -> None:
    in_a_container = {"SAUDA_GATEWAY_HOST": "0.0.0.0", "SAUDA_GATEWAY_PORT": "8000"}
    started = Started(ports={"gateway": 8123})

    here = as_process(in_a_container, Place(tmp_path), started)
    assert (here["SAUDA_GATEWAY_HOST"], here["SAUDA_GATEWAY_PORT"]) == ("127.0.0.1", "8123")
    assert here["SAUDA_GATEWAY_TOKENS"] == str(tokens_of(Place(tmp_path)))

    started.variables = {"SAUDA_GATEWAY_HOST": "10.0.0.7"}
    assert as_process(in_a_container, Place(tmp_path), started)["SAUDA_GATEWAY_HOST"] == "10.0.0.7"
    assert as_process({"SAUDA_DESK": "live"}, Place(tmp_path), started) == {}
