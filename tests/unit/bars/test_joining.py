"""History and live bars are joined: none missing, none twice, each in its turn."""

from datetime import date
from typing import Final

import pytest

from sauda.bars import Bars
from sauda.contracts import Bar, HistoryReply, HistoryRequest, PastBar, Tick
from sauda.state import State
from tests.unit.bars.made import NAME, USUAL, answer, at, clock, feed, gap, text_of, tick, truth

TICKS: Final = [
    tick(f"{9 + m // 60:02}:{m % 60:02}:{s:02}", 100 + m % 7 + s, m * 100 + s)
    for m in range(15, 105)
    for s in (5, 35)
]
"""Two a minute, from 09:15 until 10:45."""


def known(minutes: int = 1) -> list[object]:
    return list(truth(TICKS, minutes, at("09:15"), at("15:30")))


def live(start: str, end: str) -> list[Tick]:
    return [one for one in TICKS if at(start) <= one.recv_ns < at(end)]


def starts(bars: list[Bar]) -> list[str]:
    return [text_of(bar.start_ns) + ("*" if bar.past else "") + ("!" if bar.torn else "") for bar in bars]


def told(bars: Bars, request: HistoryRequest, text: str, minutes: int = 1, parts: int = 1) -> list[Bar]:
    return feed(bars, *answer(request, truth(TICKS, minutes, at("09:15"), at("15:30")), at(text), parts))


def late(warmup: int = 5, timeframe: str = "1m") -> tuple[Bars, HistoryRequest]:
    """Return bars that begin at 10:03:20, and their question."""
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, (timeframe,), warmup)
    feed(bars, clock("10:03:20"))
    (request,) = bars.wishes(at("10:03:20"))
    return bars, request


def test_the_warm_up_is_asked_for_once_in_its_own_timeframe() -> None:
    bars, request = late(300, "15m")

    assert (request.timeframe, request.count, request.from_ns, request.to_ns) == (
        "15m",
        300,
        None,
        at("10:03:20"),
    )
    assert request.request_id == f"test-{NAME}-15m-{at('10:03:20')}"
    assert bars.wishes(at("10:03:21")) == []
    assert not bars.ready(NAME, "15m")


def test_a_warm_up_comes_in_parts_and_is_said_when_it_is_whole() -> None:
    bars, request = late()
    first, second = answer(request, truth(TICKS, 1, at("09:15"), at("15:30")), at("10:03:21"), 2)

    assert feed(bars, first) == []
    assert feed(bars, first) == []
    assert starts(feed(bars, second)) == ["09:58*", "09:59*", "10:00*", "10:01*", "10:02*"]
    assert bars.ready(NAME, "1m")
    assert len(bars.past(NAME, "1m")) == 5


def test_the_bar_in_which_we_came_is_asked_for_and_what_follows_waits_for_it() -> None:
    bars, request = late()
    told(bars, request, "10:03:21")

    assert feed(bars, *live("10:03:30", "10:05"), clock("10:05")) == []
    (again,) = bars.wishes(at("10:05"))
    assert (again.from_ns, again.to_ns, again.count) == (at("10:03"), at("10:04"), None)
    assert starts(told(bars, again, "10:05:01")) == ["10:03*", "10:04"]
    assert starts(feed(bars, *live("10:05", "10:06"), clock("10:06"))) == ["10:05"]


def test_a_bar_is_asked_for_two_seconds_after_its_end() -> None:
    bars, request = late()
    told(bars, request, "10:03:21")
    feed(bars, clock("10:04"))

    assert bars.wishes(at("10:04:01.9")) == []
    assert len(bars.wishes(at("10:04:02"))) == 1


def test_an_answer_that_comes_late_holds_the_live_bars_and_none_is_missing_or_twice() -> None:
    bars, request = late()

    assert feed(bars, *live("10:03:30", "10:04:15"), clock("10:04:15")) == []
    assert starts(told(bars, request, "10:04:15")) == ["09:58*", "09:59*", "10:00*", "10:01*", "10:02*"]
    (again,) = bars.wishes(at("10:04:15"))
    assert starts(told(bars, again, "10:04:16")) == ["10:03*"]


