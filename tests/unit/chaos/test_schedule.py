"""A schedule follows from its seed, and is hard enough to prove something."""

from collections import Counter

import pytest

from chaos.run import KILLS_PER_MINUTE, PAUSES_PER_MINUTE
from chaos.schedule import SERVERS, SERVICES, Act, Event, schedule

LEASE_MS = 1000


def test_the_same_seed_gives_the_same_schedule_and_another_one_another() -> None:
    assert schedule(1, 5, LEASE_MS) == schedule(1, 5, LEASE_MS)
    assert schedule(1, 5, LEASE_MS) != schedule(2, 5, LEASE_MS)


def test_the_schedule_of_seed_one_is_the_same_on_every_machine() -> None:
    first, *_, last = schedule(1, 5, LEASE_MS)

    assert first == Event(1.717, Act.KILL, "feed/holder", 0.013)
    assert last == Event(299.412, Act.SLOW, "execution/1", 2.594)


@pytest.mark.parametrize("seed", range(20))
def test_five_minutes_have_a_hundred_kills_and_forty_pauses_whatever_the_seed(seed: int) -> None:
    done = Counter(event.act for event in schedule(seed, 5, LEASE_MS))

    assert done[Act.KILL] > KILLS_PER_MINUTE * 5 >= 100
    assert done[Act.PAUSE] > PAUSES_PER_MINUTE * 5 >= 40
    assert set(done) == set(Act)


@pytest.mark.parametrize("seed", range(20))
def test_a_pause_and_a_held_commit_outlast_the_lease(seed: int) -> None:
    events = schedule(seed, 2, LEASE_MS)

    assert all(one.for_s * 1000 > LEASE_MS for one in events if one.act in (Act.PAUSE, Act.HOLD))


def test_every_service_is_killed_and_paused_even_in_a_short_run() -> None:
    events = schedule(3, 0.7, LEASE_MS)

    for act in (Act.KILL, Act.PAUSE):
        assert {one.victim.partition("/")[0] for one in events if one.act is act} == set(SERVICES)
    assert {one.victim for one in events if one.act in SERVERS} == {"redis", "database"}


def test_events_are_in_order_and_within_the_run() -> None:
    events = schedule(4, 1, LEASE_MS)

    assert events == sorted(events, key=lambda one: one.at_s)
    assert 0 <= events[0].at_s <= events[-1].at_s <= 60
