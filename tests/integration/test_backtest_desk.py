"""`sauda backtest --desk`: a recorded morning on a real server trades once more, and what raced there is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sauda.codec import decode
from sauda.contracts import Fill, Signal
from sauda.redis_log import RedisLog
from tests.integration.recorded_desk import record, write_config

Sauda = Callable[..., Any]


class Morning(NamedTuple):
    """The recorded desk."""

    url: str
    desk: str
    folder: Path


@pytest.fixture(scope="module")
def morning(redis_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Morning:
    """A morning that all tests of this module look at."""
    folder = write_config(tmp_path_factory.mktemp("project"))
    record(redis_server.url, "backtested", folder)
    return Morning(redis_server.url, "backtested", folder)


@pytest.fixture
def program(morning: Morning, sauda: Sauda, monkeypatch: pytest.MonkeyPatch) -> Sauda:
    """The `sauda` program in the project's folder."""
    monkeypatch.chdir(morning.folder)
    return sauda


def test_signals_are_the_desks_and_only_what_raced_differs(program: Sauda, morning: Morning) -> None:
    done = program("backtest", "--desk", morning.desk, "--json")

    found = done.document
    log = RedisLog(morning.url, morning.desk)
    fills = {
        one.order_id for one in (decode(e.data) for e in log.entries("executions")) if isinstance(one, Fill)
    }
    signals = [one for one in (decode(e.data) for e in log.entries("signals")) if isinstance(one, Signal)]
    log.close()
    assert found["strategies"]["ALL"]["signals"] == len(signals) > 2
    assert [one for one in found["differences"] if one["what"] == "signal"] == []
    raced = {one["name"] for one in found["differences"]}
    assert all(one["explained"] for one in found["differences"])
    assert done.code == 0
    assert len(fills - raced) >= 4


def test_a_changed_rule_is_traded(program: Sauda, morning: Morning) -> None:
    done = program("backtest", "--desk", morning.desk, "--set", "tight.stop_loss_percentage=200", "--json")

    assert done.code == 0
    assert done.document["rules"]["tight"]["stop_loss_percentage"] == 200
    assert done.document["rules"]["calm"]["stop_loss_percentage"] == 200
    gone = [one for one in done.document["differences"] if one["name"].startswith("tight")]
    assert gone
    assert not [
        one for one in done.document["differences"] if one["name"].startswith("calm") and not one["explained"]
    ]


def test_a_desk_that_is_not_there_is_said_to_be_unknown(program: Sauda) -> None:
    done = program("backtest", "--desk", "nowhere")

    assert done.code == 1
    assert "nowhere" in done.err
