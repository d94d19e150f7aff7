"""Wall time and market time: when the market begins, jumps, and where it is after a restart."""

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.calendar import Calendar
from sauda.clock import NS_PER_S, ManualClock, from_ist, ist_date
from sauda.errors import ConfigError
from sauda_simulator.anchor import AnchorFile
from sauda_simulator.market.day import trading_day
from sauda_simulator.market.session import PAUSE_NS, Anchor, Timeline
from sauda_simulator.market_clock import MarketClock, MarketPlan

MONDAY = date(2026, 11, 30)
WALL = from_ist(date(2026, 11, 28), time(22, 0))


def at(day: date, hour: int, minute: int, second: int = 0) -> int:
    return from_ist(day, time(hour, minute, second))


def timeline(calendar: Calendar, speed: float) -> Timeline:
    start = trading_day(calendar, MONDAY).start_ns(speed)
    return Timeline(Anchor(WALL, start, speed), lambda day: trading_day(calendar, day))


def clock(
    calendar: Calendar, wall: ManualClock, folder: Path, speed: float = 60, day: date | None = MONDAY
) -> MarketClock:
    return MarketClock(MarketPlan(1, ["NIFTY"], speed, day), calendar, wall, AnchorFile(folder))


def test_a_day_begins_three_wall_seconds_before_the_open(calendar: Calendar) -> None:
    assert timeline(calendar, 1).market_ns(WALL) == at(MONDAY, 9, 14, 57)
    assert timeline(calendar, 60).market_ns(WALL) == at(MONDAY, 9, 12)
    assert timeline(calendar, 60).market_ns(WALL + 3 * NS_PER_S) == at(MONDAY, 9, 15)
    assert timeline(calendar, 5000).market_ns(WALL) == at(MONDAY, 9, 1)


def test_after_the_close_the_market_stands_and_then_jumps_to_the_next_day(calendar: Calendar) -> None:
    line = timeline(calendar, 60)
    # 09:12 to 15:40 are 388 minutes, one wall second each.
    closed = WALL + 388 * NS_PER_S

    assert line.market_ns(closed - NS_PER_S) == at(MONDAY, 15, 39)
    assert line.market_ns(closed) == line.market_ns(closed + PAUSE_NS - 1) == at(MONDAY, 15, 40)
    assert line.market_ns(closed + PAUSE_NS) == at(date(2026, 12, 1), 9, 12)


def test_the_jump_leaves_out_weekends_and_holidays(calendar: Calendar) -> None:
    start = trading_day(calendar, date(2026, 11, 23)).start_ns(60)
    line = Timeline(Anchor(WALL, start, 60), lambda day: trading_day(calendar, day))
    day_ns = 390 * NS_PER_S

    days = [ist_date(line.market_ns(WALL + number * day_ns)) for number in range(5)]

    # 24 November is a holiday, 28 and 29 a weekend.
    assert [day.day for day in days] == [23, 25, 26, 27, 30]


@given(
    speed=st.sampled_from([0.5, 1, 7.3, 60, 600, 100_000]),
    steps=st.lists(st.integers(0, 500 * NS_PER_S), min_size=2, max_size=30),
)
def test_market_time_never_goes_back(calendar: Calendar, speed: float, steps: list[int]) -> None:
    line, wall, before = timeline(calendar, speed), WALL, 0
    for step in steps:
        wall += step
        now = line.market_ns(wall)
        assert now >= before
        before = now


@given(st.integers(0, 3000 * NS_PER_S))
def test_the_published_stretches_give_the_same_time(calendar: Calendar, elapsed: int) -> None:
    line, wall = timeline(calendar, 60), WALL + elapsed
    stretches = line.around(wall)
    here = [one for one in stretches if one.wall_from_ns <= wall < one.wall_to_ns]

    assert len(here) == 1
    assert here[0].market_ns(wall) == line.market_ns(wall)
    assert sum(one.wall_from_ns > wall for one in stretches) >= 3


def test_long_runs_do_not_pile_up_stretches(calendar: Calendar) -> None:
    line = timeline(calendar, 60)

    lengths = [len(line.around(WALL + step * 600 * NS_PER_S)) for step in range(100)]

    assert max(lengths[5:]) < 12


def test_the_market_waits_for_the_first_login(calendar: Calendar, tmp_path: Path) -> None:
    wall = ManualClock(WALL)
    market = clock(calendar, wall, tmp_path)

    wall.sleep(500)
    assert market.now_ns() == at(MONDAY, 9, 12)
    assert market.stretches() == []

    market.start()
    wall.sleep(8)
    market.start()
    assert market.now_ns() == at(MONDAY, 9, 20)


