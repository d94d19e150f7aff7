"""What every log promises: the same tests against Redis, Valkey and memory."""

from collections.abc import Iterator, Sequence
from threading import Thread

import pytest

from sauda.clock import ManualClock, SystemClock
from sauda.errors import LeaseLostError, PositionError, TransientError
from sauda.log import Entry, Lease, Log, Move, Output, Position, Step
from sauda.memory_log import MemoryLog
from sauda.merge import id_parts
from sauda.redis_log import RedisLog

UNIT = "unit.under-test"


@pytest.fixture(params=["memory", "server"])
def log(request: pytest.FixtureRequest, redis_url: str, desk: str) -> Iterator[Log]:
    if request.param == "memory":
        yield MemoryLog(desk, SystemClock())
        return
    server = RedisLog(redis_url, desk)
    yield server
    server.close()


def write(log: Log, *texts: str, stream: str = "ticks") -> list[bytes]:
    return log.append([Output(stream, text.encode()) for text in texts])


def open_unit(log: Log, *inputs: str, ttl_ms: int = 60_000) -> tuple[Lease, dict[str, Position]]:
    lease = log.acquire(UNIT, "tests", ttl_ms)
    assert lease is not None
    return lease, log.load(lease, inputs).positions


def step_over(positions: dict[str, Position], entries: Sequence[Entry], **rest: object) -> Step:
    moves = {}
    for name, before in positions.items():
        own = [entry for entry in entries if entry.stream == name]
        if own:
            moves[name] = Move(before, own[0].id, Position(own[-1].id, before.passed + len(own)))
    return Step(moves=moves, **rest)  # type: ignore[arg-type]


def test_a_new_unit_starts_at_now_in_ticks_and_at_the_beginning_elsewhere(log: Log) -> None:
    write(log, "old tick")
    write(log, "old order", stream="orders")

    _, positions = open_unit(log, "ticks", "orders")
    write(log, "new tick")

    assert [entry.data for entry in log.read(positions, 10, 0)] == [b"old order", b"new tick"]


def test_a_known_unit_goes_on_at_its_committed_position(log: Log) -> None:
    lease, positions = open_unit(log, "ticks")
    write(log, "a", "b")
    log.commit(lease, step_over(positions, log.read(positions, 1, 0)))

    loaded = log.load(lease, ("ticks",))

    assert [entry.data for entry in log.read(loaded.positions, 10, 0)] == [b"b"]


def test_a_commit_writes_state_outputs_and_journal_together(log: Log) -> None:
    lease, positions = open_unit(log, "ticks")
    write(log, "a", "b")
    entries = log.read(positions, 10, 0)
    cause = b"ticks " + entries[0].id

    log.commit(
        lease, step_over(positions, entries, changes={b"t/x": b"1"}, outputs=[Output("orders", b"o", cause)])
    )

    assert log.load(lease, ("ticks",)).state == {b"t/x": b"1"}
    assert [(e.data, e.cause) for e in log.entries("orders")] == [(b"o", cause)]
    assert len(log.entries("journal")) == 1


def test_a_removed_row_is_gone(log: Log) -> None:
    lease, _ = open_unit(log, "ticks")
    log.commit(lease, Step(changes={b"t/x": b"1", b"t/y": b"2"}))

    log.commit(lease, Step(changes={b"t/x": None}))

    assert log.load(lease, ("ticks",)).state == {b"t/y": b"2"}


def test_the_same_batch_cannot_be_committed_twice(log: Log) -> None:
    lease, positions = open_unit(log, "ticks")
    write(log, "a")
    step = step_over(positions, log.read(positions, 10, 0), outputs=[Output("orders", b"o")])
    log.commit(lease, step)

    with pytest.raises(PositionError, match="ticks"):
        log.commit(lease, step)

    assert len(log.entries("orders")) == 1


def test_a_batch_with_a_gap_before_it_is_refused(log: Log) -> None:
    lease, positions = open_unit(log, "ticks")
    write(log, "a", "b")
    entries = log.read(positions, 10, 0)

    with pytest.raises(PositionError, match="ticks"):
        log.commit(lease, step_over(positions, entries[1:], changes={b"t/x": b"1"}))

    assert log.load(lease, ("ticks",)).state == {}


def test_one_holder_at_a_time(log: Log) -> None:
    open_unit(log, "ticks")

    assert log.acquire(UNIT, "another", 60_000) is None


def test_a_released_lease_is_free_at_once_and_the_next_epoch_is_higher(log: Log) -> None:
    first, _ = open_unit(log, "ticks")
    log.release(first)

    second = log.acquire(UNIT, "another", 60_000)

    assert second is not None
    assert second.epoch > first.epoch


