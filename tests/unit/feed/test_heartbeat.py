"""How often the market's clock beats: often enough for an order on its way at 1x, once a second of the market when that flies."""

from typing import Any

import pytest

from sauda.clock import NS_PER_MS, NS_PER_S, ManualClock
from sauda.contracts import ClockTick
from sauda.testing.builders import a_tick
from sauda_feed.inbox import Inbox
from sauda_feed.market_clock import MarketClock, Segment
from sauda_feed.noren import NorenSource
from sauda_feed.terms import TermsNews


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


class Session:
    """What the source needs of a session at the broker."""

    failure = None
    past = None

    def __init__(self) -> None:
        self.terms = TermsNews()

    def take_instruments(self) -> tuple[()]:
        return ()


def a_source(wall: ManualClock) -> tuple[NorenSource, Inbox]:
    clock = MarketClock(wall)
    clock.follow(None)
    inboxes: list[Inbox] = []

    def session(inbox: Inbox) -> Any:
        inboxes.append(inbox)
        return Session()

    return NorenSource(session, clock), inboxes[0]


def test_a_beat_waits_for_the_frame_that_is_being_read() -> None:
    wall = ManualClock(10 * NS_PER_S)
    source, inbox = a_source(wall)
    inbox.arriving = True
    early = a_tick(at_ns=wall.now_ns() - NS_PER_MS)

    assert source.poll(10, 0).messages == []
    inbox.put(early)
    inbox.arriving = False

    assert source.poll(10, 0).messages == [early, ClockTick(10 * NS_PER_S)]


def test_in_a_busy_market_the_beat_stands_between_the_ticks_before_and_after_it() -> None:
    wall = ManualClock(10 * NS_PER_S)
    source, inbox = a_source(wall)
    ticks = [a_tick(at_ns=wall.now_ns() + step * NS_PER_MS) for step in (-1, 1)]
    for tick in ticks:
        inbox.put(tick)
    inbox.arriving = True
    wall.advance_to(wall.now_ns() + 5 * NS_PER_MS)

    assert source.poll(10, 0).messages == [ticks[0], ClockTick(10 * NS_PER_S), ticks[1]]
