"""Ticks become minutes, and minutes longer bars: one rule of docs/bars.md after the other."""

from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import pytest

from sauda.bars import Bars
from sauda.calendar import load_calendar
from sauda.contracts import Bar, Message
from sauda.state import State
from tests.unit.bars.made import DAY, NAME, USUAL, at, clock, feed, hours, shapes, tick

BEFORE: Final = clock("09:00")


def made(*messages: Message, timeframes: tuple[str, ...] = ("1m",)) -> list[Bar]:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, timeframes)
    return feed(bars, BEFORE, *messages)


def test_first_highest_lowest_last() -> None:
    said = made(
        *(tick(f"09:15:{s:02}", p) for s, p in ((0, 100), (9, 103), (30, 98), (59, 101))), clock("09:16")
    )

    assert shapes(said) == [("09:15", 100, 103, 98, 101, None)]
    assert (said[0].event_ns, said[0].ticks, said[0].past, said[0].torn) == (at("09:16"), 4, False, False)


def test_a_tick_at_the_end_is_the_next_minutes_first() -> None:
    said = made(tick("09:15:10", 100), tick("09:16", 105), clock("09:17"))

    assert shapes(said) == [("09:15", 100, 100, 100, 100, None), ("09:16", 105, 105, 105, 105, None)]


def test_a_bar_is_over_when_all_ticks_of_its_end_have_come() -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("1m",))
    feed(bars, BEFORE, tick("09:15:10", 100))

    assert feed(bars, tick("09:16", 101), tick("09:16", 102)) == []
    assert len(feed(bars, clock("09:16"))) == 1
    assert shapes(feed(bars, tick("09:17:00.1", 103))) == [("09:16", 101, 102, 101, 102, None)]


def test_a_bar_ends_by_the_clock_and_by_anybodys_tick() -> None:
    other = "NSE:Nifty Bank"
    by_clock = made(tick("09:15:10", 100), clock("09:15:59"), clock("09:16"))
    by_tick = made(tick("09:15:10", 100), tick("09:16:01", 500, of=other))

    assert by_clock == by_tick
    assert len(by_clock) == 1


def test_a_minute_without_ticks_makes_no_bar() -> None:
    said = made(tick("09:15:10", 100), tick("09:18:10", 101), clock("09:19"))

    assert [bar.start_ns for bar in said] == [at("09:15"), at("09:18")]


def test_a_minute_in_which_nothing_is_traded_makes_no_bar() -> None:
    said = made(
        tick("09:15:10", 100, 50),
        tick("09:16:10", 100, 50),
        tick("09:17:10", 100, 75),
        tick("09:18:10", 99, 75),
        clock("09:19"),
    )

    assert shapes(said) == [
        ("09:15", 100, 100, 100, 100, 50),
        ("09:17", 100, 100, 100, 100, 25),
        ("09:18", 99, 99, 99, 99, 0),
    ]


def test_volume_is_what_the_days_figure_grew_by() -> None:
    said = made(
        tick("09:15:10", 100, 50),
        tick("09:15:20", 101, 80),
        tick("09:15:30", 101),
        tick("09:16:10", 102, 95, oi=1000),
        tick("09:17:10", 103, 200),
        clock("09:18"),
    )

    assert [bar.volume for bar in said] == [80, 15, 105]
    assert [bar.oi for bar in said] == [None, 1000, 1000]


def test_a_figure_that_falls_is_old_and_counts_nothing() -> None:
    said = made(
        tick("09:15:10", 100, 50),
        tick("09:16:10", 101, 80),
        tick("09:16:20", 101, 50),
        tick("09:17:10", 102, 70),
        tick("09:17:20", 102, 90),
        clock("09:18"),
    )

    assert [bar.volume for bar in said] == [50, 30, 10]


def test_oi_of_yesterday_is_not_todays() -> None:
    tuesday = date(2026, 11, 24)
    said = made(
        tick("15:29:10", 100, oi=700),
        clock("15:30"),
        clock("09:00", tuesday),
        tick("09:15:01", 100, day=tuesday),
        tick("09:16:01", 101, oi=900, day=tuesday),
        clock("09:17", tuesday),
    )

    assert [bar.oi for bar in said] == [700, None, 900]