def test_without_an_answer_bars_wait_a_minute_and_are_torn_where_they_were_not_seen_whole() -> None:
    bars, _ = late()

    assert feed(bars, *live("10:03:30", "10:04:20")) == []
    assert feed(bars, clock("10:04:20")) == []
    assert bars.ready(NAME, "1m")
    # The torn bar's own question has its minute too, from when it is due or the one before it was given up.
    bars.wishes(at("10:04:20"))
    assert feed(bars, *live("10:04:20", "10:05:19"), clock("10:05:19")) == []
    assert starts(feed(bars, clock("10:05:20"))) == ["10:03!", "10:04"]


def test_an_answer_after_its_time_changes_nothing() -> None:
    bars, request = late()
    feed(bars, *live("10:03:30", "10:06"), clock("10:07"))

    assert told(bars, request, "10:07:01") == []


def test_an_error_is_an_answer() -> None:
    bars, request = late()
    said = feed(
        bars,
        HistoryReply(
            request.request_id, "test", NAME, "1m", at("10:03:21"), error="the broker knows nothing"
        ),
    )

    assert said == []
    assert bars.ready(NAME, "1m")


def test_answers_to_others_are_not_ours() -> None:
    bars, request = late()
    foreign = HistoryReply(request.request_id, "other", NAME, "1m", at("10:03:21"))

    assert feed(bars, foreign) == []
    assert not bars.ready(NAME, "1m")


def test_what_is_no_bar_of_the_question_is_left_out() -> None:
    bars, request = late()
    wrong = (
        PastBar(at("09:14"), 100, 100, 100, 100),
        PastBar(at("10:00"), 100, 99, 98, 97),
        PastBar(at("10:01"), 0, 0, 0, 0),
        PastBar(at("10:02:30"), 100, 100, 100, 100),
        PastBar(at("10:02"), 100, 101, 99, 100),
        PastBar(at("10:03"), 100, 100, 100, 100),
    )

    assert starts(
        feed(bars, HistoryReply(request.request_id, "test", NAME, "1m", at("10:03:21"), wrong))
    ) == ["10:02*"]


@pytest.mark.parametrize("warmup", [0, 5])
def test_who_is_there_before_the_opening_has_seen_all_of_the_day(warmup: int) -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("1m",), warmup)
    feed(bars, clock("09:14:59"))
    for request in bars.wishes(at("09:14:59")):
        feed(bars, *answer(request, [], at("09:15")))

    assert starts(feed(bars, *live("09:15", "09:17"), clock("09:17"))) == ["09:15", "09:16"]


def test_what_a_gap_touches_is_asked_for_and_takes_its_place() -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("1m",))
    feed(bars, clock("09:00"), *live("09:15", "09:17:10"))

    assert feed(bars, gap("09:17:10", "09:20:20")) == []
    assert feed(bars, *live("09:20:20", "09:21:10"), clock("09:21:10")) == []
    (request,) = bars.wishes(at("09:21:10"))
    assert (request.from_ns, request.to_ns) == (at("09:17"), at("09:21"))
    assert starts(told(bars, request, "09:21:11")) == ["09:17*", "09:18*", "09:19*", "09:20*"]
    assert starts(feed(bars, *live("09:21:10", "09:22"), clock("09:22"))) == ["09:21"]


def test_hours_that_a_gap_swallowed_are_asked_for_at_once_and_the_present_one_at_its_end() -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("15m",))
    feed(bars, clock("09:00"), *live("09:15", "09:35"), gap("09:35", "10:05"))

    (request,) = bars.wishes(at("10:05"))
    assert (request.from_ns, request.to_ns) == (at("09:30"), at("10:00"))
    assert starts(told(bars, request, "10:05:01", 15)) == ["09:30*", "09:45*"]
    assert feed(bars, *live("10:05", "10:15"), clock("10:15:02")) == []
    (again,) = bars.wishes(at("10:15:02"))
    assert (again.from_ns, again.to_ns) == (at("10:00"), at("10:15"))
    assert starts(told(bars, again, "10:15:03", 15)) == ["10:00*"]


def test_a_gap_that_nobody_fills_leaves_torn_bars() -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("1m",))
    feed(bars, clock("09:00"), *live("09:15", "09:17:10"), gap("09:17:10", "09:20:20"))
    bars.wishes(at("09:20:20"))

    assert starts(feed(bars, *live("09:20:20", "09:23"), clock("09:23"))) == [
        "09:17!",
        "09:20!",
        "09:21",
        "09:22",
    ]


