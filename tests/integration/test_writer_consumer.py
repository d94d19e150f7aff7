"""The consumer group on a real server: what a peer left, what cannot be read, and a server that comes and goes."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import redis

from sauda.batch import Record, Refusal
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import DeadLetter, DeskPnl
from sauda.log import Entry, Output
from sauda.parking import dead_letter
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog
from sauda.writer import WriterRunner

STREAMS = ("pnl", "executions", "orders")


class Server(Protocol):
    """What the fixture `own_redis` gives."""

    @property
    def url(self) -> str: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...


def desk_pnl(number: int) -> DeskPnl:
    return DeskPnl(number, 0, 0, number, None, None, number)


def append(url: str, desk: str, numbers: Sequence[int]) -> None:
    log = RedisLog(url, desk)
    log.append([Output("pnl", encode(desk_pnl(number)), b"ticks 1-0") for number in numbers])
    log.close()


def consumer(url: str, desk: str, name: str) -> RedisConsumer:
    return RedisConsumer(url, desk, "writer.test", name, STREAMS)


def numbers_of(entries: Sequence[Entry]) -> list[int]:
    return [message.net for entry in entries if isinstance(message := decode(entry.data), DeskPnl)]


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    end_s = monotonic_s() + seconds
    while not condition():
        assert monotonic_s() < end_s, "it did not come to pass"
        SystemClock().sleep(0.02)


def test_a_new_group_gets_everything_that_the_stream_still_holds(redis_url: str, desk: str) -> None:
    append(redis_url, desk, range(5))
    reader = consumer(redis_url, desk, "a")

    reader.open()
    reader.open()

    assert numbers_of(reader.fresh(100, 0)) == [0, 1, 2, 3, 4]
    reader.close()


def test_what_a_dead_peer_left_is_taken_over_and_what_a_live_one_holds_is_not(
    redis_url: str, desk: str
) -> None:
    append(redis_url, desk, range(3))
    dead, alive = consumer(redis_url, desk, "dead"), consumer(redis_url, desk, "alive")
    dead.open()
    taken = dead.fresh(100, 0)

    assert alive.abandoned(60_000, 100) == []
    eventually(lambda: numbers_of(alive.abandoned(50, 100)) == [0, 1, 2])
    alive.settle(taken, ())
    assert alive.abandoned(0, 100) == []


def test_a_consumer_that_comes_back_under_its_name_gets_what_it_held(redis_url: str, desk: str) -> None:
    append(redis_url, desk, range(3))
    first_life = consumer(redis_url, desk, "a")
    first_life.open()
    first_life.settle(first_life.fresh(1, 0), ())
    first_life.fresh(1, 0)

    second_life = consumer(redis_url, desk, "a")
    assert numbers_of(second_life.mine(100)) == [1]
    assert numbers_of(second_life.fresh(100, 0)) == [2]


def test_a_dead_letter_is_written_once_however_many_settle_its_entry(redis_url: str, desk: str) -> None:
    append(redis_url, desk, range(2))
    first, second = consumer(redis_url, desk, "a"), consumer(redis_url, desk, "b")
    first.open()
    entries = first.fresh(100, 0)
    letters = [(entries[0], dead_letter("writer.test", entries[0], "no"))]

    for reader in (first, second, first):
        reader.settle(entries[1:], letters)

    log = RedisLog(redis_url, desk)
    (found,) = log.entries("dead_letters")
    letter = decode(found.data)
    assert isinstance(letter, DeadLetter)
    assert (letter.entry_id, found.cause) == (entries[0].id.decode(), b"pnl " + entries[0].id)
    log.close()


def consumers_of(url: str, desk: str) -> set[bytes]:
    with redis.Redis.from_url(url, protocol=2) as client:
        return {one["name"] for one in client.xinfo_consumers(f"{{{desk}}}:pnl", "writer.test")}


def test_a_consumer_leaves_the_list_only_with_nothing_pending(redis_url: str, desk: str) -> None:
    append(redis_url, desk, range(2))
    busy, done = consumer(redis_url, desk, "busy"), consumer(redis_url, desk, "done")
    busy.open()
    busy.fresh(1, 0)
    done.settle(done.fresh(1, 0), ())

    busy.close()
    done.close()

    assert consumers_of(redis_url, desk) == {b"busy"}


def test_an_entry_that_was_trimmed_away_is_not_waited_for(redis_url: str, desk: str) -> None:
    append(redis_url, desk, range(3))
    reader = consumer(redis_url, desk, "a")
    reader.open()
    reader.fresh(100, 0)
    with redis.Redis.from_url(redis_url, protocol=2) as client:
        client.xtrim(f"{{{desk}}}:pnl", maxlen=0, approximate=False)

    assert reader.mine(100) == []
    reader.close()
    assert consumers_of(redis_url, desk) == set()


class Shelf:
    """A sink that keeps everything in memory."""

    where = "memory"

    def __init__(self) -> None:
        self.nets: list[int] = []

    def open(self) -> None:
        pass

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        self.nets += [record.message.net for record in records if isinstance(record.message, DeskPnl)]
        return ()

    def close(self) -> None:
        pass


def test_a_server_that_is_killed_and_started_again_loses_nothing_and_the_writer_goes_on(
    own_redis: Server, desk: str
) -> None:
    shelf = Shelf()
    events: list[str] = []
    runner = WriterRunner(
        consumer(own_redis.url, desk, "a"),
        shelf,
        block_ms=200,
        on_event=lambda name, _: events.append(name),
    )
    stop = threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    append(own_redis.url, desk, range(100))
    eventually(lambda: len(shelf.nets) >= 100)

    own_redis.kill()
    eventually(lambda: runner.phase == "away")
    assert runner.away is not None
    assert runner.away.what == "redis"
    own_redis.start()
    append(own_redis.url, desk, range(100, 200))
    eventually(lambda: len(set(shelf.nets)) == 200)
    eventually(lambda: runner.ready)

    with redis.Redis.from_url(own_redis.url, protocol=2) as client:
        client.flushall()
    append(own_redis.url, desk, range(200, 300))
    eventually(lambda: len(set(shelf.nets)) == 300)
    stop.set()
    thread.join(10)

    assert not thread.is_alive()
    assert sorted(set(shelf.nets)) == list(range(300))
    assert "redis_back" in events
    assert consumers_of(own_redis.url, desk) == set()


def test_an_entry_of_somebody_elses_making_becomes_a_dead_letter(redis_url: str, desk: str) -> None:
    with redis.Redis.from_url(redis_url, protocol=2) as client:
        client.xadd(f"{{{desk}}}:orders", {b"x": b"\xff\xfe", b"y": b"2"})
    shelf = Shelf()
    runner = WriterRunner(consumer(redis_url, desk, "a"), shelf, block_ms=50)
    stop = threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    eventually(lambda: runner.refused == 1)
    stop.set()
    thread.join(5)

    log = RedisLog(redis_url, desk)
    (found,) = log.entries("dead_letters")
    letter = decode(found.data)
    log.close()
    assert isinstance(letter, DeadLetter)
    assert letter.fields == {"x": "//4=", "y": "Mg=="}
