"""Many entries at once: written in a transaction if the lease is ours and still is when it is done, and otherwise not at all."""

from collections.abc import Callable, Iterator

import pytest

from sauda.clock import SystemClock
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Lease, Output, Step
from sauda.redis_line import Line
from sauda.redis_log import RedisLog
from sauda.redis_transaction import FAR_S, MANY

UNIT = "feed"
TICKS = [Output("ticks", b"%d" % number, b"cause" * (number % 2)) for number in range(MANY - 1)]
STEP = Step(changes={b"t/new": b"1", b"t/old": None}, outputs=[*TICKS, Output("alerts", b"\r\n\x00")])


class Interrupted(Line):
    """Lets something happen between the look at the lease and the transaction."""

    def __init__(self, log: RedisLog, between: Callable[[], object]) -> None:
        super().__init__(log._client)
        self._between = between
        self.packets = 0

    def say_packed(self, commands: bytes, last: bytes) -> list[object]:
        self.packets += 1
        if self.packets == 2:
            self._between()
        return super().say_packed(commands, last)


@pytest.fixture
def log(redis_url: str, desk: str) -> Iterator[RedisLog]:
    opened = RedisLog(redis_url, desk)
    yield opened
    opened.close()


@pytest.fixture
def another(redis_url: str, desk: str) -> Iterator[RedisLog]:
    opened = RedisLog(redis_url, desk)
    yield opened
    opened.close()


def held(log: RedisLog) -> Lease:
    lease = log.acquire(UNIT, "tests", 60_000)
    assert lease is not None
    log.load(lease, ())
    log.commit(lease, Step(changes={b"t/old": b"0"}, outputs=[Output("bars", b"one before")] * MANY))
    return lease


def assert_nothing_was_done(log: RedisLog) -> None:
    assert log.entries("ticks") == log.entries("alerts") == []
    assert log.state_of(UNIT) == {b"t/old": b"0"}


def assert_done_once(log: RedisLog) -> None:
    entries = [*log.entries("ticks"), *log.entries("alerts")]
    assert [(entry.stream, entry.data, entry.cause) for entry in entries] == STEP.outputs
    assert log.state_of(UNIT) == {b"t/new": b"1"}


def test_it_is_done_without_the_script_and_the_lease_goes_on(log: RedisLog) -> None:
    lease = held(log)
    log._client.pexpire(log.keys.lease(UNIT), 20_000)
    log._line = line = Interrupted(log, lambda: None)
    log._client.script_flush()

    log.commit(lease, STEP)

    assert line.packets == 2
    assert not any(log._client.script_exists(log._commit.digest))
    assert_done_once(log)
    assert log.left_ms(UNIT) > 20_000
    log.commit(lease, Step(changes={b"t/new": b"2"}))  # answers are on again
    assert log.state_of(UNIT) == {b"t/new": b"2"}


def test_a_lease_that_is_gone_before_the_look_is_refused(log: RedisLog, another: RedisLog) -> None:
    lease = held(log)
    another.release(lease)
    successor = another.acquire(UNIT, "another", 60_000)
    assert successor is not None

    with pytest.raises(LeaseLostError, match=UNIT):
        log.commit(lease, STEP)

    assert_nothing_was_done(log)
    another.commit(successor, STEP)
    assert_done_once(log)


def test_a_lease_that_is_lost_after_the_look_is_refused(log: RedisLog, another: RedisLog) -> None:
    lease = held(log)

    def lose() -> None:
        another.release(lease)
        assert another.acquire(UNIT, "another", 60_000) is not None

    log._line = Interrupted(log, lose)

    with pytest.raises(LeaseLostError, match=UNIT):
        log.commit(lease, STEP)

    assert_nothing_was_done(log)


def test_a_lease_that_runs_out_after_the_look_is_refused(log: RedisLog) -> None:
    lease = held(log)
    log._client.pexpire(log.keys.lease(UNIT), 300)
    log._line = Interrupted(log, lambda: SystemClock().sleep(0.35))

    with pytest.raises(LeaseLostError, match=UNIT):
        log.commit(lease, STEP)

    assert_nothing_was_done(log)


def test_a_lease_that_was_only_touched_is_still_ours_and_the_step_is_done_once(
    log: RedisLog, another: RedisLog
) -> None:
    lease = held(log)
    log._line = line = Interrupted(log, lambda: another.renew(lease))

    log.commit(lease, STEP)

    assert line.packets == 2
    assert_done_once(log)


def test_a_server_that_is_far_away_gets_the_script(log: RedisLog) -> None:
    lease = held(log)
    log._line = line = Interrupted(log, lambda: None)
    line.took_s = 2 * FAR_S

    log.commit(lease, STEP)

    assert line.packets == 0
    assert_done_once(log)


def test_a_stream_that_is_none_is_found_before_anything_is_written(log: RedisLog) -> None:
    lease = held(log)
    log._client.set(log.keys.stream("alerts"), "no stream")

    with pytest.raises(TransientError, match="WRONGTYPE"):
        log.commit(lease, STEP)

    assert log.entries("ticks") == []
    log._client.delete(log.keys.stream("alerts"))
    log.commit(lease, STEP)
    assert_done_once(log)


def test_a_server_that_allows_no_transactions_gets_the_script(
    redis_url: str, desk: str, log: RedisLog
) -> None:
    lease, user = held(log), f"scripts-{desk}"
    log._line.say("ACL", "SETUSER", user, "on", "nopass", "~*", "+@all", "-watch", "-client|reply")
    limited = RedisLog(redis_url.replace("redis://", f"redis://{user}:any@"), desk)
    try:
        limited.commit(lease, STEP)
        assert_done_once(log)
    finally:
        limited.close()
        log._line.say("ACL", "DELUSER", user)