def test_volume_counts_from_nothing_each_day_and_yesterdays_figure_counts_nothing() -> None:
    monday, tuesday = DAY, date(2026, 11, 24)
    said = made(
        tick("15:29:10", 100, 7000, day=monday),
        clock("15:30", monday),
        clock("09:00", tuesday),
        tick("09:08", 100, 7000, day=tuesday),
        tick("09:15:01", 100, 7000, day=tuesday),
        tick("09:15:02", 101, 40, day=tuesday),
        tick("09:16:02", 101, 90, day=tuesday),
        clock("09:17", tuesday),
    )

    assert [bar.volume for bar in said] == [7000, 40, 50]


@pytest.mark.parametrize("text", ["09:14:59", "15:30", "15:45"])
def test_outside_the_session_there_are_no_bars(text: str) -> None:
    assert made(tick(text, 100), clock("15:59")) == []


def test_in_the_break_of_a_session_there_are_no_bars() -> None:
    bars = Bars(State(), hours(("09:15", "10:00"), ("11:30", "12:30")), "test")
    bars.watch(NAME, ("1m", "1h", "1d"))
    said = feed(
        bars,
        BEFORE,
        *(
            tick(text, price)
            for text, price in (("09:59:59", 100), ("10:30", 500), ("11:30", 90), ("12:29", 95))
        ),
        clock("12:30"),
    )

    assert [(bar.timeframe, *shape) for bar, shape in zip(said, shapes(said), strict=True)] == [
        ("1m", "09:59", 100, 100, 100, 100, None),
        ("1h", "09:15", 100, 100, 100, 100, None),
        ("1m", "11:30", 90, 90, 90, 90, None),
        ("1h", "11:15", 90, 90, 90, 90, None),
        ("1m", "12:29", 95, 95, 95, 95, None),
        ("1h", "12:15", 95, 95, 95, 95, None),
        ("1d", "09:15", 100, 100, 90, 95, None),
    ]


def test_a_price_of_nothing_is_no_price() -> None:
    said = made(tick("09:15:10", 0), tick("09:15:20", 100), tick("09:15:30", 0), clock("09:16"))

    assert shapes(said) == [("09:15", 100, 100, 100, 100, None)]


def test_a_repeated_tick_changes_no_price_and_no_volume() -> None:
    once = tick("09:15:10", 100, 50)
    said = made(once, once, once, clock("09:16"))

    assert shapes(said) == [("09:15", 100, 100, 100, 100, 50)]


def test_a_tick_whose_bar_is_over_is_left_out() -> None:
    said = made(
        tick("09:15:10", 100),
        tick("09:16:10", 101),
        tick("09:15:50", 500),
        tick("09:16:20", 99),
        clock("09:17"),
    )

    assert shapes(said) == [("09:15", 100, 100, 100, 100, None), ("09:16", 101, 101, 99, 99, None)]


def test_a_bar_goes_by_the_arrival_not_by_the_exchanges_stamp() -> None:
    lagging = msgspec.structs.replace(tick("09:17:10", 100), event_ns=at("09:15:59"))
    said = made(lagging, clock("09:18"))

    assert shapes(said) == [("09:17", 100, 100, 100, 100, None)]


def test_longer_bars_follow_the_minute_that_ends_them_the_shorter_first() -> None:
    said = made(
        tick("09:15:10", 100, 5),
        tick("09:18:10", 110, 9),
        tick("09:29:10", 90, 20),
        clock("09:30"),
        timeframes=("15m", "1m", "5m"),
    )

    assert [(bar.timeframe, *shape) for bar, shape in zip(said, shapes(said), strict=True)] == [
        ("1m", "09:15", 100, 100, 100, 100, 5),
        ("1m", "09:18", 110, 110, 110, 110, 4),
        ("5m", "09:15", 100, 110, 100, 110, 9),
        ("1m", "09:29", 90, 90, 90, 90, 11),
        ("5m", "09:25", 90, 90, 90, 90, 11),
        ("15m", "09:15", 100, 110, 90, 90, 20),
    ]


