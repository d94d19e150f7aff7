"""A recording of an earlier day on a desk that has traded: the old book stays whole, the new one starts clean."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sauda.codec import decode
from sauda.contracts import Alert, Tick
from sauda.log import Output, Step
from sauda.recordings.timeline import Recording
from sauda.redis_log import RedisLog
from sauda.redis_shelf import RedisShelf
from sauda.runner import UnitRunner
from sauda.testing.counting import counter_unit
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.new_book import StoppedError, begin_new_book
from sauda_feed.pace import Scaled
from sauda_feed.progress import Progress, changes
from sauda_feed.recording import RecordingSource
from tests.integration.desk_processes import wait_until
from tests.unit.feed.recordings import recording, row

INDEX = "Nifty 50"
DAY_S = 86_400


@contextmanager
def fed(url: str, desk: str, played: Recording) -> Iterator[list[tuple[str, dict[str, object]]]]:
    """Run a feed over *played*; give the events it tells."""
    events: list[tuple[str, dict[str, object]]] = []
    shelf = RedisShelf(url, desk)
    feed = Feed(
        [Desk(RedisLog(url, desk), "test", 1500)],
        lambda: RecordingSource(played, Scaled(1_000)),
        on_event=lambda name, facts: events.append((name, facts)),
        shelves={desk: shelf},
    )
    stop = threading.Event()
    thread = threading.Thread(target=feed.run, args=[stop])
    thread.start()
    try:
        yield events
    finally:
        stop.set()
        thread.join(20)
        shelf.close()


def source_of(played: Recording) -> str:
    return f"recording:{played.fingerprint}"


def sums(log: RedisLog) -> list[str]:
    said = [decode(entry.data) for entry in log.entries("alerts")]
    return [alert.text for alert in said if isinstance(alert, Alert) and alert.code == "SUM"]


def test_an_earlier_market_begins_a_new_book_that_misses_nothing(
    redis_url: str, desk: str, tmp_path: Path
) -> None:
    for name in ("later", "earlier"):
        (tmp_path / name).mkdir()
    later = recording(tmp_path / "later", [row(DAY_S * 3 + n, INDEX, ltp=1.0) for n in range(5)])
    earlier = recording(tmp_path / "earlier", [row(n, INDEX, ltp=2.0) for n in range(5)])
    log = RedisLog(redis_url, desk)
    stop = threading.Event()
    unit = UnitRunner(counter_unit(), RedisLog(redis_url, desk), "test")
    carrier = threading.Thread(target=unit.run, args=[stop])
    carrier.start()
    wait_until(lambda: unit.phase == "holding", 10, "the unit is held")

    with fed(redis_url, desk, later):
        wait_until(lambda: len(sums(log)) == 5, 20, "the later day is played")
    with fed(redis_url, desk, earlier) as events:
        wait_until(lambda: sums(log)[-1:] == ["NSE:Nifty 50=1000"], 20, "the earlier day is played")
    with fed(redis_url, desk, earlier) as again:
        wait_until(
            lambda: ("source_is", {"source": source_of(earlier), "condition": "over"}) in again,
            20,
            "it is over",
        )
    stop.set()
    carrier.join(10)

    # The feed that was started again in the second book went on where that stood.
    assert not any(name == "book_put_aside" for name, _ in again)
    old = RedisLog(redis_url, f"{desk}@1")
    assert sums(old) == [f"NSE:Nifty 50={100 * n}" for n in range(1, 6)]
    assert sums(log) == [f"NSE:Nifty 50={200 * n}" for n in range(1, 6)]
    assert sum(isinstance(decode(entry.data), Tick) for entry in log.entries("ticks")) == 5
    assert ("book_put_aside", {"desk": desk, "old_book": f"{desk}@1"}) in events
    codes = [
        message.code
        for message in map(decode, (e.data for e in log.entries("alerts")))
        if isinstance(message, Alert)
    ]
    assert codes.count("NEW_BOOK") == 1
    for each in (log, old):
        each.close()


def test_another_kind_of_source_begins_a_new_book_although_its_market_is_later(
    redis_url: str, desk: str, tmp_path: Path
) -> None:
    """What a simulator's book holds must never run on into a broker's market."""
    log = RedisLog(redis_url, desk)
    shelf = RedisShelf(redis_url, desk)
    lease = log.acquire("feed", "an earlier feed", 60_000)
    assert lease is not None
    earlier_ns = 1_700_000_000_000_000_000
    log.commit(lease, Step(changes=changes(Progress(commits=1, source="simulator", market_ns=earlier_ns))))
    log.append([Output("ticks", b"of the simulator")])
    log.release(lease)
    played = recording(tmp_path, [row(n, INDEX, ltp=2.0) for n in range(3)])

    with fed(redis_url, desk, played) as events:
        wait_until(lambda: len(log.entries("ticks")) >= 3, 20, "the recording is played")

    assert ("book_put_aside", {"desk": desk, "old_book": f"{desk}@1"}) in events
    assert b"of the simulator" not in [entry.data for entry in log.entries("ticks")]
    log.close()
    shelf.close()


def test_a_feed_that_is_told_to_stop_while_readers_are_behind_leaves_the_book_as_it_is(
    redis_url: str, desk: str
) -> None:
    log, shelf = RedisLog(redis_url, desk), RedisShelf(redis_url, desk)
    feed = Desk(log, "test", 60_000)
    assert feed.acquire()
    unit = log.acquire("counter", "test", 60_000)
    assert unit is not None
    log.load(unit, ("orders",))
    log.append([Output("orders", b"unread")])
    stop = threading.Event()
    stop.set()

    with pytest.raises(StoppedError):
        begin_new_book(feed, shelf, stop, lambda _name, _facts: None)

    assert len(log.entries("orders")) == 1
    log.close()
    shelf.close()
