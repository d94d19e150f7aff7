"""The end of a trading day: when MIS is squared off, and over which minutes a settlement price is averaged."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from sauda.calendar import load_calendar
from sauda.calendar_rules import FILES
from sauda.clock import to_ist
from sauda.errors import ConfigError

MARKET = Path(__file__).parents[3] / "config/market"
CALENDAR = load_calendar(MARKET)


def squared_off(exchange: str, day: str) -> str | None:
    instant = CALENDAR.square_off_ns(exchange, date.fromisoformat(day))
    return None if instant is None else f"{to_ist(instant):%H:%M}"


def window(exchange: str, day: str, *, of_index: bool) -> str:
    begins, ends = CALENDAR.closing_window(exchange, date.fromisoformat(day), of_index=of_index)
    return f"{to_ist(begins):%m-%d %H:%M}-{to_ist(ends):%H:%M}"


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        pytest.param("NFO", "2026-07-31", "15:25", id="derivatives, the last day of the old close"),
        pytest.param("NFO", "2026-08-03", "15:35", id="derivatives, the first day of the new one"),
        pytest.param("BFO", "2026-11-23", "15:35", id="on BSE too"),
        pytest.param("NSE", "2026-07-31", "15:20", id="shares"),
        pytest.param("BSE", "2026-08-03", "15:10", id="shares, before the closing auction"),
        pytest.param("CDS", "2026-11-23", "16:45", id="currency"),
        pytest.param("MCX", "2026-10-30", "23:05", id="commodities in America's summer"),
        pytest.param("MCX", "2026-11-02", "23:30", id="commodities in America's winter"),
        pytest.param("MCX", "2026-01-01", "16:35", id="commodities, no evening session"),
        pytest.param("NFO", "2024-03-02", "12:25", id="a day with a pause: before its end"),
        pytest.param("NFO", "2026-11-08", "19:10", id="muhurat"),
        pytest.param("NFO", "2026-11-24", None, id="holiday"),
        pytest.param("NFO", "2026-11-21", None, id="Saturday"),
    ],
)
def test_mis_is_squared_off_before_the_days_close(exchange: str, day: str, expected: str | None) -> None:
    assert squared_off(exchange, day) == expected


@pytest.mark.parametrize(
    ("exchange", "day", "of_index", "expected"),
    [
        pytest.param("NFO", "2026-02-03", True, "02-03 15:00-15:30", id="index, last half hour"),
        pytest.param("NFO", "2026-08-04", True, "08-04 15:35-15:40", id="index, after its closing auction"),
        pytest.param("NFO", "2026-08-04", False, "08-04 15:10-15:40", id="a contract itself"),
        pytest.param("BFO", "2026-11-26", True, "11-26 15:35-15:40", id="on BSE too"),
        pytest.param("MCX", "2026-11-19", False, "11-19 23:25-23:55", id="commodities in winter"),
        pytest.param("MCX", "2026-11-19", True, "11-19 23:25-23:55", id="commodities have no index"),
        pytest.param("NFO", "2026-11-24", True, "11-23 15:35-15:40", id="a holiday: the day before"),
        pytest.param("NFO", "2025-10-21", True, "10-20 15:00-15:30", id="muhurat settles nothing"),
    ],
)
def test_a_settlement_price_has_its_window(exchange: str, day: str, of_index: bool, expected: str) -> None:
    assert window(exchange, day, of_index=of_index) == expected


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(ConfigError, match=r"closing of CDS are not known on 2026-11-23, only since never"):
        CALENDAR.closing_window("CDS", date(2026, 11, 23), of_index=False)
    with pytest.raises(ConfigError, match=r"sessions of NFO are not known on 1999-01-04"):
        CALENDAR.square_off_ns("NFO", date(1999, 1, 4))


@pytest.mark.parametrize(
    ("found", "put", "complaint"),
    [
        pytest.param(
            "minutes: 20", "minutes: 0", r"square_off\.NSE\.1\.minutes: Input .* greater", id="zero"
        ),
        pytest.param(
            "index_minutes: 5", "index_minute: 5", r"closing\.NFO\.1\.index_minute", id="unknown key"
        ),
    ],
)
def test_a_broken_rule_is_refused_by_file_and_key(
    tmp_path: Path, found: str, put: str, complaint: str
) -> None:
    for name in FILES:
        shutil.copy(MARKET / name, tmp_path / name)
    text = (tmp_path / "sessions.yaml").read_text()
    assert found in text
    (tmp_path / "sessions.yaml").write_text(text.replace(found, put, 1))

    with pytest.raises(ConfigError, match=rf"sessions\.yaml: {complaint}"):
        load_calendar(tmp_path)
