"""How long a desk stood still is read from its record; what cannot be known is counted, not guessed."""

from pathlib import Path

from chaos.recovery import Kill, recoveries
from chaos.replica import Replica
from sauda.clock import NS_PER_MS
from sauda.codec import encode
from sauda.contracts import Commit
from sauda.log import Entry


def a_step(unit: str, epoch: int, at_ms: int) -> Entry:
    record = Commit(unit, epoch, {"ticks": "1-0"}, {"ticks": "2-0"}, 0)
    return Entry("journal", b"%d-0" % at_ms, encode(record), b"")


def a_kill(at_ms: int, held: dict[str, int] | None) -> Kill:
    return Kill(at_ms * NS_PER_MS, "execution-1", held)


def test_the_gap_ends_with_the_first_step_of_a_later_holder() -> None:
    journal = [
        a_step("execution.paper", 1, 1_000),
        a_step("execution.paper", 1, 2_010),
        a_step("execution.paper", 2, 3_100),
        a_step("execution.paper", 2, 3_200),
    ]

    found = recoveries([a_kill(2_000, {"execution.paper": 1})], journal, [])

    assert [gap.seconds for gap in found.gaps] == [1.1]


def test_of_several_units_the_one_that_came_back_last_counts() -> None:
    journal = [a_step("strategy.a", 2, 2_500), a_step("strategy.b", 5, 4_000)]

    found = recoveries([a_kill(2_000, {"strategy.a": 1, "strategy.b": 4})], journal, [])

    assert (found.p50_s, found.slowest[0].unit) == (2.0, "strategy.b")


def test_what_nobody_can_know_is_counted_apart() -> None:
    kills = [a_kill(1, None), a_kill(1, {}), a_kill(1, {"execution.paper": 9})]

    found = recoveries(kills, [], [])

    assert (found.unknown, found.held_nothing, found.unmeasured, found.gaps) == (1, 1, 1, [])


def test_a_process_that_ends_by_itself_is_told_from_one_that_was_ended(tmp_path: Path) -> None:
    replica = Replica("json-1", "json.nothing", {}, tmp_path / "log")
    replica.start()
    assert replica.process is not None
    replica.process.wait(20)
    ended_by_itself = replica.died
    replica.kill()

    assert ended_by_itself == 1
    assert replica.died is None
