"""Cycles of objects go within a minute of a service's time, however few objects it makes."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from sauda.garbage import Rounds, collect_rarely


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_a_cycle_is_gone_after_a_minute_and_not_before() -> None:
    collect_rarely()
    now_s = 0.0
    rounds = Rounds(lambda: now_s)
    knot = weakref.ref(Knot())
    now_s = 59.0
    rounds.turn()
    assert knot() is not None
    now_s = 60.0
    rounds.turn()
    assert knot() is None


def test_it_goes_on_every_minute() -> None:
    collect_rarely()
    now_s = 0.0
    rounds = Rounds(lambda: now_s)
    for minute in (1, 2):
        knot = weakref.ref(Knot())
        now_s = minute * 60.0
        rounds.turn()
        assert knot() is None


def test_what_was_alive_at_a_round_and_died_later_goes_with_the_thirtieth() -> None:
    collect_rarely()
    now_s = 0.0
    rounds = Rounds(lambda: now_s)
    old = Knot()
    gone = weakref.ref(old)
    for minute in range(1, 31):
        now_s = minute * 60.0
        if minute == 29:
            del old
        rounds.turn()
    assert gone() is None
