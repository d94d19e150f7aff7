"""Inside there are only UTC nanoseconds; India's wall time exists at the edges and converts without loss."""

from datetime import date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from sauda.clock import (
    NS_PER_S,
    ManualClock,
    SystemClock,
    clock_text,
    from_ist,
    ist_date,
    monotonic_s,
    to_ist,
)

NINE_TWENTY = 1_795_405_800_000_000_000
"""2026-11-23 09:20:00 IST = 03:50:00 UTC."""


def test_india_is_five_and_a_half_hours_ahead() -> None:
    assert from_ist(date(2026, 11, 23), time(9, 20)) == NINE_TWENTY
    assert to_ist(NINE_TWENTY).time() == time(9, 20)


def test_the_date_in_india_changes_at_half_past_six_in_the_evening_utc() -> None:
    midnight = from_ist(date(2026, 11, 24), time(0))

    assert ist_date(midnight) == date(2026, 11, 24)
    assert ist_date(midnight - 1) == date(2026, 11, 23)


def test_people_read_ist_to_the_millisecond() -> None:
    assert clock_text(NINE_TWENTY + 250_999_999) == "2026-11-23 09:20:00.250"


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)))  # noqa: DTZ001  (wall time of India)
def test_wall_time_in_india_survives_the_trip(moment: datetime) -> None:
    there = from_ist(moment.date(), moment.time())

    assert to_ist(there).replace(tzinfo=None) == moment


def test_a_manual_clock_moves_only_forward_and_only_when_told() -> None:
    clock = ManualClock(5)

    clock.advance_to(3)
    assert clock.now_ns() == 5

    clock.advance_to(9)
    clock.sleep(2)
    assert clock.now_ns() == 9 + 2 * NS_PER_S


def test_the_system_clock_and_the_monotonic_clock_go_on() -> None:
    clock, began = SystemClock(), monotonic_s()
    before = clock.now_ns()

    clock.sleep(0.002)

    assert clock.now_ns() > before
    assert monotonic_s() > began
