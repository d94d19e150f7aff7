"""`make bench`: the desk beside the ceiling of its own server, and a backtest beside another engine's. Writes var/bench.json."""

import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks import backtest
from benchmarks.ceiling import xadd_ceiling
from benchmarks.diff import line, speeds
from benchmarks.pipeline import latency, throughput
from benchmarks.server import private_server

TICKS = int(os.environ.get("BENCH_TICKS", "600000"))
RERUN_TICKS = int(os.environ.get("BENCH_DIFF_TICKS", "100000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "15"))


def main() -> None:
    """Measure and print; exit 1 if there is no ceiling to compare with, or the two backtests disagree on a trade."""
    with private_server() as (port, server), tempfile.TemporaryDirectory(prefix="sauda-bench-") as name:
        folder = Path(name)
        print(f"{server}, {os.cpu_count()} cores, Python {platform.python_version()}")
        ceiling = xadd_ceiling(port)
        if ceiling is None:
            print("redis-benchmark is not here (Debian: redis-tools): no ceiling to compare with")
        else:
            print(f"ceiling: redis-benchmark, pipelined XADD of 160 bytes     {ceiling:>10,.0f} /s")
        through = throughput(port, folder, TICKS)
        share = f" = {through.per_second / ceiling:.1%} of the ceiling" if ceiling else ""
        print(
            f"feed -> strategy, execution, valuation, end to end       {through.per_second:>10,.0f} ticks/s{share}"
        )
        for who, cost in through.cpu_us_per_tick.items():
            print(f"    processor time {who:<24} {cost:6.2f} µs a tick")
        delays = [latency(port, folder, rate, SECONDS) for rate in (1_000, 5_000, 20_000)]
        for delay in delays:
            print(
                f"tick -> fill at {delay.rate:>6,} ticks/s   p50 {delay.p50_ms:6.2f} ms   p99 {delay.p99_ms:6.2f} ms"
                f"   ({delay.fills} fills)"
            )
        reruns = [speed for batch in (1, 500) for speed in speeds(port, RERUN_TICKS, batch)]
        for speed in reruns:
            print(line(speed))
        tested = backtest.compared(folder)
        for told in backtest.lines(tested):
            print(told)
    found = {
        "server": server,
        "ceiling_per_s": ceiling,
        "throughput": asdict(through) | {"per_s": through.per_second},
        "latency": [asdict(delay) for delay in delays],
        "diff": [asdict(speed) for speed in reruns],
        "backtest": backtest.figures(tested),
    }
    out = Path("var/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written: {out}")
    sys.exit(0 if ceiling and not (tested.rivals and tested.differences) else 1)


if __name__ == "__main__":
    main()
