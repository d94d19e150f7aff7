"""A unit does the same whether it is measured or not, and the figures are those of what it did."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_MS, ManualClock
from sauda.codec import encode
from sauda.contracts import Tick
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Entry, Lease, Log, Output, Position, Step
from sauda.memory_log import MemoryLog
from sauda.metrics import measures
from sauda.metrics.measured_log import MeasuredLog, StepFigures
from sauda.metrics.measures import Measure
from sauda.metrics.tally import Distribution
from sauda.runner import Carrier
from sauda.testing.counting import POISON_LTP, counter_unit

UNIT = counter_unit()
TTL_MS = 10**9


def a_tick(ltp: int) -> Output:
    return Output("ticks", encode(Tick(instrument="NSE:Nifty 50", event_ns=1, recv_ns=1, ltp=ltp)))


class Timed:
    """A log in memory, measured, at whose clock the test turns."""

    def __init__(self) -> None:
        self.clock = ManualClock(1_700_000_000_000 * NS_PER_MS)
        self.memory = MemoryLog("memory", self.clock)
        self.figures = StepFigures(UNIT.name)
        self.passed_s = 0.0
        self.log = MeasuredLog(
            self.memory, self.figures, lambda: self.clock.now_ns() // NS_PER_MS, seconds=lambda: self.passed_s
        )

    def carry(self, batch: int = 500, log: Log | None = None) -> Carrier:
        lease = self.memory.acquire(UNIT.name, "tests", TTL_MS)
        assert lease is not None
        return Carrier(UNIT, log or self.log, lease, batch)

    def sums(self, measure: Measure) -> dict[tuple[str, ...], float]:
        told = (one for one in self.figures.readings() if one.measure is measure)
        return {
            one.labels: sum(one.value.counts) if isinstance(one.value, Distribution) else one.value
            for one in told
        }


def everything(log: MemoryLog) -> list[Entry]:
    return [
        entry for stream in ("ticks", "alerts", "dead_letters", "journal") for entry in log.entries(stream)
    ]


@settings(max_examples=40)
@given(
    prices=st.lists(st.sampled_from([1, 2, 3, POISON_LTP]), min_size=1, max_size=30),
    batch=st.integers(1, 9),
    waits=st.booleans(),
)
def test_what_a_measured_unit_does_is_what_it_does_alone_and_all_of_it_is_counted(
    prices: list[int], batch: int, waits: bool
) -> None:
    alone, measured = Timed(), Timed()
    logs: list[tuple[Timed, Log]] = [(alone, alone.memory), (measured, measured.log)]
    for one, log in logs:
        carrier = one.carry(batch, log)
        one.memory.append([a_tick(price) for price in prices])
        while carrier.step(1 if waits else 0):
            pass

    assert everything(measured.memory) == everything(alone.memory)
    assert measured.memory.state_of(UNIT.name) == alone.memory.state_of(UNIT.name)
    written = Counter(
        entry.stream for entry in everything(alone.memory) if entry.stream in ("alerts", "dead_letters")
    )
    assert measured.sums(measures.ENTRIES) == {(UNIT.name, "ticks"): len(prices)}
    assert measured.sums(measures.OUTPUTS) == {(UNIT.name, name): n for name, n in written.items()}
    steps = sum(b'"commit"' in entry.data for entry in alone.memory.entries("journal"))
    assert measured.sums(measures.COMMIT) == measured.sums(measures.BATCH) == {(UNIT.name,): steps}
    assert measured.figures.batch.total == len(prices)


def test_a_hop_is_counted_from_the_arrival_of_the_oldest_entry_of_a_step() -> None:
    desk = Timed()
    carrier = desk.carry()
    desk.memory.append([a_tick(1)])
    desk.clock.sleep(0.3)
    desk.memory.append([a_tick(2)])
    desk.clock.sleep(0.02)

    carrier.step()

    hop = desk.figures.hops["ticks"]
    assert hop.total == pytest.approx(0.32)
    assert dict(hop.at_most())[0.25] == 0
    assert dict(hop.at_most())[0.5] == 1


def test_clocks_that_differ_make_a_hop_of_nothing_and_not_one_into_the_past() -> None:
    desk = Timed()
    carrier = desk.carry()
    desk.memory.append([a_tick(1)])
    behind = MeasuredLog(desk.memory, desk.figures, lambda: 0)
    carrier._log = behind

    carrier.step()

    assert desk.figures.hops["ticks"].total == 0


class Failing(MemoryLog):
    """Answers nothing when it is told to."""

    broken = False

    def commit(self, lease: Lease, step: Step) -> None:
        if self.broken:
            raise TransientError("gone")
        super().commit(lease, step)


def test_a_commit_that_was_not_answered_is_a_failure_and_no_step() -> None:
    figures, memory = StepFigures(UNIT.name), Failing()
    log = MeasuredLog(memory, figures, lambda: 0)
    lease = log.acquire(UNIT.name, "tests", TTL_MS)
    assert lease is not None
    carrier = Carrier(UNIT, log, lease)
    memory.append([a_tick(1)])
    memory.broken = True

    with pytest.raises(TransientError):
        carrier.step()

    assert figures.failures == 1
    assert figures.worked == {}
    assert figures.commit.total == 0
    assert not any(figures.commit.counts)


def test_a_lease_that_is_lost_is_no_failure_of_redis() -> None:
    desk = Timed()
    lease = desk.log.acquire(UNIT.name, "tests", TTL_MS)
    assert lease is not None
    desk.log.release(lease)

    with pytest.raises(LeaseLostError):
        desk.log.commit(lease, Step())

    assert desk.figures.failures == 0


def test_a_step_of_the_feed_is_as_large_as_what_it_writes() -> None:
    desk = Timed()
    lease = desk.log.acquire("feed", "tests", TTL_MS)
    assert lease is not None

    desk.log.commit(lease, Step(outputs=[a_tick(1), a_tick(2), a_tick(3)]))

    assert desk.figures.batch.total == 3
    assert desk.figures.written == {"ticks": 3}


def test_every_request_is_handed_on() -> None:
    desk = Timed()
    (first,) = desk.log.append([a_tick(1)])
    lease = desk.log.acquire(UNIT.name, "tests", 1000)
    assert lease is not None

    assert desk.log.desk == "memory"
    assert [entry.id for entry in desk.log.entries("ticks")] == [first]
    assert 0 < desk.log.left_ms(UNIT.name) <= 1000
    desk.log.renew(lease)
    assert desk.log.load(lease, ("ticks",)).positions["ticks"] == Position(first, 1)
    assert desk.log.state_of(UNIT.name) == {}
    assert desk.log.read({"ticks": Position(b"0-0", 0)}, 5, 0)[0].id == first
