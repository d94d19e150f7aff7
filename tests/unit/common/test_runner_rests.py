"""A unit that rests is woken by what is urgent to it, rests longest where most comes at once, and a step that takes long keeps its lease."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sauda.clock import NS_PER_S, ManualClock
from sauda.codec import encode
from sauda.contracts import Message, Tick
from sauda.errors import TransientError
from sauda.log import Entry, Lease, Output, Position, Step
from sauda.memory_log import MemoryLog
from sauda.rests import LARGEST, SMALL_STEP, STORM
from sauda.runner import Carrier, UnitRunner
from sauda.testing.counting import counter_unit
from sauda.unit import Unit

REST_MS, LONG_REST_MS = 7, 90
BATCH = SMALL_STEP
GROWING = (1 + 2 + 4 + 8 + 16) * BATCH
"""Entries after which steps are as large as they become."""


def resting_unit() -> Unit:
    return replace(
        counter_unit(),
        inputs=("control", "ticks"),
        rest_ms=REST_MS,
        long_rest_ms=LONG_REST_MS,
        urgent=("control",),
    )


def ticks(count: int) -> list[Output]:
    return [Output("ticks", encode(Tick("NSE:Nifty 50", 1, 1, ltp))) for ltp in range(1_000, 1_000 + count)]


class Line(MemoryLog):
    """Remembers how it was waited on, and may be away for those who wait for the urgent alone."""

    def __init__(self, *, away: bool = False) -> None:
        super().__init__()
        self.rests: list[tuple[dict[str, Position], int]] = []
        self._away = away

    def read_after_rest(
        self, urgent: Mapping[str, Position], rest_ms: int, positions: Mapping[str, Position], count: int
    ) -> list[Entry]:
        self.rests.append((dict(urgent), rest_ms))
        if self._away:
            raise TransientError("not there")
        return super().read_after_rest(urgent, rest_ms, positions, count)


class UntilRested:
    """Ends the run at the second rest; a rest that nothing can end is a failure."""

    def __init__(self, log: Line) -> None:
        self._log = log

    def is_set(self) -> bool:
        if self._log.rests:
            self._log.append(ticks(1))
        return len(self._log.rests) >= 2

    def wait(self, timeout: float) -> bool:
        raise AssertionError(f"rests {timeout} s, whatever arrives")


@pytest.mark.parametrize("away", [False, True])
def test_a_resting_unit_waits_for_what_is_urgent_behind_its_position(away: bool) -> None:
    log = Line(away=away)
    unit = resting_unit()
    lease = log.acquire(unit.name, "before", 1_000)
    assert lease is not None
    log.load(lease, unit.reads)
    log.release(lease)
    (before,) = log.append([Output("control", b'{"type":"clock","event_ns":1}')])
    log.append(ticks(3))

    UnitRunner(unit, log, "tests").run(UntilRested(log))

    assert log.rests == [({"control": Position(before, 1)}, REST_MS)] * 2
    assert log.positions_of(unit.name)["ticks"].passed == 4


@pytest.mark.parametrize(
    ("behind", "rest_ms"),
    [
        (1, REST_MS),
        (SMALL_STEP, 0),
        (STORM * BATCH - 1, 0),
        (STORM * BATCH, LONG_REST_MS),
        (LARGEST * BATCH - 1, LONG_REST_MS),
        (LARGEST * BATCH, 0),
        (LARGEST * BATCH + 1, 0),
    ],
)
def test_a_unit_rests_for_long_after_a_very_large_step_that_took_all_there_was(
    behind: int, rest_ms: int
) -> None:
    log = MemoryLog()
    runner = UnitRunner(resting_unit(), log, "tests", batch=BATCH)
    runner.turn()
    log.append(ticks(GROWING))
    while runner.handled < GROWING:
        runner.turn()
    log.append(ticks(behind))

    assert runner.turn() == rest_ms / 1_000
    assert runner.handled - GROWING == min(behind, LARGEST * BATCH)


def test_who_begins_has_small_steps_that_grow_while_they_are_full() -> None:
    log = MemoryLog()
    runner = UnitRunner(resting_unit(), log, "tests", batch=BATCH)
    runner.turn()
    log.append(ticks(GROWING + 8 * BATCH))
    steps: list[int] = []

    while not steps or steps[-1]:
        before = runner.handled
        runner.turn()
        steps.append(runner.handled - before)

    assert steps == [BATCH, 2 * BATCH, 4 * BATCH, 8 * BATCH, 16 * BATCH, 8 * BATCH, 0]


def test_a_unit_that_never_rests_for_long_is_given_no_larger_steps() -> None:
    log = MemoryLog()
    runner = UnitRunner(replace(resting_unit(), long_rest_ms=0), log, "tests", batch=BATCH)
    runner.turn()
    log.append(ticks(STORM * BATCH))

    runner.turn()

    assert runner.handled == BATCH


class Slow:
    """Takes its time for each message, and before each commit."""

    def __init__(self, unit: Unit, clock: ManualClock, message_s: float, rows_s: float) -> None:
        self._inner = unit.build()
        self.state, self._clock, self._message_s = self._inner.state, clock, message_s
        self.state.before_commit(lambda: clock.sleep(rows_s))

    def handle(self, message: Message) -> list[Message]:
        self._clock.sleep(self._message_s)
        return list(self._inner.handle(message))

    def restored(self) -> None:
        self._inner.restored()


class FarLine(MemoryLog):
    """Takes its time to send what is to be committed."""

    def __init__(self, clock: ManualClock, send_s: float) -> None:
        super().__init__(clock=clock)
        self._send_clock, self._send_s = clock, send_s

    def commit(self, lease: Lease, step: Step) -> None:
        self._send_clock.sleep(self._send_s)
        super().commit(lease, step)


@pytest.mark.parametrize(("message_s", "rows_s", "send_s"), [(0.01, 0, 0), (0, 0.6, 0.6)])
def test_a_step_longer_than_the_lease_keeps_it(message_s: float, rows_s: float, send_s: float) -> None:
    clock = ManualClock(now_ns=NS_PER_S)
    log, unit = FarLine(clock, send_s), counter_unit()
    lease = log.acquire(unit.name, "tests", 1_000)
    assert lease is not None
    slow = replace(unit, build=lambda: Slow(unit, clock, message_s, rows_s))
    carrier = Carrier(slow, log, lease, seconds=lambda: clock.now_ns() / NS_PER_S)
    log.append(ticks(300))

    assert carrier.step() == 300
    assert log.positions_of(unit.name)["ticks"].passed == 300
