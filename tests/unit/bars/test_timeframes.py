"""Intervals are counted from the session's opening and end with its close."""

from datetime import date
from pathlib import Path

import pytest

from sauda.bars import TIMEFRAMES, Grid, length_ns
from sauda.calendar import load_calendar
from sauda.errors import ConfigError
from tests.unit.bars.made import DAY, at, text_of

CALENDAR = load_calendar(Path(__file__).parents[3] / "config/market")


def interval(timeframe: str, text: str, exchange: str = "NSE", day: date = DAY) -> tuple[str, str] | None:
    found = Grid(CALENDAR.session).at(exchange, length_ns(timeframe), at(text, day))
    return found and (text_of(found.start_ns), text_of(found.end_ns))


@pytest.mark.parametrize(
    ("exchange", "day", "timeframe", "text", "expected"),
    [
        ("NSE", DAY, "1m", "09:15", ("09:15", "09:16")),
        ("NSE", DAY, "1m", "15:29:59", ("15:29", "15:30")),
        ("NSE", DAY, "1m", "15:30", None),
        ("NSE", DAY, "1m", "09:14:59.9", None),
        ("NSE", DAY, "15m", "09:29:59", ("09:15", "09:30")),
        ("NSE", DAY, "1h", "10:14", ("09:15", "10:15")),
        ("NSE", DAY, "1h", "15:20", ("15:15", "15:30")),
        ("NSE", DAY, "1d", "12:00", ("09:15", "15:30")),
        ("NFO", DAY, "1h", "15:35", ("15:15", "15:40")),
        ("MCX", DAY, "1h", "23:10", ("23:00", "23:55")),
        ("NSE", date(2009, 5, 15), "1h", "10:00", ("09:55", "10:55")),
        ("NSE", date(2026, 11, 8), "1h", "19:10", ("19:00", "19:15")),
        ("NSE", date(2024, 3, 2), "1h", "11:40", ("11:15", "12:15")),
        ("NSE", date(2024, 3, 2), "5m", "11:32", ("11:30", "11:35")),
        ("NSE", date(2026, 11, 22), "1m", "11:32", None),
    ],
)
def test_an_interval(
    exchange: str, day: date, timeframe: str, text: str, expected: tuple[str, str] | None
) -> None:
    assert interval(timeframe, text, exchange, day) == expected


def test_a_day_may_be_named_by_any_instant_of_it() -> None:
    grid = Grid(CALENDAR.session)
    found = grid.starting("NSE", length_ns("1d"), at("00:00"))

    assert found is not None
    assert found.start_ns == at("09:15")
    assert grid.starting("NSE", length_ns("5m"), at("09:16")) is None


def test_a_timeframe_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"'2m': take one of 1m, 3m, 5m"):
        length_ns("2m")
    assert [length_ns(one) for one in TIMEFRAMES] == sorted(length_ns(one) for one in TIMEFRAMES)