def test_without_a_date_the_market_begins_on_the_last_trading_day_until_today(
    calendar: Calendar, tmp_path: Path
) -> None:
    # 28 November 2026 is a Saturday.
    market = clock(calendar, ManualClock(WALL), tmp_path, day=None)

    assert market.day().hours.day == date(2026, 11, 27)


def test_the_market_goes_on_during_a_short_absence(calendar: Calendar, tmp_path: Path) -> None:
    wall = ManualClock(WALL)
    first = clock(calendar, wall, tmp_path)
    first.start()
    wall.sleep(30)

    again = clock(calendar, wall, tmp_path)

    assert again.anchored
    assert again.now_ns() == first.now_ns() == at(MONDAY, 9, 42)


def test_the_market_stands_still_during_a_long_absence(calendar: Calendar, tmp_path: Path) -> None:
    wall = ManualClock(WALL)
    first = clock(calendar, wall, tmp_path)
    first.start()
    wall.sleep(30)
    first.keep()
    wall.sleep(8 * 3600)

    again = clock(calendar, wall, tmp_path)

    assert again.now_ns() == at(MONDAY, 9, 42)
    wall.sleep(1)
    assert again.now_ns() == at(MONDAY, 9, 43)


@pytest.mark.parametrize(("elapsed", "speed"), [(1, 1.0), (30, 1.0), (389, 1.0), (388, 600.0), (500, 120.0)])
def test_another_speed_goes_on_from_where_the_market_is(
    calendar: Calendar, tmp_path: Path, elapsed: int, speed: float
) -> None:
    wall = ManualClock(WALL)
    first = clock(calendar, wall, tmp_path)
    first.start()
    wall.sleep(elapsed)
    first.keep()

    again = clock(calendar, wall, tmp_path, speed=speed)

    assert again.now_ns() == first.now_ns()


def test_another_date_begins_another_market(calendar: Calendar, tmp_path: Path) -> None:
    first = clock(calendar, ManualClock(WALL), tmp_path)
    first.start()

    other = clock(calendar, ManualClock(WALL), tmp_path, day=date(2026, 12, 2))

    assert not other.anchored
    assert other.day().hours.day == date(2026, 12, 2)


def test_a_broken_anchor_file_is_named(calendar: Calendar, tmp_path: Path) -> None:
    (tmp_path / "simulator-market.json").write_text("{")

    with pytest.raises(ConfigError, match=r"simulator-market\.json cannot be read"):
        clock(calendar, ManualClock(WALL), tmp_path)


def test_the_day_changes_with_the_jump(calendar: Calendar, tmp_path: Path) -> None:
    wall = ManualClock(WALL)
    market = clock(calendar, wall, tmp_path)
    market.start()

    wall.sleep(389)
    assert market.day().hours.day == MONDAY
    assert market.moment()[1] == market.day().hours.seconds * 4

    wall.sleep(2)
    assert market.day().hours.day == date(2026, 12, 1)
    assert market.moment()[1] is None


def test_a_folder_that_cannot_be_written_is_named_before_anybody_logs_in(
    calendar: Calendar, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ConfigError, match="SAUDA_SIM_DATA"):
        clock(calendar, ManualClock(WALL), tmp_path / "file")


def test_a_machine_clock_that_is_set_back_does_not_turn_the_market_back(
    calendar: Calendar, tmp_path: Path
) -> None:
    wall = ManualClock(WALL)
    market = clock(calendar, wall, tmp_path)
    market.start()
    wall.sleep(30)
    before = market.now_ns()

    wall.sleep(-20)
    assert market.now_ns() == before

    wall.sleep(21)
    assert market.now_ns() > before


def test_day_and_moment_come_from_one_look_at_the_clock(calendar: Calendar, tmp_path: Path) -> None:
    class Hasty(ManualClock):
        """Moves on by 10 ms whenever somebody looks."""

        def now_ns(self) -> int:
            self.sleep(0.01)
            return super().now_ns()

    wall = Hasty(WALL)
    market = clock(calendar, wall, tmp_path)
    market.start()
    # The jump to the next day comes 390 s after the beginning.
    wall.advance_to(WALL + 389_500_000_000)

    seen = [market.moment() for _ in range(100)]

    closing = market.day().hours.seconds * 4
    assert {(day.hours.day, quarter) for day, quarter in seen} == {
        (MONDAY, closing),
        (date(2026, 12, 1), None),
    }
