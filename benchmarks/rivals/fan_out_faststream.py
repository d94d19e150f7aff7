"""The desk's fan-out on FastStream's Redis streams, written from its documentation; run by a Python of its own.

    python fan_out_faststream.py read  URL STREAM GROUP TICKS
    python fan_out_faststream.py write URL STREAM TICKS RATE      (RATE 0: as fast as it goes)

One process publishes ticks, three subscribe in groups of their own, which acknowledge each. No state, nothing atomic. Prints one line of JSON.
"""

import asyncio
import json
import sys
import time

from faststream.redis import RedisBroker, StreamSub
from pydantic import BaseModel

now_ns = time.time_ns  # noqa: TID251  (a rival knows no Clock of ours)


class Tick(BaseModel):
    """A tick as it is sent."""

    instrument: str
    event_ns: int
    recv_ns: int
    ltp: int
    bid: int
    ask: int
    bid_qty: int
    ask_qty: int
    volume: int
    oi: int


async def read(url: str, stream: str, group: str, ticks: int) -> dict[str, object]:
    """Take so many ticks; return when the last was done and how old each was, ms."""
    broker = RedisBroker(url, logger=None)
    all_done, ages = asyncio.Event(), []

    @broker.subscriber(stream=StreamSub(stream, group=group, consumer="one", polling_interval=10))
    async def on_tick(tick: Tick) -> None:
        ages.append((now_ns() - tick.recv_ns) / 1e6)
        if len(ages) == ticks:
            all_done.set()

    await broker.start()
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    await all_done.wait()
    found = {"done_s": time.monotonic(), "cpu_s": time.process_time(), "ages_ms": ages}
    await broker.stop()
    return found


async def write(url: str, stream: str, ticks: int, rate: int) -> dict[str, object]:
    """Publish so many ticks; return when the first went."""
    broker = RedisBroker(url, logger=None)
    await broker.connect()
    began_s = time.monotonic()
    for given in range(ticks):
        if rate:
            await asyncio.sleep(max(0.0, began_s + given / rate - time.monotonic()))
        tick = Tick(instrument="NFO:NIFTY01DEC26C24100", event_ns=0, recv_ns=now_ns(), ltp=42195, bid=42090, ask=42300,
                    bid_qty=650, ask_qty=1300, volume=1000000, oi=9124050)  # fmt: skip
        await broker.publish(tick, stream=stream)
    await broker.stop()
    return {"began_s": began_s, "cpu_s": time.process_time()}


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    work = read(*rest[:3], int(rest[3])) if role == "read" else write(*rest[:2], int(rest[2]), int(rest[3]))
    print(json.dumps(asyncio.run(work)))
