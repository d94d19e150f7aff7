"""A desk that is to follow another market begins a new book; the old one stays whole and readable."""

from collections.abc import Sequence

import pytest

from sauda.errors import ConfigError, LeaseLostError
from sauda.log import Lease, Move, Output, Position, Step
from sauda.redis_log import RedisLog
from sauda.redis_shelf import RedisShelf
from sauda.runner import Carrier
from sauda.testing.counting import counter_unit

UNIT = counter_unit()


def take(log: RedisLog, unit: str) -> Lease:
    lease = log.acquire(unit, "tests", 60_000)
    assert lease is not None
    return lease


def test_the_old_book_is_read_under_its_new_name_and_the_desk_is_empty(redis_url: str, desk: str) -> None:
    log, shelf = RedisLog(redis_url, desk), RedisShelf(redis_url, desk)
    feed = take(log, "feed")
    log.commit(feed, Step(outputs=[Output("ticks", b"old")], changes={b"feed/row": b"7"}))

    name = shelf.put_aside(feed)

    old = RedisLog(redis_url, name)
    assert name == f"{desk}@1"
    assert [entry.data for entry in old.entries("ticks")] == [b"old"]
    assert log.entries("ticks") == []
    assert log.load(feed, ()).state == {}
    log.commit(feed, Step(outputs=[Output("ticks", b"new")]))
    assert shelf.put_aside(feed) == f"{desk}@2"
    for each in (log, shelf, old):
        each.close()


def test_holders_of_units_lose_their_leases_and_their_successors_are_newer(redis_url: str, desk: str) -> None:
    log, shelf = RedisLog(redis_url, desk), RedisShelf(redis_url, desk)
    feed, unit = take(log, "feed"), take(log, UNIT.name)
    carrier = Carrier(UNIT, log, unit)
    assert shelf.held() == {"feed", UNIT.name}

    shelf.put_aside(feed)

    with pytest.raises(LeaseLostError):
        log.commit(unit, Step(changes={b"sums/x": b"1"}))
    again = take(log, UNIT.name)
    assert again.epoch > unit.epoch
    assert Carrier(UNIT, log, again).positions["ticks"] == Position(b"0-0", 0)
    assert carrier.handled == 0
    log.close()
    shelf.close()


def test_it_says_who_has_not_read_everything(redis_url: str, desk: str) -> None:
    log, shelf = RedisLog(redis_url, desk), RedisShelf(redis_url, desk)
    lease = take(log, UNIT.name)
    positions = log.load(lease, UNIT.inputs).positions
    log.append([Output("ticks", b"1"), Output("ticks", b"2")])
    assert shelf.unread() == [f"{UNIT.name} on ticks: 2 entries"]

    entries = log.read(positions, 10, 0)
    move = Move(positions["ticks"], entries[0].id, Position(entries[-1].id, 2))
    log.commit(lease, Step({"ticks": move}))

    assert shelf.unread() == []
    log.close()
    shelf.close()


def test_only_the_holder_of_the_feed_may_do_it(redis_url: str, desk: str) -> None:
    log, shelf = RedisLog(redis_url, desk), RedisShelf(redis_url, desk)
    feed = take(log, "feed")
    log.append([Output("ticks", b"old")])
    log.release(feed)

    with pytest.raises(LeaseLostError):
        shelf.put_aside(feed)

    assert len(log.entries("ticks")) == 1
    log.close()
    shelf.close()


def test_a_book_that_was_put_aside_cannot_be_put_aside_again(redis_url: str, desk: str) -> None:
    shelf = RedisShelf(redis_url, f"{desk}@1")

    with pytest.raises(ConfigError, match="put aside"):
        shelf.put_aside(Lease("feed", 1, 1000))
    shelf.close()


def test_what_is_written_after_the_look_belongs_to_the_new_book(redis_url: str, desk: str) -> None:
    class Interrupted(RedisShelf):
        def _book(self, lease: Lease) -> Sequence[str]:
            keys = super()._book(lease)
            # A unit opens between the look and the step, for instance one that was starting anyway.
            log.load(unit, UNIT.inputs)
            return keys

    log, shelf = RedisLog(redis_url, desk), Interrupted(redis_url, desk)
    feed, unit = take(log, "feed"), take(log, UNIT.name)
    log.append([Output("ticks", b"%d" % n) for n in range(1000)])

    name = shelf.put_aside(feed)

    old = RedisLog(redis_url, name)
    assert len(old.entries("ticks")) == 1000
    assert shelf.newest() == name
    for each in (log, shelf, old):
        each.close()


def test_nobody_waits_for_a_group_that_was_taken_away(redis_url: str, desk: str) -> None:
    log, shelf = RedisLog(redis_url, desk), RedisShelf(redis_url, desk)
    lease = take(log, UNIT.name)
    log.load(lease, UNIT.inputs)
    log.append([Output("ticks", b"1")])
    assert shelf.unread() == [f"{UNIT.name} on ticks: 1 entries"]

    log.release(lease)

    assert shelf.unread() == []
    log.close()
    shelf.close()