def test_ticks_at_the_very_end_do_not_slip_into_the_bar_before() -> None:
    said = made(
        tick("09:19:10", 100), tick("09:20", 200), tick("09:24:10", 150), clock("09:25"), timeframes=("5m",)
    )

    assert shapes(said) == [("09:15", 100, 100, 100, 100, None), ("09:20", 200, 200, 150, 150, None)]


def test_the_close_ends_hour_and_day() -> None:
    said = made(tick("15:29:10", 100), clock("15:30"), timeframes=("1h", "1d"))

    assert [(bar.timeframe, bar.event_ns) for bar in said] == [("1h", at("15:30")), ("1d", at("15:30"))]


def test_nothing_is_kept_of_what_is_forgotten() -> None:
    state = State()
    bars = Bars(state, USUAL, "test")
    bars.watch(NAME, ("1m", "5m"), 10)
    feed(bars, BEFORE, tick("09:15:10", 100), clock("09:16"))
    stored = state.take_changes()
    bars.forget(NAME)
    gone = state.take_changes()

    assert {row for row in stored if b"market" not in row} <= {
        row for row, value in gone.items() if value is None
    }
    assert feed(bars, tick("09:17:10", 100), clock("09:19")) == []


def test_only_the_newest_bars_are_kept() -> None:
    state = State()
    bars = Bars(state, USUAL, "test", keep=3)
    bars.watch(NAME, ("1m",))
    feed(bars, BEFORE, *(tick(f"09:{minute}", minute) for minute in range(15, 25)), clock("09:25"))
    rows = state.take_changes()

    assert [bar.open for bar in bars.past(NAME, "1m")] == [22, 23, 24]
    assert len([row for row, value in rows.items() if row.startswith(b"bars_past/") and value]) == 3


def test_an_evening_of_muhurat_has_its_own_hours() -> None:
    evening = date(2026, 11, 8)
    bars = Bars(State(), load_calendar(Path(__file__).parents[3] / "config/market").session, "test")
    bars.watch(NAME, ("15m", "1h", "1d"))
    said = feed(
        bars,
        clock("17:59", evening),
        *(
            tick(text, price, day=evening)
            for text, price in (("18:00", 100), ("18:59:59", 104), ("19:14:59", 90))
        ),
        clock("19:15", evening),
    )

    assert [(bar.timeframe, *shape) for bar, shape in zip(said, shapes(said), strict=True)] == [
        ("15m", "18:00", 100, 100, 100, 100, None),
        ("15m", "18:45", 104, 104, 104, 104, None),
        ("1h", "18:00", 100, 104, 100, 104, None),
        ("15m", "19:00", 90, 90, 90, 90, None),
        ("1h", "19:00", 90, 90, 90, 90, None),
        ("1d", "18:00", 100, 104, 90, 90, None),
    ]


def test_on_its_last_day_a_contracts_bars_end_with_the_close_and_no_others_follow() -> None:
    expired, next_day = "NFO:NIFTY01DEC26C24500", date(2026, 12, 2)
    bars = Bars(State(), load_calendar(Path(__file__).parents[3] / "config/market").session, "test")
    bars.watch(expired, ("5m", "1d"))
    day = date(2026, 12, 1)
    said = feed(
        bars,
        clock("09:00", day),
        tick("15:39:58", 5, 10, of=expired, day=day),
        tick("15:40", 5, 20, of=expired, day=day),
        clock("15:40", day),
        clock("09:00", next_day),
        clock("15:40", next_day),
    )

    assert [(bar.timeframe, bar.event_ns, bar.volume) for bar in said] == [
        ("5m", at("15:40", day), 10),
        ("1d", at("15:40", day), 10),
    ]
    assert bars.wishes(at("15:40", next_day)) == []
