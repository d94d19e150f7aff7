"""What the bar says, and how entries are split into what may be written at once."""

import io

from rich.console import Console

from sauda.clock import NS_PER_S
from sauda.log import Entry
from sauda.replay.bar import Span, drawn, duration
from sauda.replay.player import Item, Progress
from sauda.replay.target import replayed, runs
from sauda.testing.builders import at

SPAN = Span("live → debug", at("09:20"), at("09:30"))


def said(progress: Progress, span: Span = SPAN) -> str:
    console = Console(file=io.StringIO(), width=110, force_terminal=False)
    with console.capture() as captured:
        console.print(drawn(span, progress))
    return captured.get()


def test_the_bar_says_where_it_is_and_how_long_it_still_takes() -> None:
    text = said(Progress(played=12_345, time_ns=at("09:25"), per_s=250, speed=10.0))

    for word in ("live → debug 10x", "2026-11-23 09:25:00", "50%", "12,345 entries", "250/s", "30 s left"):
        assert word in text


def test_at_full_speed_what_is_left_is_judged_by_what_is_done() -> None:
    progress = Progress(played=1, time_ns=at("09:22"), speed=None, elapsed_ns=30 * NS_PER_S)

    assert "2:00 left" in said(progress)


def test_a_gap_is_named_with_its_length_in_the_market_and_here() -> None:
    progress = Progress(time_ns=at("09:20"), speed=60.0, left_ns=20 * NS_PER_S, gap_ns=1200 * NS_PER_S)

    assert "nothing for 20:00 of the market, next in 20 s · enter skips this" in said(progress)


def test_before_the_first_entry_and_without_market_time_there_is_no_promise() -> None:
    text = said(Progress(speed=1.0), Span("live", None, None))

    assert "left" not in text
    assert "0%" in text


def test_durations_read_like_a_clock() -> None:
    assert [duration(seconds) for seconds in (0.4, 59, 60, 125, 3725)] == [
        "0 s",
        "59 s",
        "1:00",
        "2:05",
        "1:02:05",
    ]


def item(stream: str, number: int, clock: str) -> Item:
    return Item(Entry(stream, b"%d-0" % number, b'{"n":%d}' % number, b"control 9-9"), at(clock))


def test_no_step_holds_two_streams_and_no_worked_second_two_seconds() -> None:
    items = [
        item("ticks", 1, "09:20:00"),
        item("ticks", 2, "09:20:00.900"),
        item("ticks", 3, "09:20:01"),
        item("orders", 4, "09:20:01"),
        item("ticks", 5, "09:20:01"),
    ]

    assert [[one.entry.id for one in run] for run in runs(items, None)] == [
        [b"1-0", b"2-0", b"3-0"],
        [b"4-0"],
        [b"5-0"],
    ]
    assert [len(run) for run in runs(items, NS_PER_S)] == [2, 1, 1, 1]


def test_a_replayed_entry_keeps_its_bytes_and_names_the_one_that_it_repeats() -> None:
    output = replayed("live@1", item("ticks", 7, "09:20"))

    assert output == ("ticks", b'{"n":7}', b"live@1/ticks 7-0")
