"""What happens to the feed is logged as loudly as somebody should look at it."""

import ast
import io
import json
import logging
from pathlib import Path

import pytest

import sauda_feed
from sauda.logs import Channel, configure
from sauda.settings import Settings
from sauda_feed.__main__ import _ORDINARY, _WORST, _events, level_of

SOURCES = sorted(Path(sauda_feed.__file__).parent.glob("*.py"))


def words() -> set[str]:
    """Return every word that the source of the feed holds as a text of its own."""
    trees = [ast.parse(path.read_text()) for path in SOURCES if path.name != "__main__.py"]
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str)}


@pytest.mark.parametrize("event", ["login_refused", "session_failed"])
def test_what_ends_the_days_work_is_an_error(event: str) -> None:
    assert level_of(event) == logging.ERROR


@pytest.mark.parametrize(
    "event",
    [
        "broker_not_ready",
        "broker_silent",
        "broker_stumbled",
        "book_not_read_to_its_end",
        "feed_away",
        "feed_lost",
        "feed_stopped_while_away",
        "frame_unreadable",
        "lease_not_released",
        "session_expired",
        "socket_closed",
        "socket_error",
        "subscription_not_sent",
        "units_not_back",
        "an_event_that_somebody_adds_tomorrow",
    ],
)
def test_what_somebody_should_look_at_is_a_warning(event: str) -> None:
    assert level_of(event) == logging.WARNING


def test_an_ordinary_day_makes_no_warnings() -> None:
    assert level_of("logged_in") == level_of("feed_serving") == logging.INFO


def test_every_name_that_is_sorted_is_an_event_of_ours() -> None:
    phases = {f"feed_{word}" for word in words()}

    assert words() | phases | {"recording_opened"} >= _ORDINARY | _WORST


def test_an_event_reaches_the_log_at_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    stream = io.StringIO()
    configure(Settings(log_format="json"), "feed", stream)
    tell = _events(Channel.WEBSOCKET)

    for event in ("login_refused", "socket_closed", "logged_in"):
        tell(event, {"why": "because"})

    records = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [record["level"] for record in records] == ["error", "warning", "info"]
    assert records[0]["why"] == "because"
