"""Bars that are made of minutes for a chart: those that have ended, the last one of a session with its close."""

from pathlib import Path

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S
from sauda.contracts import PastBar
from sauda.settings import Settings
from sauda.testing.builders import OPTION, at
from sauda_gateway.market.past_bars import Asked, PastBars
from tests.unit.gateway.test_hub import MARKET, no_record

MINUTE = 60 * NS_PER_S


def starts(tmp_path: Path, now: str) -> list[int]:
    """Return the minutes after 15:00 at which bars of half an hour begin that are shown at *now*."""
    now_ns, first_ns = at(now), at("15:00")
    minutes = [PastBar(first_ns + n * MINUTE, 5, 6, 4, 5) for n in range(40)]
    past = PastBars(Settings(history=tmp_path), load_calendar(MARKET), no_record)
    found = past._longer(
        Asked(OPTION, "30m", None, now_ns, now_ns, 10), [one for one in minutes if one.start_ns < now_ns]
    )
    return [(one.start_ns - first_ns) // MINUTE for one in found]


def test_the_last_bar_of_a_session_has_ended_when_the_session_has(tmp_path: Path) -> None:
    assert starts(tmp_path, "15:39") == [-15]
    assert starts(tmp_path, "15:40") == [-15, 15]
