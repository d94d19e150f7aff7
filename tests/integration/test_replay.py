"""A replay on a real server: the same bytes in the same order, into a desk of its own, exactly once."""

import heapq
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from sauda.clock import SystemClock
from sauda.log import Entry, Output
from sauda.merge import id_parts
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from sauda.replay import target as target_module
from sauda.replay.course import Course, Part
from sauda.replay.player import Item
from sauda.replay.target import BusyError, Target
from sauda.testing.builders import at
from tests.integration.desk_processes import wait_until
from tests.integration.replay_desk import data, environment, everything, record, start

STREAMS = ("ticks", "orders", "executions", "instruments")


class Outcome(Protocol):
    """What the fixture `sauda` returns."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, object]]: ...


class Server(Protocol):
    """What the fixture `own_redis` gives."""

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


Sauda = Callable[..., Outcome]


@pytest.fixture
def redis_url(any_redis: Server) -> str:
    """One kind of server is enough here: all that speaks to it is tested on each in the tests of the log."""
    return any_redis.url


@pytest.fixture
def into(redis_url: str, desk: str) -> Iterator[RedisView]:
    view = RedisView(redis_url, f"{desk}-copy")
    yield view
    view.close()


def in_order(view: RedisLog, *streams: str) -> list[Entry]:
    return list(heapq.merge(*(view.entries(name) for name in streams), key=lambda one: id_parts(one.id)))


def test_every_stream_arrives_with_the_same_bytes_in_the_same_order(
    sauda: Sauda, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 900, order_every=7)

    done = sauda("replay", *STREAMS, "--speed", "max", "--into", into.desk)

    assert done.code == 0, done.err
    was, now = in_order(desk_log, *STREAMS), in_order(into, *STREAMS)
    assert [(one.stream, one.data) for one in now] == [(one.stream, one.data) for one in was]
    assert len(now) == 1_200 + 2 * 43 + 33


def test_an_entry_s_cause_is_the_entry_that_it_repeats(
    sauda: Sauda, desk: str, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 30, order_every=1)

    sauda("replay", "orders", "--speed", "max", "--into", into.desk)

    expected = [f"{desk}/orders ".encode() + entry.id for entry in desk_log.entries("orders")]
    assert [entry.cause for entry in into.entries("orders")] == expected


def test_the_desk_that_is_read_is_left_as_it_was(
    sauda: Sauda, redis_url: str, desk: str, *, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 600, order_every=9)
    lease = desk_log.acquire("strategy.x", "somebody", 60_000)
    assert lease is not None
    desk_log.load(lease, ("ticks", "executions"))
    before = everything(redis_url, desk)

    assert sauda("replay", *STREAMS, "--speed", "max", "--into", into.desk).code == 0
    assert sauda("replay", *STREAMS, "--speed", "max").code == 0
    assert sauda("replay", "ticks", "--into", desk).code == 2

    assert everything(redis_url, desk) == before


def test_what_is_shown_is_what_tail_shows(sauda: Sauda, desk_log: RedisLog) -> None:
    record(desk_log, 60)
    bounds = ("--from", "09:15:05", "--to", "09:15:09")

    shown, tailed = sauda("replay", "ticks", *bounds, "--speed", "max"), sauda("tail", "ticks", *bounds)

    assert shown.out == tailed.out
    assert len(shown.out.splitlines()) == 5 * 4


def test_json_is_one_object_a_line_over_all_streams(sauda: Sauda, desk_log: RedisLog) -> None:
    record(desk_log, 60, order_every=5)

    shown = sauda("replay", "ticks", "orders", "--speed", "max", "--json")

    expected = [entry.id.decode() for entry in in_order(desk_log, "ticks", "orders")]
    assert [one["id"] for one in shown.objects] == expected


def test_only_what_meets_the_condition_is_written(sauda: Sauda, desk_log: RedisLog, into: RedisView) -> None:
    record(desk_log, 60)

    sauda("replay", "ticks", "--where", "type=clock", "--speed", "max", "--into", into.desk)

    assert {json.loads(entry.data)["type"] for entry in into.entries("ticks")} == {"clock"}
    assert into.length("ticks") == 20


def test_definitions_beside_ticks_are_those_between_the_first_and_the_last_tick(
    sauda: Sauda, desk_log: RedisLog
) -> None:
    # They carry no market time: their arrival has nothing to do with 09:15.
    record(desk_log, 60)
    tick = desk_log.entries("ticks")[20]
    desk_log.append([Output("instruments", b'{"type":"late"}')])

    shown = sauda(
        "replay", "instruments", "ticks", "--from", "09:15:05", "--to", "09:15:06", "--speed", "max", "--json"
    )

    assert len(shown.objects) == 8
    assert shown.objects[0]["id"] == tick.id.decode()


def test_dates_bound_a_replay(sauda: Sauda, desk_log: RedisLog) -> None:
    record(desk_log, 60)

    assert len(sauda("replay", "ticks", "--date", "2026-11-23", "--speed", "max", "--json").objects) == 80
    nothing = sauda("replay", "ticks", "--date", "2026-11-24", "--speed", "max")
    assert nothing.code == 1
    assert "nothing to replay" in nothing.err


def test_a_condition_that_nothing_meets_is_a_finding(
    sauda: Sauda, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 30)
    command = ("replay", "ticks", "--where", "ltp=1", "--speed", "max")

    assert sauda(*command).code == 1
    assert sauda(*command, "--into", into.desk).code == 1


def test_an_entry_that_cannot_be_read_is_replayed_as_it_is(
    sauda: Sauda, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 3)
    desk_log.append([Output("ticks", b"\xff not json")])

    assert sauda("replay", "ticks", "--speed", "max", "--into", into.desk).code == 0

    assert data(into.entries("ticks")) == data(desk_log.entries("ticks"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ticks", "--into", "{desk}"), "is the one that is replayed"),
        (("ticks", "--into", "{desk}@1"), "was put aside"),
        (("ticks", "--into", "a desk"), "is not usable"),
        (("tick",), "did you mean 'ticks'"),
        (("ticks", "--from", "yesterday"), "--from"),
        (("ticks", "--speed", "0"), "--speed"),
        (("ticks", "--speed", "nan"), "--speed"),
        (("ticks", "--longest-gap", "-1"), "--longest-gap"),
        (("ticks", "--where", "colour=red"), "has a field 'colour'"),
        (("ticks", "--step"), "it needs a terminal"),
        (("ticks", "--with", "strategy"), "--into DESK"),
        (("ticks", "--resume"), "--into DESK"),
        (("ticks", "--with", "feed", "--into", "other"), "the replay is the feed"),
        (("ticks", "--with", "noren", "--into", "other"), "there are: strategy, execution, pnl"),
        (("journal", "--into", "other"), "can be shown, not written"),
        (("ticks", "--json", "--into", "other"), "--json"),
        (("ticks", "--resume", "--append", "--into", "other"), "give one of"),
        (("ticks", "--resume", "--into", "{desk}-nowhere"), "no replay to resume"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(
    sauda: Sauda, desk: str, desk_log: RedisLog, *, arguments: tuple[str, ...], said: str
) -> None:
    record(desk_log, 3)

    done = sauda("replay", *(word.format(desk=desk) for word in arguments))

    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_desk_with_a_running_feed_is_not_written_into(
    sauda: Sauda, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 3)
    assert into.acquire("feed", "a feed", 60_000) is not None

    done = sauda("replay", "ticks", "--into", into.desk)

    assert done.code == 2
    assert "a feed writes into desk" in done.err
    assert into.length("ticks") == 0


def test_a_desk_that_holds_entries_needs_a_word(sauda: Sauda, desk_log: RedisLog, into: RedisView) -> None:
    record(desk_log, 30)
    command = ("replay", "ticks", "--speed", "max", "--into", into.desk)
    assert sauda(*command).code == 0

    refused = sauda(*command)
    assert (refused.code, "holds entries of ticks already" in refused.err) == (2, True)
    assert sauda(*command, "--append").code == 0
    assert data(into.entries("ticks")) == 2 * data(desk_log.entries("ticks"))

    assert sauda(*command, "--new-book").code == 0
    assert data(into.entries("ticks")) == data(desk_log.entries("ticks"))
    assert f"{into.desk}@1" in sauda("tail", "ticks", "--desk", "nobody").err


def test_a_desk_whose_units_are_carried_is_not_put_aside(
    sauda: Sauda, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 3)
    assert into.acquire("strategy.x", "somebody", 60_000) is not None

    done = sauda("replay", "ticks", "--into", into.desk, "--new-book")

    assert (done.code, "stop strategy.x first" in done.err) == (2, True)


def test_a_complete_replay_is_not_resumed_and_another_one_is_named(
    sauda: Sauda, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 30)
    command = ("replay", "ticks", "--speed", "max", "--into", into.desk)
    sauda(*command)

    again = sauda(*command, "--resume")
    other = sauda(*command, "--from", "09:15:01", "--resume")

    assert (again.code, "is complete" in again.err) == (0, True)
    assert (other.code, "has another replay" in other.err) == (2, True)
    assert into.length("ticks") == 40


def test_a_replay_killed_at_any_moment_goes_on_where_it_was(
    redis_url: str, desk: str, tmp_path: Path, *, desk_log: RedisLog, into: RedisView
) -> None:
    record(desk_log, 15_000, order_every=5)
    environ = environment(redis_url, desk, tmp_path)
    command = ("replay", "ticks", "orders", "--speed", "max", "--into", into.desk)

    killed_at: list[int] = []
    for least in (1, 6_000, 12_000):
        process = start([*command, *(["--resume"] if killed_at else [])], environ, tmp_path)
        wait_until(lambda: into.length("ticks") >= least, 40, f"{least} entries")  # noqa: B023
        process.kill()
        process.communicate(timeout=10)
        killed_at.append(into.length("ticks"))
    last = start([*command, "--resume"], environ, tmp_path)
    _, said = last.communicate(timeout=60)

    assert last.returncode == 0, said
    assert killed_at[0] < killed_at[-1] < len(desk_log.entries("ticks"))
    was, now = in_order(desk_log, "ticks", "orders"), in_order(into, "ticks", "orders")
    assert [(one.stream, one.data) for one in now] == [(one.stream, one.data) for one in was]


def test_a_resumed_replay_ends_where_the_stream_ended_when_it_began(
    redis_url: str, desk: str, desk_log: RedisLog, *, into: RedisView, sauda: Sauda, tmp_path: Path
) -> None:
    record(desk_log, 30_000)
    command = ("replay", "ticks", "--speed", "max", "--into", into.desk)
    process = start(command, environment(redis_url, desk, tmp_path), tmp_path)
    wait_until(lambda: into.length("ticks"), 40, "the first entries")
    process.kill()
    process.communicate(timeout=10)
    expected = data(desk_log.entries("ticks"))
    desk_log.append([Output("ticks", b'{"type":"clock","event_ns":1}')])

    assert sauda(*command, "--resume").code == 0

    assert data(into.entries("ticks")) == expected


def test_when_redis_goes_the_replay_says_so_and_can_be_resumed(own_redis: Server, tmp_path: Path) -> None:
    log, view = RedisLog(own_redis.url, "day"), RedisView(own_redis.url, "copy")
    record(log, 60_000)
    # The server keeps a second of its file in memory: the recorded day must have reached it.
    SystemClock().sleep(1.5)
    command = ("replay", "ticks", "--speed", "max", "--into", "copy")
    environ = environment(own_redis.url, "day", tmp_path)
    process = start(command, environ, tmp_path)
    wait_until(lambda: view.length("ticks") > 5_000, 40, "some entries")
    own_redis.kill()
    _, said = process.communicate(timeout=30)
    own_redis.start()
    resumed = start([*command, "--resume"], environ, tmp_path)
    _, words = resumed.communicate(timeout=60)

    assert process.returncode == 3
    assert "does not answer" in said
    assert "--resume goes on exactly there" in said
    assert resumed.returncode == 0, words
    log.close()
    fresh = RedisView(own_redis.url, "day")
    again = RedisView(own_redis.url, "copy")
    assert data(again.entries("ticks")) == data(fresh.entries("ticks"))
    for one in (fresh, again, view):
        one.close()


def a_course() -> tuple[Course, list[Item]]:
    entries = [Entry("ticks", b"%d-0" % number, b'{"n":%d}' % number, b"") for number in range(1, 7)]
    course = Course("day", {"ticks": Part(b"1-0", b"6-0")}, asked="ticks")
    return course, [Item(entry, at("09:15")) for entry in entries]


def target(url: str, desk: str) -> Target:
    taken = Target(url, desk, "day")
    taken.take(lambda _text: None)
    return taken


def test_a_lease_that_ran_out_while_nobody_wrote_is_taken_again(redis_url: str, desk: str) -> None:
    course, items = a_course()
    first = target(redis_url, desk)
    first.begin(course, append=False)
    first.play(items[:3])
    first.log.release(first._held())

    first.play(items[3:])

    assert data(first.log.entries("ticks")) == [item.entry.data for item in items]
    first.close()


def test_a_replay_whose_desk_was_taken_over_writes_nothing_more(redis_url: str, desk: str) -> None:
    course, items = a_course()
    first = target(redis_url, desk)
    first.begin(course, append=False)
    first.play(items[:3])
    first.log.release(first._held())
    second = target(redis_url, desk)
    second.play(items[3:5])
    second.close()

    with pytest.raises(BusyError, match="taken over"):
        first.play(items[3:])

    assert data(first.log.entries("ticks")) == [item.entry.data for item in items[:5]]
    first.close()


def test_two_replays_do_not_write_into_one_desk(
    redis_url: str, desk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_module, "TAKING_S", 0.0)
    first = target(redis_url, desk)

    with pytest.raises(BusyError, match="another replay writes"):
        target(redis_url, desk)
    first.close()
