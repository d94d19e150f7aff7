"""The broker's charts: which rows are bars, and which are only rows."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S, UnixNs, to_ist
from sauda.contracts import PastBar
from sauda.history.knowers import Day
from sauda.history.spans import Span
from sauda.history.timeframes import base_of, complete, grown, length_ns
from sauda_feed.noren_past import _together
from sauda_feed.noren_series import bounds, daily, intraday, midnights

CALENDAR = load_calendar(Path(__file__).parents[3] / "config" / "market")
MINUTE = 60 * NS_PER_S


def a_day(on: date, exchange: str = "NFO") -> Day:
    session = CALENDAR.session(exchange, on)
    assert session is not None
    return Day(session, Span(session.open_ns, session.close_ns))


FRIDAY = a_day(date(2026, 11, 27))
OPEN, CLOSE = FRIDAY.span
LATER = CLOSE + 10**15


def row(start_ns: UnixNs, **changed: Any) -> dict[str, Any]:
    """A row as the broker sends it; None leaves a key out."""
    whole = {
        "stat": "Ok",
        "time": f"{to_ist(start_ns):%d-%m-%Y %H:%M:%S}",
        "ssboe": str(start_ns // NS_PER_S),
        "into": "110.05",
        "inth": "111.00",
        "intl": "109.95",
        "intc": "110.50",
        "intvwap": "110.20",
        "intv": "650",
        "intoi": "-65",
        "v": "650",
        "oi": "6500",
    }
    return {name: value for name, value in (whole | changed).items() if value is not None}


def bars(*rows: Any, now_ns: UnixNs = LATER, index: bool = False) -> list[PastBar]:
    return intraday(rows, [FRIDAY], "1m", now_ns, index=index).bars


def test_rows_come_newest_first_and_bars_oldest_first() -> None:
    assert bars(row(OPEN + MINUTE), row(OPEN)) == [
        PastBar(OPEN, 110_05, 111_00, 109_95, 110_50, 650, 6500),
        PastBar(OPEN + MINUTE, 110_05, 111_00, 109_95, 110_50, 650, 6500),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"into": "0.00", "inth": "0.00", "intl": "0.00", "intc": "0.00"},
        {"into": None},
        {"inth": "NaN"},
        {"intl": "nan", "intc": ""},
        {"intc": "inf"},
        {"into": "-1.00"},
        {"intl": "0"},
        {"inth": "110.40"},
        {"intl": "110.10"},
        {"into": "9" * 40},
        {"stat": "Not_Ok"},
        {"ssboe": None, "time": None},
        {"ssboe": "x", "time": "yesterday"},
        {"ssboe": str(OPEN // NS_PER_S + 7)},
        {"ssboe": str(OPEN // NS_PER_S - 60)},
        {"ssboe": str(CLOSE // NS_PER_S)},
        {"ssboe": str(OPEN), "time": None},
    ],
)
def test_a_row_that_is_no_bar_is_left_out_and_hides_none(changed: dict[str, Any]) -> None:
    assert bars(row(OPEN, **changed), row(OPEN + MINUTE)) == bars(row(OPEN + MINUTE))
    # Twice, once without prices: the other one counts.
    assert bars(row(OPEN, **changed), row(OPEN)) == bars(row(OPEN))


@pytest.mark.parametrize(
    ("changed", "volume"),
    [
        ({"intv": "-650"}, None),
        ({"intv": "NA"}, None),
        ({"intv": None}, None),
        ({"intv": "0"}, 0),
        ({"intv": "650.00"}, 650),
    ],
)
def test_a_volume_that_cannot_be_is_not_known(changed: dict[str, Any], volume: int | None) -> None:
    assert [bar.volume for bar in bars(row(OPEN, **changed))] == [volume]


def test_an_index_has_neither_volume_nor_interest() -> None:
    assert [(bar.volume, bar.oi) for bar in bars(row(OPEN), index=True)] == [(None, None)]


def test_a_bar_that_still_trades_is_none() -> None:
    rows = [row(OPEN + MINUTE), row(OPEN)]

    assert len(bars(*rows, now_ns=OPEN + 2 * MINUTE)) == 2
    assert len(bars(*rows, now_ns=OPEN + 2 * MINUTE - 1)) == 1
    assert bars(*rows, now_ns=OPEN + MINUTE - 1) == []


def test_without_epoch_seconds_the_text_counts() -> None:
    assert bars(row(OPEN, ssboe=None)) == bars(row(OPEN))
    assert bars(row(OPEN, ssboe=f"{OPEN // NS_PER_S}.0")) == bars(row(OPEN))


def test_the_oddest_answers_are_read() -> None:
    assert bars(None, [], "x", 7, {}) == []
    assert intraday([row(OPEN, inth="1.00")], [FRIDAY], "1m", LATER, index=False).spoilt == 1


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"ssboe": st.text(max_size=12) | st.integers(OPEN // NS_PER_S - 100, CLOSE // NS_PER_S).map(str)},
            optional={
                name: st.text(max_size=8) | st.none() | st.floats()
                for name in ("into", "inth", "intl", "intc", "intv", "oi")
            },
        ),
        max_size=5,
    )
)
def test_no_answer_ends_the_thread_or_makes_a_bar_that_cannot_be(rows: list[dict[str, Any]]) -> None:
    for bar in bars(*(row(OPEN) | one for one in rows)):
        assert OPEN <= bar.start_ns < CLOSE
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def test_days_are_json_inside_of_json_and_begin_with_their_session() -> None:
    thursday = a_day(date(2026, 11, 26))
    answer = [
        json.dumps(row(OPEN, time="27-NOV-2026", intv="700", oi=None)),
        "no json",
        json.dumps(row(OPEN, time="26-NOV-2026")),
        json.dumps(row(OPEN, time="15-AUG-1947")),
    ]
    found = daily(answer, [thursday, FRIDAY], LATER, index=False).bars

    assert [bar.start_ns for bar in found] == [thursday.span.from_ns, OPEN]
    assert found[1].volume == 700
    # While the session runs its day is no bar.
    assert len(daily(answer, [thursday, FRIDAY], CLOSE - 1, index=False).bars) == 1


def test_minutes_are_asked_for_five_calendar_days_at_a_time() -> None:
    days = [
        a_day(date(2026, 11, at))
        for at in range(9, 28)
        if CALENDAR.session("NFO", date(2026, 11, at)) is not None
    ]
    groups = _together(days, "1m")

    assert [day for group in groups[::-1] for day in group] == days
    for group in groups:
        first, last = bounds(group)
        assert last - first < 5 * 86_400
    assert len(_together(days, "15m")) == 1
    assert midnights(days)[1] - midnights(days)[0] < 60 * 86_400


@pytest.mark.parametrize("timeframe", ["1m", "3m", "5m", "10m", "15m", "30m", "1h"])
@pytest.mark.parametrize(
    ("exchange", "on"),
    [("NSE", date(2026, 11, 27)), ("MCX", date(2026, 11, 27)), ("NFO", date(2026, 11, 27))],
)
def test_what_a_broker_is_asked_for_begins_where_ours_do(timeframe: str, exchange: str, on: date) -> None:
    """Whether it counts from the full hour or from the open: the starts are the same."""
    base = base_of(timeframe)
    length, day = length_ns(base), a_day(on, exchange)
    assert length is not None
    assert day.session.open_ns % length == 0
    whole = length_ns(timeframe)
    assert whole is not None
    assert whole % length == 0


def test_an_hour_of_the_session_is_four_quarters_and_the_last_one_is_short() -> None:
    quarters = [
        PastBar(OPEN + n * 15 * MINUTE, 100 + n, 200 + n, 50 - n, 110 + n, None if n == 9 else 10, 7 + n)
        for n in range(26)
    ]
    hours = grown(quarters, "1h", FRIDAY.session)

    assert [bar.start_ns for bar in hours] == [OPEN + n * 60 * MINUTE for n in range(7)]
    assert hours[0] == PastBar(OPEN, 100, 203, 47, 113, 40, 10)
    assert [bar.volume for bar in hours] == [40, 40, None, 40, 40, 40, 20]
    assert complete(FRIDAY.session, "1h", OPEN + 119 * MINUTE) == (OPEN, OPEN + 60 * MINUTE)
    assert complete(FRIDAY.session, "1h", CLOSE) == (OPEN, CLOSE)
    assert complete(FRIDAY.session, "1d", CLOSE - 1) == (OPEN, OPEN)
