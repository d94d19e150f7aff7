"""The runner carries a unit forward exactly once, whatever happens between two steps."""

import base64
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.clock import ManualClock
from sauda.codec import decode, encode
from sauda.contracts import Alert, DeadLetter, Tick
from sauda.errors import InvariantError, LeaseLostError, PositionError, TransientError
from sauda.log import Lease, Output, Step
from sauda.memory_log import MemoryLog
from sauda.rerun.verify import verify
from sauda.runner import Carrier, UnitRunner
from sauda.testing.counting import IMPOSSIBLE_LTP, POISON_LTP, counter_unit

UNIT = counter_unit()


def a_tick(ltp: int, instrument: str = "NSE:Nifty 50") -> Output:
    return Output("ticks", encode(Tick(instrument=instrument, event_ns=1, recv_ns=1, ltp=ltp)))


def sums(log: MemoryLog) -> list[str]:
    said = [decode(entry.data) for entry in log.entries("alerts")]
    return [alert.text for alert in said if isinstance(alert, Alert) and alert.code == "SUM"]


def letters(log: MemoryLog) -> list[DeadLetter]:
    said = [decode(entry.data) for entry in log.entries("dead_letters")]
    return [letter for letter in said if isinstance(letter, DeadLetter)]


def carry(log: MemoryLog, batch: int = 500) -> Carrier:
    lease = log.acquire(UNIT.name, "tests", 60_000)
    assert lease is not None
    return Carrier(UNIT, log, lease, batch)


def test_every_output_names_its_cause() -> None:
    log = MemoryLog()
    carrier = carry(log)
    ids = log.append([a_tick(1), a_tick(2)])

    carrier.step()

    assert [entry.cause for entry in log.entries("alerts")] == [b"ticks " + entry_id for entry_id in ids]


def test_an_unreadable_entry_goes_to_the_dead_letters_as_it_was() -> None:
    log = MemoryLog()
    carrier = carry(log)
    log.append([a_tick(1), Output("ticks", b"\xff{"), a_tick(2)])

    carrier.step()

    (letter,) = letters(log)
    assert base64.b64decode(letter.fields["d"]) == b"\xff{"
    assert letter.stream == "ticks"
    assert sums(log) == ["NSE:Nifty 50=1", "NSE:Nifty 50=3"]


def test_a_message_that_makes_the_unit_raise_leaves_no_trace_in_its_state() -> None:
    log = MemoryLog()
    carrier = carry(log)
    log.append([a_tick(1), a_tick(POISON_LTP), a_tick(2), a_tick(POISON_LTP), a_tick(4)])

    while carrier.step():
        pass

    assert sums(log) == ["NSE:Nifty 50=1", "NSE:Nifty 50=3", "NSE:Nifty 50=7"]
    assert [letter.reason for letter in letters(log)] == ["ValueError: unlucky"] * 2


def test_an_impossible_state_stops_the_unit_with_its_state_untouched() -> None:
    log = MemoryLog()
    carrier = carry(log)
    log.append([a_tick(1)])
    carrier.step()
    log.append([a_tick(2), a_tick(IMPOSSIBLE_LTP)])

    with pytest.raises(InvariantError, match="impossible"):
        carrier.step()

    assert log.load(carrier.lease, UNIT.inputs).state == {b"sums/NSE:Nifty 50": b"1"}


@given(
    prices=st.lists(st.sampled_from([1, 2, POISON_LTP, 5, 8]), max_size=30),
    restarts=st.sets(st.integers(0, 30)),
    batch=st.integers(1, 7),
)
def test_restarts_anywhere_change_nothing(prices: list[int], restarts: set[int], batch: int) -> None:
    undisturbed, disturbed = MemoryLog(), MemoryLog()
    for log, size in ((undisturbed, 500), (disturbed, batch)):
        carrier = carry(log, size)
        for number, price in enumerate(prices):
            log.append([a_tick(price, instrument=f"i{price % 3}")])
            if log is disturbed and number in restarts:
                log.release(carrier.lease)
                carrier = carry(log, size)
            if number % 2:
                carrier.step()
        while carrier.step():
            pass

    assert sums(undisturbed) == sums(disturbed)
    assert [(x.fields, x.reason) for x in letters(undisturbed)] == [
        (x.fields, x.reason) for x in letters(disturbed)
    ]


