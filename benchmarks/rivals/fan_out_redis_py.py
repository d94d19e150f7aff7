"""The desk's fan-out as a plain redis-py loop: one process writes ticks, three read them in groups of their own and acknowledge.

    python fan_out_redis_py.py read  URL STREAM GROUP TICKS
    python fan_out_redis_py.py write URL STREAM TICKS RATE      (RATE 0: as fast as it goes)

No state, no outputs, nothing atomic: what is read and not yet acknowledged is read again after a crash. Prints one line of JSON.
"""

import json
import sys
import time

import redis

now_ns = time.time_ns  # noqa: TID251  (a rival knows no Clock of ours)
BATCH = 1000
"""As the desk has it in the same bench."""
TICK = """{"type":"tick","instrument":"NFO:NIFTY01DEC26C24100","event_ns":0,"recv_ns":0,"ltp":42195,"bid":42090,"ask":42300,
"bid_qty":650,"ask_qty":1300,"volume":1000000,"oi":9124050}"""


def read(url: str, stream: str, group: str, ticks: int) -> dict[str, object]:
    """Decode and acknowledge so many ticks; return when the last was done and how old each was, ms."""
    client = redis.Redis.from_url(url, protocol=2)
    client.set_response_callback("XREADGROUP", lambda reply, **_: reply)
    client.xgroup_create(stream, group, id="0", mkstream=True)
    print("ready", flush=True)
    done, ages = 0, []
    while done < ticks:
        for _, rows in client.xreadgroup(group, "one", {stream: ">"}, count=BATCH, block=1000) or ():
            seen_ns = now_ns()
            for _, fields in rows:
                ages.append((seen_ns - json.loads(fields[1])["recv_ns"]) / 1e6)
            client.xack(stream, group, *[row[0] for row in rows])
            done += len(rows)
    return {
        "done_s": time.monotonic(),
        "cpu_s": time.process_time(),
        "ages_ms": ages if ticks <= 100_000 else [],
    }


def write(url: str, stream: str, ticks: int, rate: int) -> dict[str, object]:
    """Write so many ticks, a pipeline at a time; return when the first went."""
    client = redis.Redis.from_url(url, protocol=2)
    tick = json.loads(TICK)
    began_s, given = time.monotonic(), 0
    while given < ticks:
        due = min(ticks - given, BATCH)
        if rate:
            due = min(due, int((time.monotonic() - began_s) * rate) - given)
            if due <= 0:
                time.sleep(0.0002)
                continue
        tick["recv_ns"] = now_ns()
        pipeline = client.pipeline(transaction=False)
        for _ in range(due):
            pipeline.xadd(stream, {"d": json.dumps(tick)})
        pipeline.execute()
        given += due
    return {"began_s": began_s, "cpu_s": time.process_time()}


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    found = read(*rest[:3], int(rest[3])) if role == "read" else write(*rest[:2], int(rest[2]), int(rest[3]))
    print(json.dumps(found))
