"""Where a writer's processor time goes for one point: read, decode, to line, to the database, acknowledge. In one process."""

from collections.abc import Callable, Sequence
from functools import partial
from time import process_time
from typing import TypeVar

from benchmarks.databases import VictoriaMetrics
from benchmarks.figures import Figure
from benchmarks.made_up_points import Point
from benchmarks.replicas import fill
from sauda.batch import Batch, batch_of
from sauda.codec import encode
from sauda.garbage import collect_rarely
from sauda.redis_consumer import RedisConsumer
from sauda_pnl.writers.influx import InfluxSink
from sauda_pnl.writers.lines import Lines

T = TypeVar("T")
_DESK = "stages"
_COUNT = 2_000


def split(port: int, database: VictoriaMetrics, made: Sequence[Point]) -> list[Figure]:
    """Return the processor time of each stage; what a writer does, one stage after another."""
    collect_rarely()
    fill(port, _DESK, [encode(point) for point in made])
    reader = RedisConsumer(f"redis://127.0.0.1:{port}/0", _DESK, "writer.influx", "a", ("pnl",))
    sink = InfluxSink(database.url, token="none", org="sauda", bucket="sauda", desk=_DESK)
    lines = Lines(_DESK)
    used: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], T]) -> T:
        began = process_time()
        outcome = work()
        used[stage] = used.get(stage, 0.0) + process_time() - began
        return outcome

    reader.open()
    while entries := timed("read", partial(reader.fresh, _COUNT, 0)):
        batch = timed("decode", partial(batch_of, "writer.influx", entries))
        timed("to line", partial(_as_lines, lines, batch))
        timed("write", partial(sink.write, batch.records))
        timed("acknowledge", partial(reader.settle, entries, ()))
    reader.close()
    sink.close()
    # A write makes the lines itself; what it takes besides is the way to the database.
    used["http"] = used.pop("write") - used["to line"]
    return [
        Figure(
            f"writer, {stage}", cost / len(made) * 1e6, "µs", "processor time a point", less_is_better=True
        )
        for stage, cost in used.items()
    ]


def _as_lines(lines: Lines, batch: Batch) -> list[str | None]:
    return [lines.line(record.message) for record in batch.records]
