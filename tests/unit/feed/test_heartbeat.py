"""How often the market's clock beats: often enough for an order on its way at 1x, once a second of the market when that flies."""

import pytest

from sauda.clock import NS_PER_MS, NS_PER_S, ManualClock
from sauda_feed.market_clock import MarketClock, Segment


def at_speed(speed: float, wall_ns: int = 0) -> MarketClock:
    """Return the clock of a market at *speed*, *wall_ns* after its beginning."""
    clock = MarketClock(ManualClock(wall_ns))
    clock.follow([Segment(0, 10**18, 0, speed)])
    return clock


@pytest.mark.parametrize(("speed", "beat_ms"), [(0.5, 50), (1, 100), (5, 500), (10, 1000), (60, 1000)])
def test_it_beats_ten_times_a_second_of_ours_but_no_less_than_once_a_second_of_the_market(
    speed: float, beat_ms: int
) -> None:
    assert at_speed(speed).beat_ns() == beat_ms * NS_PER_MS


def test_a_real_brokers_market_beats_as_our_clock_does() -> None:
    clock = MarketClock(ManualClock(NS_PER_S + 30 * NS_PER_MS))
    clock.follow(None)

    assert clock.beat_ns() == 100 * NS_PER_MS
    assert clock.until_beat_s() == pytest.approx(0.07)


@pytest.mark.parametrize(("speed", "left_s"), [(1, 0.05), (60, 1 / 60), (0, 1.0)])
def test_it_says_how_long_to_sleep_until_the_next_beat(speed: float, left_s: float) -> None:
    half_ns = 50 * NS_PER_MS if speed == 1 else 0

    assert at_speed(speed, half_ns).until_beat_s() == pytest.approx(left_s)
