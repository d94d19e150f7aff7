"""The desk's bars: of whatever ticks, back-filled after a gap, bounded, and the same whoever carries the unit."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sauda.calendar import load_calendar
from sauda.clock import ManualClock
from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF, Bar, HistoryReply, HistoryRequest, Message, PastBar
from sauda.log import Output
from sauda.memory_log import MemoryLog
from sauda.runner import Carrier
from sauda_bars.desk import SAID, Desk, bars_unit
from tests.unit.bars.made import DAY, NAME, USUAL, at, clock, gap, text_of, tick


def say(desk: Desk, *messages: Message) -> list[Message]:
    return [one for message in messages for one in desk.handle(message)]


def only_bars(said: Iterable[Message]) -> list[Bar]:
    return [one for one in said if isinstance(one, Bar)]


def test_whatever_ticks_has_bars_in_all_timeframes() -> None:
    desk = Desk(USUAL)
    said = say(
        desk, clock("09:00"), tick("09:08", 99), tick("09:15:10", 100), tick("09:30:10", 90), clock("15:30")
    )

    assert {bar.timeframe for bar in only_bars(said)} == set(SAID)
    assert not any(bar.torn for bar in only_bars(said))


def test_what_it_came_late_for_is_asked_for_and_marked() -> None:
    desk = Desk(USUAL)
    said = say(desk, clock("09:00"), tick("09:20:10", 100), tick("09:20:50", 101), clock("09:21:02"))
    (request,) = (one for one in said if isinstance(one, HistoryRequest))
    told = PastBar(at("09:20"), 98, 102, 97, 101)
    answered = say(desk, HistoryReply(request.request_id, "bars.desk", NAME, "1m", at("09:21:03"), (told,)))

    assert (request.by, request.timeframe, request.from_ns) == ("bars.desk", "1m", at("09:20"))
    (bar,) = only_bars(answered)
    assert (bar.past, bar.torn, bar.open, bar.low) == (True, False, 98, 97)


def test_after_a_gap_the_missing_minutes_are_asked_for() -> None:
    desk = Desk(USUAL)
    say(desk, clock("09:00"), tick("09:08", 99), tick("09:15:10", 100), tick("09:16:10", 100))
    said = say(desk, gap("09:16:20", "09:19:10"), tick("09:19:10", 103), clock("09:20:02"))
    minutes = [one for one in said if isinstance(one, HistoryRequest) and one.timeframe == "1m"]

    assert [(text_of(one.from_ns or 0), text_of(one.to_ns)) for one in minutes] == [("09:16", "09:19")]


def test_a_contract_that_shows_nothing_for_a_week_is_forgotten() -> None:
    desk = Desk(USUAL)
    old, new = "NFO:OLD", "NFO:NEW"
    say(desk, clock("09:00"), tick("10:00", 100, of=old), tick("10:00", 100, of=new), clock("15:30"))
    for day in (date(2026, 11, 27), date(2026, 12, 1)):
        say(desk, clock("09:00", day), tick("10:00", 100, of=new, day=day), clock("15:30", day))
    rows = {row for row, value in desk.state.take_changes().items() if value is not None}

    assert not any(b"OLD" in row for row in rows)
    assert any(b"NEW" in row for row in rows)


def test_an_exchange_of_which_nothing_is_known_has_no_bars_and_harms_nobody() -> None:
    desk = Desk(load_calendar(Path(__file__).parents[3] / "config/market").session)
    said = say(
        desk, clock("09:00"), tick("09:08", 99), tick("09:15:10", 1, of="MOON:CHEESE"), tick("09:15:10", 100)
    )

    assert only_bars(said) == []
    assert [bar.instrument for bar in only_bars(say(desk, clock("09:16")))] == [NAME]


def test_its_state_is_bounded_however_long_the_day_and_the_chain() -> None:
    desk = Desk(USUAL)
    names = [f"NFO:NIFTY01DEC26C{strike}" for strike in range(20_000, 35_000, 10)]
    rows: dict[bytes, bytes] = {}
    sizes = []
    say(desk, clock("09:00"), *(tick("09:08", 99, of=name) for name in names))
    for minute in range(15, 32):
        say(desk, *(tick(f"09:{minute}:05", 100 + minute, minute * 10, 5, of=name) for name in names))
        for row, value in desk.state.take_changes().items():
            if value is None:
                rows.pop(row, None)
            else:
                rows[row] = value
        sizes.append((len(rows), sum(map(len, rows.values()))))

    assert len(names) == 1_500
    assert {count for count, _ in sizes} == {len(names) * (1 + len(SAID)) + 2}
    assert max(size for _, size in sizes) < 3_000_000


def carried(restarts: bool) -> list[Bar]:
    """Return the bars of a little day by way of the log; with *restarts* another holder does every step."""
    time = ManualClock(at("09:00"))
    log = MemoryLog("desk", time)
    unit = bars_unit(USUAL)
    carrier = None
    messages: list[Message] = [clock("09:00")]
    for second in range(0, 600, 7):
        text = f"09:{15 + second // 60}:{second % 60:02}"
        messages += [
            tick(text, 100 + second % 13, second),
            tick(text, 50 + second % 5, of="NFO:B"),
            clock(text),
        ]
    messages += [gap("09:25", "09:27:30"), tick("09:27:31", 77, 900), clock("09:28:40"), clock("09:31")]
    for number, message in enumerate(messages):
        log.append([Output(STREAM_OF[type(message)], encode(message))])
        if carrier is None or restarts:
            if carrier is not None:
                log.release(carrier.lease)
            lease = log.acquire(unit.name, f"holder {number}", 60_000)
            assert lease is not None
            carrier = Carrier(unit, log, lease)
        while carrier.step():
            pass
    return [one for entry in log.entries("bars") if isinstance(one := decode(entry.data), Bar)]


def test_another_holder_after_every_message_says_the_same() -> None:
    once = carried(restarts=False)

    assert len(once) >= 25
    assert carried(restarts=True) == once


def test_all_days_are_alike() -> None:
    """A tick of the first second is enough to have seen the day, and each day begins anew."""
    desk = Desk(USUAL)
    counts = []
    for day in (DAY, date(2026, 11, 24)):
        said = say(
            desk, *(tick(f"09:{minute}", minute, day=day) for minute in range(15, 20)), clock("09:20", day)
        )
        counts.append([(bar.torn, bar.open) for bar in only_bars(said) if bar.timeframe == "1m"])

    assert counts[0] == counts[1] == [(False, minute) for minute in range(15, 20)]
