"""Rules about the feed: silence, holes and stale prices, measured on the market's time while an exchange is open."""

from datetime import date

import pytest

from sauda.contracts import Level
from sauda.testing.builders import a_clock, a_gap, a_tick
from sauda_alerts.rules import Patient, Rules
from tests.unit.alerts.made import OPTION, a_desk, at, codes, fill, say

OTHER = "NFO:NIFTY01DEC26P24500"
COMMODITY = "MCX:CRUDEOIL15DEC26"


def test_silence_is_said_once_when_it_has_lasted_and_that_it_is_over() -> None:
    desk = a_desk()
    before = say(desk, a_tick(at_ns=at("10:00:00")), a_clock(at("10:00:15")))
    (mute,) = say(desk, a_clock(at("10:00:16")), a_clock(at("10:00:17")))
    (back,) = say(desk, a_tick(at_ns=at("10:01:00")), a_tick(at_ns=at("10:01:01")))

    assert before == []
    assert (mute.code, mute.level, mute.event_ns) == ("FEED_MUTE", Level.CRITICAL, at("10:00:16"))
    assert "since 2026-11-23 10:00:00.000 IST" in mute.text
    assert (back.code, back.level) == ("FEED_BACK", Level.INFO)
    assert "60 s" in back.text


def test_at_sixty_times_the_speed_the_market_may_be_silent_for_sixty_times_as_long() -> None:
    desk = a_desk(speed=60)
    said = say(desk, a_tick(at_ns=at("10:00")), a_clock(at("10:15")))

    assert said == []
    assert codes(say(desk, a_clock(at("10:15:01")))) == ["FEED_MUTE"]


def test_nobody_misses_ticks_while_the_exchange_is_closed_nor_in_its_first_seconds() -> None:
    desk = a_desk()
    night = say(desk, a_tick(at_ns=at("15:39:59")), a_clock(at("15:40:30")), a_clock(at("23:00")))
    wednesday = date(2026, 11, 25)  # Tuesday was a holiday
    morning = say(desk, a_clock(at("09:15:00", wednesday)), a_clock(at("09:15:10", wednesday)))

    assert [*night, *morning] == []
    assert codes(say(desk, a_clock(at("09:15:16", wednesday)))) == ["FEED_MUTE"]


def test_on_a_holiday_and_a_weekend_nobody_misses_ticks() -> None:
    desk = a_desk()
    say(desk, a_tick(at_ns=at("15:39:59")))
    saturday = date(2026, 11, 28)

    assert say(desk, a_clock(at("11:00", saturday)), a_clock(at("12:00", saturday))) == []


def test_an_exchange_that_trades_in_the_evening_is_missed_in_the_evening() -> None:
    desk = a_desk()
    said = say(desk, a_tick(instrument=COMMODITY, at_ns=at("20:00:00")), a_clock(at("20:00:16")))

    assert codes(said) == ["FEED_MUTE"]


def test_a_feed_that_flaps_is_said_once_within_the_debounce_and_then_with_how_often() -> None:
    desk = a_desk()
    said = []
    for minute in range(8):
        said += say(
            desk,
            a_tick(at_ns=at(f"10:{minute:02}:00")),
            a_clock(at(f"10:{minute:02}:20")),
        )
    mutes = [one for one in said if one.code == "FEED_MUTE"]

    assert [one.event_ns for one in mutes] == [at("10:00:20"), at("10:05:20")]
    # Of a silence that nobody was told of, nobody is told the end.
    assert [one.event_ns for one in said if one.code == "FEED_BACK"] == [at("10:01:00"), at("10:06:00")]
    assert mutes[1].text.endswith("(4 more since 10:00:20)")


def test_a_hole_is_said_with_its_reason_and_does_not_count_as_silence() -> None:
    desk = a_desk()
    say(desk, a_tick(at_ns=at("10:00")))
    (gap,) = say(desk, a_gap(at("10:00:01"), at("10:05:00")), a_clock(at("10:05:01")))

    assert (gap.code, gap.level) == ("FEED_GAP", Level.WARNING)
    assert "10:00:01.000 to 2026-11-23 10:05:00.000 IST: test" in gap.text
    assert codes(say(desk, a_clock(at("10:05:16")))) == ["FEED_MUTE"]


