"""The way of a tick in milliseconds: tick -> order -> fill -> point of profit and loss, each hop, at a given rate.

The clock is the machine's, the same for all processes. A hop begins when the feed stamps the tick (`recv_ns`), and ends when a reader
that waits for the three streams has the entry in its hands: so the way to the server, through it and out again is in every figure,
and so is the reader's own waking up.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import redis
import yaml

from benchmarks.desk import ROOT, Desk
from benchmarks.shift import MARKET_SHIFT_NS
from sauda.clock import NS_PER_MS, SystemClock, UnixNs, monotonic_s
from sauda.codec import decode
from sauda.contracts import Fill, PlaceOrder
from sauda.keys import Keys

SERVICES: Final = ("sauda_pnl", "sauda_bars")
ORDERS_A_SECOND: Final = 100
HOPS: Final = ("tick -> order", "order -> fill", "fill -> point", "tick -> fill", "tick -> point")
FEWEST: Final = 100
_STREAMS: Final = ("orders", "executions", "pnl")
_QUIET_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Hop:
    """One stretch of the way."""

    name: str
    p10_ms: float
    """Of the ways that nothing was in the way of: steadier than the median where others are at work."""
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Latency:
    """All hops at one rate."""

    rate: int
    contracts: int
    fills: int
    hops: tuple[Hop, ...]

    def hop(self, name: str) -> Hop:
        """Return the hop called *name*."""
        return next(hop for hop in self.hops if hop.name == name)


class _Way:
    """When each order's tick, order, fill and first point were seen."""

    def __init__(self) -> None:
        self._ordered: dict[str, UnixNs] = {}
        self._filled: dict[str, UnixNs] = {}
        self._pointed: dict[str, UnixNs] = {}
        self._orders_of: dict[bytes, str] = {}
        """`executions <id>` of a fill -> its order"""

    def see(self, stream: str, entry_id: bytes, data: bytes, cause: bytes, now_ns: UnixNs) -> None:
        """Take one entry; the first of each kind counts."""
        if stream == "pnl":
            if cause in self._orders_of:
                self._pointed.setdefault(self._orders_of[cause], now_ns)
            return
        message = decode(data)
        if isinstance(message, PlaceOrder):
            self._ordered.setdefault(message.order_id, now_ns)
        elif isinstance(message, Fill):
            self._filled.setdefault(message.order_id, now_ns)
            self._orders_of[b"executions " + entry_id] = message.order_id

    def hops(self) -> Iterator[tuple[UnixNs, UnixNs, UnixNs, UnixNs]]:
        """Yield tick, order, fill and point of each order that came all the way."""
        for order_id, pointed_ns in self._pointed.items():
            if order_id in self._ordered:
                ticked_ns = int(order_id.rsplit("-", 1)[1]) - MARKET_SHIFT_NS
                yield ticked_ns, self._ordered[order_id], self._filled[order_id], pointed_ns


def latency(
    port: int,
    folder: Path,
    rate: int,
    seconds: float,
    contracts: int = 33,
    *,
    execution: str = "sauda_execution",
) -> Latency:
    """Send ticks at *rate* a second, order on a hundred of them a second, and follow these; *execution* runs the exchange."""
    os.environ["MARKET_SHIFT_NS"] = str(MARKET_SHIFT_NS)
    name = f"latency-{rate}-{contracts}"
    # The desk's own way is measured, not the modelled journey to the market, nor a limit that lets ten orders a second in.
    settings = {
        "SAUDA_ORDER_LATENCY_MS": "0",
        "SAUDA_CAPITAL": "1000000000",
        "SAUDA_CONFIG": str(_config_without_pace(folder / f"config-{name}")),
        "SAUDA_SQL_URL": f"sqlite:///{folder}/{name}.db",
    }
    generate = {"GENERATE_SECONDS": seconds, "GENERATE_RATE": rate, "GENERATE_CONTRACTS": contracts}
    with Desk(port, folder, name, **settings) as desk:
        desk.start(*SERVICES, execution)
        desk.start("benchmarks.ping", PING_EVERY=str(max(1, rate // ORDERS_A_SECOND)))
        desk.start("benchmarks.generator", **{key: str(value) for key, value in generate.items()})
        way = _watched(desk, seconds)
    with redis.Redis(port=port) as client:
        for key in client.scan_iter(f"{Keys(name).prefix}*", count=1000):
            client.unlink(key)
    return _summed_up(rate, contracts, list(way.hops()))


def _watched(desk: Desk, seconds: float) -> _Way:
    """Read what the desk says until it has been silent for a moment."""
    client, keys, clock, way = (
        redis.Redis.from_url(desk.url, protocol=2),
        Keys(desk.name),
        SystemClock(),
        _Way(),
    )
    client.set_response_callback("XREAD", lambda reply, **_: reply)
    at: dict[str, bytes] = {keys.stream(name): b"0-0" for name in _STREAMS}
    names = {keys.stream(name).encode(): name for name in _STREAMS}
    quiet_s, latest_s = monotonic_s() + 10, monotonic_s() + seconds + 30
    while monotonic_s() < min(quiet_s, latest_s):
        reply: Any = client.xread(at, count=1000, block=100)  # type: ignore[arg-type]  # the stubs want FieldT
        now_ns = clock.now_ns()
        for key, rows in reply or ():
            for entry_id, (_, data, _, cause) in rows:
                way.see(names[key], entry_id, data, cause, now_ns)
            at[key.decode()] = rows[-1][0]
            if names[key] != "pnl":
                # Its points go on for as long as the feed's clock does.
                quiet_s = monotonic_s() + _QUIET_S
    client.close()
    return way


def _summed_up(rate: int, contracts: int, ways: list[tuple[UnixNs, UnixNs, UnixNs, UnixNs]]) -> Latency:
    if len(ways) < FEWEST:
        raise RuntimeError(f"only {len(ways)} fills at {rate} ticks/s: nothing to measure")
    stretches = ((0, 1), (1, 2), (2, 3), (0, 2), (0, 3))
    hops = []
    for name, (start, end) in zip(HOPS, stretches, strict=True):
        cuts = quantiles([(way[end] - way[start]) / NS_PER_MS for way in ways], n=100)
        hops.append(Hop(name, cuts[9], cuts[49], cuts[98]))
    return Latency(rate, contracts, len(ways), tuple(hops))


def _config_without_pace(folder: Path) -> Path:
    """Return a copy of the desk's config that lets orders in as fast as they come."""
    shutil.copytree(ROOT / "config", folder)
    risk = yaml.safe_load((folder / "risk.yaml").read_text())
    risk |= {"max_orders_per_second": None, "duplicate_ms": 0}
    (folder / "risk.yaml").write_text(yaml.safe_dump(risk))
    return folder
