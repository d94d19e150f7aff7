"""What a tick and an order take of Redis' memory, journal and state included: `python -m benchmarks memory`.

The real units on a real server take a made-up market, in small steps as a desk that keeps up and in large ones as one that catches up; then once
more with an order a second of the market. The server is asked what each key takes (`MEMORY USAGE`, all of it). Bytes do not depend on the
machine's speed; they depend a little on the version of the server and its allocator. The yardstick is an entry of 160 bytes on a bare stream.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import redis

from benchmarks import ping
from benchmarks.figures import Figure
from benchmarks.server import private_server
from sauda.codec import encode
from sauda.contracts import STREAM_OF, Message, Tick
from sauda.log import Lease, Output, Step
from sauda.redis_log import RedisLog
from sauda.runner import Carrier
from sauda.settings import load_settings
from sauda.testing.market import MadeUpMarket
from sauda.unit import Unit
from sauda.units import available

TICKS: Final = 40_000
SMALL, LARGE = 10, 500
"""Entries in a step: 500 steps a second at 5,000 ticks/s, or one that catches up."""
_PAYLOAD: Final = "x" * 160
_LEASE_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class Taken:
    """Bytes of one run."""

    ticks: int
    orders: int
    streams: Mapping[str, int]
    points: int
    """Entries on `pnl`."""
    units: int
    """The hashes of all units: positions and state."""
    used: int
    """By which the server's `used_memory` has grown."""

    @property
    def all(self) -> int:
        """Return the bytes of all keys."""
        return sum(self.streams.values()) + self.units


@dataclass(frozen=True, slots=True)
class Memory:
    """All runs."""

    bare: float
    """Bytes of a bare entry."""
    json: float
    """Bytes of a tick's message, on average."""
    small: Taken
    large: Taken
    traded: Taken
    """As `small`, with orders."""

    @property
    def figures(self) -> list[Figure]:
        """Return what the bench hands over."""
        stick = Figure("an entry of 160 bytes on a bare stream", self.bare, "bytes", less_is_better=True)
        ticks, orders, units = (
            self.small.ticks,
            self.traded.orders,
            "two strategies, execution, valuation, bars",
        )
        told = [
            ("a tick's message", self.json, "JSON, ten fields"),
            ("a tick on its stream", self.small.streams["ticks"] / ticks, "message, cause and id"),
            (f"a tick in the journal, steps of {SMALL}", self.small.streams["journal"] / ticks, units),
            (f"a tick in the journal, steps of up to {LARGE}", self.large.streams["journal"] / ticks, units),
            (f"a tick, all that follows from it, steps of {SMALL}", self.small.all / ticks, units),
            ("an order on its stream", self._more("orders") / orders, "a market order"),
            (
                "an order's reports",
                self._more("executions") / orders,
                "accepted, filled, the account after each",
            ),
            ("an order in the journal", self._more("journal") / orders, units),
            (
                "an order in the units' state",
                (self.traded.units - self.small.units) / orders,
                "until its day is over",
            ),
            (
                "a point of P&L",
                self.traded.streams["pnl"] / self.traded.points,
                "of a position, strategy or desk",
            ),
        ]
        found = [
            Figure(name, value, "bytes", note, less_is_better=True).beside(stick)
            for name, value, note in told
        ]
        used = Figure(
            "used_memory for a tick", self.small.used / ticks, "bytes", "the server's own word", True, False
        )
        return [stick, *found, used]

    def _more(self, stream: str) -> int:
        return self.traded.streams.get(stream, 0) - self.small.streams.get(stream, 0)


def measured(ticks: int = TICKS) -> Memory:
    """Measure on servers of our own."""
    market = MadeUpMarket()
    messages = [message for second in market.seconds(ticks, options=99) for message in second]
    sizes = [len(encode(one)) for one in messages if type(one) is Tick]
    small, large = (_taken(market, messages, step, with_orders=False) for step in (SMALL, LARGE))
    traded = _taken(market, messages, SMALL, with_orders=True)
    return Memory(_bare(ticks), sum(sizes) / len(sizes), small, large, traded)


def _bare(count: int) -> float:
    with private_server() as (port, _), redis.Redis(port=port) as client:
        pipeline = client.pipeline(transaction=False)
        for _ in range(count):
            pipeline.xadd("bare", {"d": _PAYLOAD})
        pipeline.execute()
        return _size(client, "bare") / count


def _taken(market: MadeUpMarket, messages: Sequence[Message], step: int, *, with_orders: bool) -> Taken:
    with private_server() as (port, _), redis.Redis(port=port) as client:
        log = RedisLog(f"redis://127.0.0.1:{port}/0", "memory")
        before = client.info("memory")["used_memory"]
        fed = _play(log, market, messages, step, with_orders=with_orders)
        log.close()
        streams, units = {}, 0
        for key in client.scan_iter(f"{log.keys.prefix}*"):
            name = key.decode().removeprefix(log.keys.prefix)
            if client.type(key) == b"stream":
                streams[name] = _size(client, key)
            elif name.startswith("unit:"):
                units += _size(client, key)
        used = client.info("memory")["used_memory"] - before
        orders, points = (int(client.xlen(log.keys.stream(name))) for name in ("orders", "pnl"))
    return Taken(fed, orders, streams, points, units, used)


def _play(
    log: RedisLog, market: MadeUpMarket, messages: Sequence[Message], step: int, *, with_orders: bool
) -> int:
    """Be the feed, and let all units follow it closely; return the ticks that were fed."""
    settings = load_settings(environ={"SAUDA_SPEED": "100000", "SAUDA_CAPITAL": "1000000000"})
    units = [*available(settings).values(), Unit("strategy.ping", ("ticks",), ping.Ping)]
    before, ping.EVERY = ping.EVERY, 100 if with_orders else len(messages) + 1
    carriers = [_carrier(log, replace(unit, rest_ms=0), step) for unit in units]
    feed = _lease(log, "feed")
    fed = 0
    for part in (market.instruments(), *(messages[at : at + step] for at in range(0, len(messages), step))):
        log.commit(feed, Step(outputs=[Output(STREAM_OF[type(one)], encode(one)) for one in part]))
        fed += sum(type(one) is Tick for one in part)
        while sum(carrier.step() for carrier in carriers):
            pass
    ping.EVERY = before
    return fed


def _carrier(log: RedisLog, unit: Unit, step: int) -> Carrier:
    return Carrier(unit, log, _lease(log, unit.name), step)


def _lease(log: RedisLog, name: str) -> Lease:
    lease = log.acquire(name, "benchmark", _LEASE_MS)
    if lease is None:
        raise RuntimeError(f"{name} is held by somebody else on a server of our own")
    return lease


def _size(client: "redis.Redis", key: str | bytes) -> int:
    return int(client.memory_usage(key, samples=0) or 0)
