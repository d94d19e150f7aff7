"""When entries are due: laws of the pace, and the player on a clock that stands still until told."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.clock import NS_PER_S, ManualClock
from sauda.log import Entry
from sauda.replay.pace import SPEEDS, Pace
from sauda.replay.player import Item, Nobody, Player, Progress

START = 7_000 * NS_PER_S
OPEN = 1_795_405_500 * NS_PER_S
"""Market time of the first entry; any will do."""


def at(seconds: float) -> int:
    return OPEN + round(seconds * NS_PER_S)


def items(*seconds: float | None) -> list[Item]:
    return [
        Item(Entry("ticks", b"%d-0" % number, b"{}", b""), None if second is None else at(second))
        for number, second in enumerate(seconds, 1)
    ]


class Outlet:
    """Notes what came when."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.heard: list[tuple[int, float]] = []
        self.idled = 0

    def play(self, items: Sequence[Item]) -> None:
        now_s = (self._clock.now_ns() - START) / NS_PER_S
        self.heard += [(int(item.entry.id.partition(b"-")[0]), now_s) for item in items]

    def idle(self) -> None:
        self.idled += 1

    @property
    def when(self) -> list[float]:
        return [now_s for _, now_s in self.heard]


class Keys:
    """A board whose keys are pressed at given seconds."""

    def __init__(self, clock: ManualClock, presses: Sequence[tuple[float, str]]) -> None:
        self._clock = clock
        self._presses = list(presses)
        self.shown: list[tuple[bool, float | None]] = []

    def key(self, wait_s: float) -> str:
        self._clock.sleep(wait_s)
        now_s = (self._clock.now_ns() - START) / NS_PER_S
        if self._presses and now_s >= self._presses[0][0]:
            return self._presses.pop(0)[1]
        return ""

    def show(self, progress: Progress) -> None:
        self.shown.append((progress.paused, progress.speed))


def played(
    pace: Pace, entries: Sequence[Item], *presses: tuple[float, str], step: bool = False
) -> tuple[Outlet, bool]:
    clock = ManualClock(START)
    outlet = Outlet(clock)
    board = Keys(clock, presses) if presses else Nobody(clock)
    return outlet, Player(pace, outlet, board, clock).play(entries, step=step)


def test_at_the_original_pace_a_second_of_the_market_takes_a_second() -> None:
    outlet, complete = played(Pace(1.0), items(0, 1, 1, 61.5))

    assert outlet.when == [0, 1, 1, 61.5]
    assert complete


def test_at_ten_times_the_speed_a_minute_takes_six_seconds() -> None:
    outlet, _ = played(Pace(10.0), items(0, 60, 120))

    assert outlet.when == [0, 6, 12]


def test_as_fast_as_it_goes_no_time_passes() -> None:
    outlet, _ = played(Pace(None), items(0, 60, 7200))

    assert outlet.when == [0, 0, 0]


def test_an_entry_without_market_time_comes_along_with_the_one_before_it() -> None:
    outlet, _ = played(Pace(1.0), items(None, 0, None, 5, None))

    assert outlet.when == [0, 0, 0, 5, 5]


def test_a_late_strategy_s_older_time_delays_nothing_and_is_not_waited_for() -> None:
    outlet, _ = played(Pace(1.0), items(0, 10, 4, 11))

    assert outlet.when == [0, 10, 10, 11]


def test_a_night_is_no_longer_than_the_longest_gap() -> None:
    outlet, _ = played(Pace(2.0, longest_gap_s=5), items(0, 4, 64_000, 64_004))

    assert outlet.when == [0, 2, 7, 9]


def test_a_pause_moves_everything_behind_it_and_nothing_else() -> None:
    outlet, _ = played(Pace(1.0), items(0, 10, 20), (2, " "), (52, " "))

    assert outlet.when[0] == 0
    assert outlet.when[1:] == pytest.approx([60, 70], abs=0.11)


def test_a_single_step_plays_one_entry_and_stands_still_again() -> None:
    outlet, _ = played(Pace(1.0), items(0, 10, 20, 30), (5, "n"), (6, "n"), (9, " "), step=True)

    assert [number for number, _ in outlet.heard] == [1, 2, 3, 4]
    # The second entry is the present when time goes on at 9 s.
    assert outlet.when == pytest.approx([5, 6, 19, 29], abs=0.11)


def test_enter_skips_the_gap_and_only_that_one() -> None:
    outlet, _ = played(Pace(1.0), items(0, 3600, 3610), (4, "\n"))

    assert outlet.when == pytest.approx([0, 4, 14], abs=0.11)


def test_a_change_of_speed_counts_from_the_moment_it_is_made() -> None:
    outlet, _ = played(Pace(1.0), items(0, 100, 200), (50, "+"))

    assert outlet.when == pytest.approx([0, 75, 125], abs=0.2)


def test_q_ends_it_behind_the_entry_in_hand() -> None:
    outlet, complete = played(Pace(1.0), items(0, 10, 20), (12, "q"))

    assert [number for number, _ in outlet.heard] == [1, 2]
    assert not complete


def test_services_that_were_told_a_speed_are_not_outrun() -> None:
    pace = Pace(10.0, may_speed_up=False)
    pace.offer(at(0), START)
    pace.played()
    pace.faster(START)
    assert pace.speed == 10.0
    pace.slower(START)
    assert pace.speed == 5
    pace.faster(START)
    assert pace.speed == 10


def test_behind_the_highest_speed_comes_as_fast_as_it_goes_and_back() -> None:
    pace = Pace(1.0)
    pace.offer(at(0), START)
    pace.played()
    for _ in SPEEDS:
        pace.faster(START)
    assert pace.speed is None
    pace.slower(START)
    assert pace.speed == SPEEDS[-1]


def test_keys_and_the_lease_are_seen_to_while_entries_flow() -> None:
    clock = ManualClock(START)
    outlet = Outlet(clock)

    def flow() -> Sequence[Item]:
        return items(*(second / 100 for second in range(1000)))

    Player(Pace(1.0), outlet, Nobody(clock), clock).play(flow())

    assert outlet.idled >= 190


@given(
    gaps=st.lists(st.integers(0, 10**12), min_size=1, max_size=30),
    speed=st.sampled_from([0.5, 1.0, 3.0, 60.0, 10_000.0]),
    delays=st.lists(st.integers(0, 10**10), min_size=31, max_size=31),
)
def test_lateness_does_not_add_up(gaps: list[int], speed: float, delays: list[int]) -> None:
    pace = Pace(speed)
    times = [OPEN, *itertools.accumulate(gaps, initial=OPEN)]
    now = START
    for time_ns, delay in zip(times, delays, strict=False):
        pace.offer(time_ns, now)
        left = pace.left_ns(now)
        assert left is not None
        due = START + round((time_ns - OPEN) / speed)
        assert left == max(0, due - now)
        now += left + delay
        pace.played()


@given(
    presses=st.lists(st.sampled_from(["pause", "resume", "jump", "faster", "slower"]), max_size=40),
    seconds=st.lists(st.integers(0, 300), min_size=2, max_size=40),
)
def test_whatever_is_pressed_nobody_waits_longer_than_the_gap_at_the_slowest_speed(
    presses: list[str], seconds: list[int]
) -> None:
    pace, now, market = Pace(1.0), START, OPEN
    for number, second in enumerate(seconds):
        market += second * NS_PER_S
        pace.offer(market, now)
        if number < len(presses):
            getattr(pace, presses[number])(now)
        pace.resume(now)
        left = pace.left_ns(now)
        assert left is not None
        assert left <= 10 * second * NS_PER_S + 1
        now += left
        pace.played()