def test_a_gap_outside_the_session_touches_nothing() -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("1m", "1d"))
    tuesday = date(2026, 11, 24)
    feed(bars, clock("15:29"), tick("15:29:30", 100), clock("15:30"))
    bars.wishes(at("15:30"))
    feed(bars, clock("15:32"), clock("16:40"), gap("15:31", "15:32"), clock("09:00", tuesday))

    assert bars.wishes(at("09:00", tuesday)) == []


def test_a_bar_that_was_said_before_the_gap_was_told_stands() -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("1m",))
    feed(bars, clock("09:00"))

    assert starts(feed(bars, *live("09:15", "09:16:10"), clock("09:17"))) == ["09:15", "09:16"]
    feed(bars, gap("09:16:10", "09:17:30"), clock("09:18:02"))
    (request,) = bars.wishes(at("09:18:02"))
    assert request.from_ns == at("09:17")
    assert starts(told(bars, request, "09:18:03")) == ["09:17*"]


def test_a_desk_that_comes_late_in_the_morning_asks_for_what_it_missed() -> None:
    bars = Bars(State(), USUAL, "test")
    bars.watch(NAME, ("1m",))
    friday = date(2026, 11, 20)
    feed(bars, clock("15:29", friday), tick("15:29:30", 100, day=friday), clock("15:32", friday))
    feed(bars, *live("09:18:30", "09:19:10"), clock("09:19:10"))

    requests = bars.wishes(at("09:19:10"))
    assert [(one.from_ns, one.to_ns) for one in requests] == [(at("00:00"), at("09:19"))]
    assert feed(bars, *live("09:19:10", "09:20"), clock("09:20")) == []
    assert starts(told(bars, requests[0], "09:20:01")) == ["09:15*", "09:16*", "09:17*", "09:18*", "09:19"]


def test_no_more_questions_are_open_at_once_than_allowed() -> None:
    bars = Bars(State(), USUAL, "test", at_once=3)
    names = [f"NFO:OPTION{number}" for number in range(5)]
    for name in names:
        bars.watch(name, ("1m",), 10)
    feed(bars, clock("10:00:30"))
    first = bars.wishes(at("10:00:30"))

    assert len(first) == 3
    assert bars.wishes(at("10:00:31")) == []
    feed(bars, HistoryReply(first[0].request_id, "test", names[0], "1m", at("10:00:31")))
    assert [one.instrument for one in bars.wishes(at("10:00:31"))] == [names[3]]


def test_whoever_has_more_to_ask_keeps_nobody_waiting() -> None:
    """Else a restart would have the other asked earlier than a desk that was never stopped."""
    bars = Bars(State(), USUAL, "test", at_once=1)
    for name in (NAME, "NSE:Nifty Bank"):
        bars.watch(name, ("1m",), 10)
    feed(bars, clock("10:00:30"))
    (first,) = bars.wishes(at("10:00:30"))
    feed(bars, gap("10:00:40", "10:03:00.5"))
    assert bars.wishes(at("10:03:00.5")) == []

    feed(bars, HistoryReply(first.request_id, "test", first.instrument, "1m", at("10:03:01")))

    (other,) = bars.wishes(at("10:03:01"))
    assert other.instrument != first.instrument


def test_a_bar_that_is_said_again_before_the_commit_is_kept() -> None:
    state = State()
    bars = Bars(state, USUAL, "test")

    def heard() -> list[str]:
        bars.watch(NAME, ("1m",), 2)
        feed(bars, clock("10:00:30"))
        (request,) = bars.wishes(at("10:00:30"))
        return starts(told(bars, request, "10:00:31"))

    once = heard()
    bars.forget(NAME)
    again = heard()

    assert once == again
    rows = [row for row, value in state.take_changes().items() if row.startswith(b"bars_past/") and value]
    assert len(rows) == len(again) == 2


def test_a_series_may_be_declared_before_and_after_the_state_is_loaded() -> None:
    state = State()
    bars = Bars(state, USUAL, "test")
    bars.watch(NAME, ("1m",), 5)
    feed(bars, clock("09:14"))
    stored = {row: value for row, value in state.take_changes().items() if value is not None}

    fresh = State()
    again = Bars(fresh, USUAL, "test")
    again.watch(NAME, ("1m", "5m"), 5)
    fresh.load(stored)
    again.restored()
    again.watch(NAME, ("1m",), 5)

    requests = again.wishes(at("09:14:10"))
    assert sorted(one.timeframe for one in requests) == ["1m", "5m"]
