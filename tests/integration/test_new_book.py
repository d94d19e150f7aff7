"""A recording of an earlier day on a desk that has traded: the old book stays whole, the new one starts clean."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sauda.codec import decode
from sauda.contracts import Alert, Tick
from sauda.redis_log import RedisLog
from sauda.redis_shelf import RedisShelf
from sauda.runner import UnitRunner
from sauda.testing.counting import counter_unit
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.pace import Scaled
from sauda_feed.recording import RecordingSource
from sauda_feed.timeline import Recording
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
    stop.set()
    carrier.join(10)

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