def test_a_zombie_can_do_nothing(log: Log) -> None:
    zombie, positions = open_unit(log, "ticks")
    write(log, "a")
    step = step_over(positions, log.read(positions, 10, 0), outputs=[Output("orders", b"o")])
    log.release(zombie)
    successor = log.acquire(UNIT, "another", 60_000)
    assert successor is not None

    for attempt in (
        lambda: log.commit(zombie, step),
        lambda: log.renew(zombie),
        lambda: log.load(zombie, ("ticks",)),
    ):
        with pytest.raises(LeaseLostError, match=UNIT):
            attempt()
    log.release(zombie)

    log.commit(successor, step)
    assert len(log.entries("orders")) == 1


def test_a_lease_that_ran_out_is_lost_even_if_nobody_took_it(log: Log) -> None:
    lease, _ = open_unit(log, "ticks", ttl_ms=30)
    SystemClock().sleep(0.06)

    with pytest.raises(LeaseLostError, match=UNIT):
        log.commit(lease, Step(changes={b"t/x": b"1"}))


def test_the_last_step_gives_the_lease_back(log: Log) -> None:
    lease, _ = open_unit(log, "ticks")

    log.commit(lease, Step(last=True))

    assert log.acquire(UNIT, "another", 1000) is not None


def test_streams_are_read_in_the_order_in_which_they_were_written(log: Log) -> None:
    _, positions = open_unit(log, "ticks", "orders")
    for number in range(6):
        write(log, str(number), stream="ticks" if number % 2 else "orders")
        SystemClock().sleep(0.002)

    assert [entry.data for entry in log.read(positions, 10, 0)] == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_where_one_stream_is_cut_the_others_wait_for_it(log: Log) -> None:
    _, positions = open_unit(log, "ticks", "orders")
    for number in range(4):
        write(log, f"tick {number}")
        SystemClock().sleep(0.002)
    write(log, "late order", stream="orders")

    assert [entry.data for entry in log.read(positions, 2, 0)] == [b"tick 0", b"tick 1"]


def test_what_is_urgent_ends_a_rest_and_comes_with_what_stands_before_it(redis_url: str, desk: str) -> None:
    log, another = RedisLog(redis_url, desk), RedisLog(redis_url, desk)
    _, positions = open_unit(log, "ticks", "orders")
    write(log, "tick")

    def order() -> None:
        SystemClock().sleep(0.05)
        write(another, "order", stream="orders")

    writer = Thread(target=order)
    writer.start()
    # Not woken it would wait for longer than any answer is waited for.
    entries = log.read_after_rest({"orders": positions["orders"]}, 60_000, positions, 10)
    writer.join()

    assert [entry.data for entry in entries] == [b"tick", b"order"]
    assert log.read_after_rest({"control": positions["orders"]}, 1, positions, 10) == entries
    log.close()
    another.close()


def test_entries_can_be_read_by_range(log: Log) -> None:
    ids = write(log, "a", "b", "c")

    assert [e.data for e in log.entries("ticks", ids[1], ids[2])] == [b"b", b"c"]
    assert [e.data for e in log.entries("ticks", b"(" + ids[0], b"+", 1)] == [b"b"]
    assert ids == sorted(ids, key=id_parts)


def test_a_large_step_is_one_step(log: Log) -> None:
    lease, _ = open_unit(log, "ticks")
    changes = {b"t/%d" % number: b"%d" % number for number in range(9_000)}

    log.commit(lease, Step(changes=changes, outputs=[Output("orders", b"x")] * 5_000))

    assert log.load(lease, ("ticks",)).state == changes
    assert len(log.entries("orders")) == 5_000


def test_a_clock_that_stands_still_still_orders_entries() -> None:
    log = MemoryLog(clock=ManualClock(now_ns=5_000_000))

    ids = write(log, "a") + write(log, "b", stream="orders") + write(log, "c")

    assert ids == [b"5-0", b"5-1", b"5-2"]


def test_lag_shows_in_the_consumer_group(redis_url: str, desk: str) -> None:
    log = RedisLog(redis_url, desk)
    write(log, "before the unit was known")
    lease, positions = open_unit(log, "ticks")
    write(log, "a", "b", "c")
    log.commit(lease, step_over(positions, log.read(positions, 2, 0)))

    (group,) = log._client.xinfo_groups(log.keys.stream("ticks"))

    assert group["name"] == UNIT.encode()
    assert group["lag"] == 1
    log.close()


def test_an_absent_server_is_a_passing_fault_that_names_it_without_the_password() -> None:
    log = RedisLog("redis://:hunter2@127.0.0.1:1/0", "live")

    with pytest.raises(TransientError, match=r"redis://\*\*\*@127.0.0.1:1") as caught:
        log.acquire(UNIT, "tests", 1000)

    assert "hunter2" not in str(caught.value)


def test_a_server_that_forgot_its_scripts_is_told_them_again(redis_url: str, desk: str) -> None:
    log = RedisLog(redis_url, desk)
    lease, _ = open_unit(log, "ticks")
    log._client.script_flush()

    log.commit(lease, Step(changes={b"t/x": b"1"}))

    assert log.load(lease, ("ticks",)).state == {b"t/x": b"1"}
    log.close()