@given(prices=st.lists(st.sampled_from([1, 2, POISON_LTP, 5]), max_size=30), batch=st.integers(1, 7))
def test_running_again_over_the_journal_says_the_same(prices: list[int], batch: int) -> None:
    log = MemoryLog()
    carrier = carry(log, batch)
    for price in prices:
        log.append([a_tick(price)])
        log.append([Output("orders", b"not json")] if price == 5 else [])
        carrier.step()
    while carrier.step():
        pass

    verdict = verify(log, [UNIT])

    assert verdict.differences == []
    assert verdict.outputs == len(log.entries("alerts")) + len(log.entries("dead_letters"))


def test_running_again_finds_an_entry_that_no_unit_said() -> None:
    log = MemoryLog()
    carrier = carry(log)
    (tick_id,) = log.append([a_tick(1)])
    carrier.step()
    log.append([Output("alerts", b"{}", b"ticks " + tick_id)])

    assert verify(log, [UNIT]).differences


class LosesAnswers(MemoryLog):
    """Does every second commit and then loses the answer; does not do every third."""

    def __init__(self) -> None:
        super().__init__(clock=ManualClock(now_ns=1))
        self.commits = 0

    def commit(self, lease: Lease, step: Step) -> None:
        self.commits += 1
        if self.commits % 3 == 0:
            raise TransientError("the request was lost")
        super().commit(lease, step)
        if self.commits % 2 == 0:
            raise TransientError("the answer was lost")


class UntilQuiet:
    """Stops a runner once everything was handled."""

    def __init__(self, log: MemoryLog, expected: int) -> None:
        self._log, self._expected = log, expected

    def is_set(self) -> bool:
        return len(sums(self._log)) >= self._expected

    def wait(self, timeout: float) -> bool:
        self._log._clock.sleep(timeout)
        return self.is_set()


def test_a_commit_in_doubt_is_neither_lost_nor_done_twice() -> None:
    log = LosesAnswers()
    carry(log)
    log.append([a_tick(1) for _ in range(20)])
    log._clock.sleep(100)

    UnitRunner(UNIT, log, "tests", lease_ms=1000, batch=1).run(UntilQuiet(log, 20))

    assert sums(log) == [f"NSE:Nifty 50={n}" for n in range(1, 21)]


def test_a_runner_waits_as_a_standby_while_another_holds_the_unit() -> None:
    log = MemoryLog()
    carry(log)
    phases: list[str] = []
    stop = threading.Event()

    def seen(event: str, _facts: dict[str, object]) -> None:
        phases.append(event)
        stop.set()

    runner = UnitRunner(UNIT, log, "second", lease_ms=50, on_event=seen)
    runner.run(stop)

    assert phases == ["unit_standby", "unit_stopped"]


def test_a_zombies_step_is_refused_and_its_successor_repeats_it() -> None:
    log = MemoryLog()
    zombie = carry(log)
    log.append([a_tick(1)])
    log.release(zombie.lease)
    successor = carry(log)

    with pytest.raises(LeaseLostError):
        zombie.step()
    successor.step()

    assert sums(log) == ["NSE:Nifty 50=1"]


def test_a_step_behind_the_committed_position_is_refused() -> None:
    log = MemoryLog()
    carrier = carry(log)
    log.append([a_tick(1)])
    behind = Carrier(UNIT, log, carrier.lease)
    carrier.step()

    with pytest.raises(PositionError, match="ticks"):
        behind.step()


def test_an_entry_nested_beyond_reason_goes_to_the_dead_letters() -> None:
    log = MemoryLog()
    carrier = carry(log)
    log.append([Output("ticks", b'{"type":"tick","x":' + b"[" * 3000 + b"]" * 3000 + b"}"), a_tick(2)])

    carrier.step()

    assert len(letters(log)) == 1
    assert sums(log) == ["NSE:Nifty 50=2"]


def test_a_clock_from_beyond_the_year_2200_is_unreadable() -> None:
    log = MemoryLog()
    carrier = carry(log)
    log.append([Output("ticks", b'{"type":"clock","event_ns":%d}' % 2**70)])

    carrier.step()

    assert len(letters(log)) == 1


def test_running_again_finds_a_state_that_differs() -> None:
    log = MemoryLog()
    carrier = carry(log)
    log.append([a_tick(1)])
    carrier.step()
    log._units[UNIT.name].state[b"sums/NSE:Nifty 50"] = b"2"

    assert "row" in verify(log, [UNIT]).differences[0]
