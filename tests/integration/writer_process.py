"""One writer replica as a process of its own, for tests that kill it: redis address, desk, sink, database, idle ms."""

import signal
import sys
import threading

from sauda.redis_consumer import RedisConsumer
from sauda.service import holder_name
from sauda.writer import Sink, WriterRunner
from sauda_pnl.access import STREAMS
from sauda_pnl.writers.influx import InfluxSink
from sauda_pnl.writers.sql import SqlSink


def main() -> None:
    redis_url, desk, kind, database, idle_ms = sys.argv[1:]
    sink: Sink = (
        SqlSink(database, desk=desk)
        if kind == "sql"
        else InfluxSink(database, token="t", org="sauda", bucket="sauda", desk=desk)
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    consumer = RedisConsumer(redis_url, desk, f"writer.{kind}", holder_name(), STREAMS)
    runner = WriterRunner(
        consumer,
        sink,
        count=20,
        block_ms=200,
        linger_ms=5,
        claim_after_ms=int(idle_ms),
        on_event=lambda name, facts: print(name, facts, file=sys.stderr, flush=True),
    )
    runner.run(stop)


if __name__ == "__main__":
    main()
