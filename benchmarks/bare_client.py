"""The ceiling of a feed: websocket-client and `json.loads` alone, on the same frames; prints what it took as JSON.

    python -m benchmarks.bare_client ws://127.0.0.1:9200/NorenWSTP/ 40000 plain      # or: checked

Asks for the instruments that stand on its standard input, one `EXCHANGE|TOKEN` a line, says `ready` and counts frames. `checked`
is the library as it is, which looks at every byte for UTF-8; `plain` has it pass the bytes on, as the feed does. Afterwards
the same frames are parsed alone, and merged alone by the feed's own code.
"""

import json
import sys
import time
from typing import Any

import websocket

from sauda.clock import SystemClock
from sauda_feed.noren_quotes import Quotes

_WARM = 100
"""Frames before the clock starts."""


def main(arguments: list[str]) -> int:
    """Take so many frames as fast as they come."""
    url, count, how = arguments[0], int(arguments[1]), arguments[2]
    keys = sys.stdin.read().split()
    line = websocket.create_connection(url, timeout=60, skip_utf8_validation=how == "plain")
    line.send(json.dumps({"t": "c", "uid": "FA00001", "susertoken": ""}))
    line.send(json.dumps({"t": "t", "k": "#".join(keys)}))
    texts: list[bytes] = []
    while len(texts) < len(keys) + 1:
        texts.append(line.recv_data()[1])
    print("ready", flush=True)
    found = _received(line, count, texts) | _alone(texts, keys)
    print(json.dumps(found))
    line.close()
    return 0


def _received(line: Any, count: int, texts: list[bytes]) -> dict[str, float]:
    """Receive *count* frames and parse each."""
    began_s = used_s = 0.0
    for number in range(count):
        if number == _WARM:
            began_s, used_s = time.monotonic(), time.process_time()
        text = line.recv_data()[1]
        json.loads(text)
        texts.append(text)
    counted = count - _WARM
    seconds, spent_s = time.monotonic() - began_s, time.process_time() - used_s
    return {"per_s": counted / seconds, "cpu_us": spent_s / counted * 1e6}


def _alone(texts: list[bytes], keys: list[str]) -> dict[str, float]:
    """Parse and merge what was received, without a socket."""
    began_s = time.process_time()
    frames = [json.loads(text) for text in texts]
    parsed_s = time.process_time() - began_s
    quotes = Quotes({(key.partition("|")[0], key.partition("|")[2]): key for key in keys})
    now_ns = SystemClock().now_ns() + 10**18  # whatever day the frames are of
    began_s = time.process_time()
    ticks = sum(quotes.take(frame, now_ns) is not None for frame in frames)
    merged_s = time.process_time() - began_s
    size = len(texts)
    return {"json_us": parsed_s / size * 1e6, "merge_us": merged_s / size * 1e6, "ticks": ticks}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
