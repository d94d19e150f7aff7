"""Redis behind a slow line: how old a price may be when it reaches the desk, and what is left out so that it is no older.

    python -m benchmarks.feed slow_ms=150 rate=4000          # under a minute

The line is `chaos.proxy`, which delays every byte by `slow_ms` each way; the desk is read past it. Two round trips have to fit into
`SAUDA_LEASE_MS` (a second): slower lines cost the feed its lease.
"""

import tempfile
from pathlib import Path

from benchmarks.feed_outage import Server, differing, passed
from benchmarks.noren_desk import Desk, broker, feed, wait_until
from benchmarks.server import free_port
from chaos.proxy import Loop, Proxy
from sauda.codec import decode
from sauda.contracts import FeedGap

_SLOW_S = 25


def main(instruments: int = 2_000, rate: int = 4_000, slow_ms: int = 150) -> int:
    """Run and print; 1 when the desk was not told what the broker said last."""
    loop = Loop()
    loop.start()
    with tempfile.TemporaryDirectory(prefix="sauda-bench-") as name:
        server = Server(Path(name))
        server.start()
        proxy = Proxy(loop, free_port(), server.port, b"EVALSHA", "slow")
        proxy.listen()
        try:
            return _ran(Path(name), proxy, instruments, rate, slow_ms)
        finally:
            proxy.close()
            loop.close()
            server.kill()


def _ran(folder: Path, proxy: Proxy, instruments: int, rate: int, slow_ms: int) -> int:
    near = Desk(f"redis://127.0.0.1:{proxy.upstream}/0", "slow")
    far = Desk(f"redis://127.0.0.1:{proxy.port}/0", "slow")
    with broker(folder, instruments) as load, feed(folder, load, far) as process:
        near.subscribe(load.names)
        wait_until(lambda: near.priced() >= set(load.names), "all have a price", 0.05)
        start, first = near.newest(), load.go(10**12, rate)
        passed(3, process)
        before_kb = process.resident_kb()
        proxy.slow(slow_ms / 1_000, 0, 0)
        most_kb = passed(_SLOW_S, process)
        proxy.slow(0, 0, 0)
        passed(3, process)
        load.stop()
        state = load.state(said=True)
        wait_until(lambda: near.has(load.frame(state["sent"] - 1)), "the last frame's tick is written")
        ahead_ns = state["ahead_ns"]
        ticks, lags = near.ticks(start), sorted(near.lags_ms(start, ahead_ns))
        gaps = [
            one
            for one in map(decode, (e.data for e in near.view.entries("ticks", start)))
            if isinstance(one, FeedGap)
        ]
        wrong = differing(state["said"], near.ticks())
    print(f"{instruments:,} instruments, {rate:,} frames/s, {slow_ms} ms each way to Redis for {_SLOW_S} s")
    print(
        f"resident memory of the feed: before {before_kb / 1024:.1f} MB, at the most {most_kb / 1024:.1f} MB"
    )
    print(f"{len(ticks):,} ticks of {state['sent'] - first:,} frames, {len(gaps)} gaps")
    print(f"receipt -> stream: p50 {lags[len(lags) // 2]:.0f} ms, at the most {lags[-1]:.0f} ms")
    for line in wrong[:20]:
        print(f"WRONG: {line}")
    return 1 if wrong else 0
