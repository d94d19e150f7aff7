"""Real database servers that end under load and come back: every point is there once, and nothing is left with the writer."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from benchmarks.databases import Database, PostgreSql, VictoriaMetrics, check
from benchmarks.figures import CannotMeasureError
from benchmarks.made_up_points import points
from benchmarks.replicas import fill
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode
from sauda.keys import Keys
from sauda.redis_consumer import RedisConsumer
from sauda.writer import Sink, WriterRunner
from sauda_pnl.writers.influx import InfluxSink
from sauda_pnl.writers.sql import SqlSink


@pytest.fixture(params=[VictoriaMetrics, PostgreSql])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    # Not the test's own folder: PostgreSQL runs as another user, who may not enter that.
    with tempfile.TemporaryDirectory(prefix="sauda-db-") as folder:
        try:
            made: Database = request.param(Path(folder))
        except CannotMeasureError as error:
            pytest.fail(str(error))
        made.start()
        yield made
        made.stop()


def sink_of(database: Database, desk: str) -> Sink:
    if isinstance(database, VictoriaMetrics):
        return InfluxSink(database.url, token="", org="o", bucket="b", desk=desk, timeout_ms=2_000)
    return SqlSink(database.settings["SAUDA_SQL_URL"], desk=desk)


def eventually(condition: Any, seconds: float = 40) -> None:
    end_s = monotonic_s() + seconds
    while not condition():
        assert monotonic_s() < end_s, "it did not come to pass"
        SystemClock().sleep(0.02)


def test_a_database_that_ends_under_load_and_comes_back_holds_every_point_once(
    database: Database, own_redis: Any, desk: str
) -> None:
    encoded = [encode(point) for point in points(6_000)]
    reader = RedisConsumer(own_redis.url, desk, "writer.test", "a", ("pnl",))
    runner = WriterRunner(
        reader, sink_of(database, desk), count=100, block_ms=100, linger_ms=1, pause=lambda _: 0.1
    )
    client: Any = redis.Redis.from_url(own_redis.url, protocol=2)
    stop = threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    try:
        fill(own_redis.port, desk, encoded[:3_000])
        eventually(lambda: runner.written > 500)
        database.stop()
        fill(own_redis.port, desk, encoded[3_000:])
        eventually(lambda: runner.phase == "away")
        (group,) = client.xinfo_groups(Keys(desk).stream("pnl"))
        assert group["pending"] <= 200, "the batch in hand and the next one, and nothing more"
        database.start()
        eventually(lambda: runner.written == 6_000)
    finally:
        stop.set()
        thread.join(20)

    (group,) = client.xinfo_groups(Keys(desk).stream("pnl"))
    assert (group["pending"], group["lag"], runner.refused) == (0, 0, 0)
    check(database, desk, 6_000)
    client.close()
