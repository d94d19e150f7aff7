"""The clients of `benchmarks.gateway_clients`, in a process of their own: `python -m benchmarks.gateway_listeners` with a plan as JSON.

All listen over real WebSockets; the last one stops reading when it has begun. An update's age is the time from the writer's stamp
(`recv_ns` of its tick, the newest of a chain's) to the hands of a client, on the clock of this machine.
"""

import asyncio
import json
import sys
import time
from typing import Any, Final

import msgspec
import websockets

from sauda.clock import NS_PER_MS, SystemClock


class Plan(msgspec.Struct):
    """What is to be measured."""

    address: str
    token: str
    topics: list[list[str]]
    """Of each client."""
    stalled: list[str]
    """Of the client that stops reading; empty: there is none."""
    seconds: float
    warm_s: float = 3.0
    """Before that nothing counts."""


class _Data(msgspec.Struct):
    recv_ns: int | None = None
    market_ns: int | None = None


class _News(msgspec.Struct):
    data: _Data | None = None


_news: Final = msgspec.json.Decoder(_News)


class Listeners:
    """All of them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock = SystemClock()
        self.ages_ms: list[float] = []
        self.counts = [0] * len(plan.topics)

    async def run(self) -> None:
        """Listen for as long as planned."""
        plan = self._plan
        async with asyncio.TaskGroup() as group:
            for number, topics in enumerate(plan.topics):
                group.create_task(self._listen(number, topics))
            if plan.stalled:
                group.create_task(self._stall(plan.stalled))

    async def _listen(self, number: int, topics: list[str]) -> None:
        async with self._connected() as connection:
            await connection.send(json.dumps({"subscribe": topics}))
            began_s = asyncio.get_running_loop().time()
            counted_s, ends_s = began_s + self._plan.warm_s, began_s + self._plan.warm_s + self._plan.seconds
            async for text in connection:
                at_s = asyncio.get_running_loop().time()
                if at_s > ends_s:
                    return
                if at_s < counted_s:
                    continue
                data = _news.decode(text).data
                stamp = None if data is None else data.recv_ns or data.market_ns
                if stamp is not None:
                    self.ages_ms.append((self._clock.now_ns() - stamp) / NS_PER_MS)
                    self.counts[number] += 1

    async def _stall(self, topics: list[str]) -> None:
        # No queue of the library's own: it would read on for a while.
        async with self._connected(max_queue=1) as connection:
            await connection.send(json.dumps({"subscribe": topics}))
            await connection.recv()
            await asyncio.sleep(self._plan.warm_s + self._plan.seconds)
            connection.transport.abort()

    def _connected(self, **options: Any) -> Any:
        return websockets.connect(
            self._plan.address,
            additional_headers={"Authorization": f"Bearer {self._plan.token}"},
            compression=None,
            ping_interval=None,
            open_timeout=60,
            max_size=None,
            **options,
        )


def main() -> None:
    """Listen, and say what was heard."""
    listeners = Listeners(msgspec.json.decode(sys.stdin.readline(), type=Plan))
    asyncio.run(listeners.run())
    used_s = time.process_time()
    print(json.dumps({"ages_ms": listeners.ages_ms, "counts": listeners.counts, "cpu_s": used_s}))


if __name__ == "__main__":
    main()