def test_a_short_hole_and_one_in_the_night_are_nobodys_business() -> None:
    desk = a_desk()
    say(desk, a_tick(at_ns=at("10:00")))

    assert say(desk, a_gap(at("10:00:01"), at("10:00:05"))) == []
    assert say(desk, a_gap(at("15:40"), at("23:00"))) == []
    assert codes(say(desk, a_gap(at("15:39"), at("23:00")))) == ["FEED_GAP"]


@pytest.mark.parametrize("qty", [-65, 65])
def test_what_is_held_must_tick_and_what_is_not_need_not(qty: int) -> None:
    desk = a_desk()
    say(desk, a_tick(at_ns=at("10:00")), a_tick(instrument=OTHER, at_ns=at("10:00")), fill(qty))
    said = []
    for second in range(0, 120, 10):
        clock = f"10:{second // 60:02}:{second % 60:02}"
        said += say(desk, a_tick(instrument=OTHER, at_ns=at(clock)), a_clock(at(clock)))

    (stale,) = said
    assert (stale.code, stale.event_ns) == ("STALE_QUOTE", at("10:01:10"))
    assert stale.text == f"{OPTION} is held and has had no tick since 2026-11-23 10:00:00.000 IST"


def test_a_position_that_was_closed_is_missed_no_more_unless_another_strategy_holds_it() -> None:
    fresh = a_tick(instrument=OTHER, at_ns=at("10:01:10"))
    desk = a_desk()
    say(desk, a_tick(at_ns=at("10:00")), fill(-65), fill(-65, strategy="other"), fill(65))
    assert codes(say(desk, fresh, a_clock(at("10:01:10")))) == ["STALE_QUOTE"]

    desk = a_desk()
    say(desk, a_tick(at_ns=at("10:00")), fill(-65), fill(130), fill(-65))
    assert say(desk, fresh, a_clock(at("10:01:10"))) == []


def test_stale_again_after_a_tick_is_said_again_after_the_debounce() -> None:
    rules = Rules(stale_quote=Patient(after_s=60, debounce_s=100))
    desk = a_desk(rules)
    said = say(desk, a_tick(at_ns=at("10:00")), fill(-65))
    for clock in ("10:00:50", "10:01:05", "10:01:10", "10:02:15", "10:03:30", "10:04:35"):
        tick = a_tick(instrument=OPTION if clock in ("10:01:10", "10:03:30") else OTHER, at_ns=at(clock))
        said += say(desk, tick, a_clock(at(clock)))

    assert [one.event_ns for one in said] == [at("10:01:05"), at("10:04:35")]
    assert "(1 more since 10:01:05)" in said[1].text


def test_a_rule_that_is_off_says_nothing() -> None:
    desk = a_desk(Rules(feed_mute=Patient(after_s=15, enabled=False)))

    assert say(desk, a_tick(at_ns=at("10:00")), a_clock(at("10:05")), a_tick(at_ns=at("10:06"))) == []


def test_an_exchange_that_nobody_knows_silences_nobody_else() -> None:
    desk = a_desk()
    said = say(
        desk,
        a_tick(instrument="MARS:ROCK", at_ns=at("10:00")),
        a_tick(at_ns=at("10:00")),
        a_clock(at("10:01")),
    )

    assert codes(said) == ["FEED_MUTE"]


def test_silence_that_the_debounce_held_back_is_said_if_it_lasts() -> None:
    desk = a_desk()
    say(desk, a_tick(at_ns=at("10:00:00")), a_clock(at("10:00:16")))
    clocks = [a_clock(at(f"10:{minute:02}:30")) for minute in range(1, 12)]
    mutes = [one for one in say(desk, a_tick(at_ns=at("10:01:00")), *clocks) if one.code == "FEED_MUTE"]

    assert [one.event_ns for one in mutes] == [at("10:05:30")]
    assert mutes[0].text.endswith("since 2026-11-23 10:01:00.000 IST")


def test_a_stale_price_that_the_debounce_held_back_is_said_if_it_lasts() -> None:
    desk = a_desk()
    said = say(desk, a_tick(at_ns=at("10:00")), fill(-65))
    for minute in range(1, 12):
        others = a_tick(instrument=OTHER, at_ns=at(f"10:{minute:02}:30"))
        fresh = [a_tick(at_ns=at("10:02"))] if minute == 2 else []
        said += say(desk, *fresh, others, a_clock(at(f"10:{minute:02}:30")))

    assert [(one.code, one.event_ns) for one in said] == [
        ("STALE_QUOTE", at("10:01:30")),
        ("STALE_QUOTE", at("10:06:30")),
    ]
