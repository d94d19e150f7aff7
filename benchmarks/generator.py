"""The real feed over a made-up market, as fast as the desk takes it or at a given rate: `python -m benchmarks.generator`.

At a rate, market time is the machine's clock moved into a session, so that the age of an effect can be read off its tick.
Without one the feed stays at most so many entries ahead of the desk's slowest unit, so that memory is bounded for as long as it runs.
"""

import os
import time
from collections.abc import Sequence
from typing import Final

import redis
from msgspec.structs import replace

from benchmarks.made_up_chain import MadeUpChain
from benchmarks.shift import MARKET_SHIFT_NS
from sauda.clock import NS_PER_S, SystemClock, UnixNs
from sauda.contracts import ClockTick, InstrumentId, MarginReply, MarginRequest, Tick
from sauda.history.knowers import NobodysPast
from sauda.keys import Keys
from sauda.service import Role, holder_name, open_log, run
from sauda.settings import Settings
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.source import Batch, Resume, no_broker

SECONDS: Final = float(os.environ.get("GENERATE_SECONDS", "5"))
RATE: Final = int(os.environ.get("GENERATE_RATE", "0"))
"""Ticks a second; 0 is as fast as the desk takes them."""
CONTRACTS: Final = int(os.environ.get("GENERATE_CONTRACTS", "33"))
"""Options beside the index."""
UNITS: Final = tuple(os.environ.get("GENERATE_UNITS", "").split())
"""Whom the feed waits for."""
AHEAD: Final = 30_000
"""Entries that the slowest unit may be behind: less than a second's work, and 8 MB."""
_LOOK_EVERY: Final = 10_000
_GET_READY_NS: Final = 2 * NS_PER_S


class Backlog:
    """How far the desk's slowest unit is behind the feed."""

    def __init__(self, settings: Settings, units: Sequence[str]) -> None:
        self._client = redis.Redis.from_url(settings.redis_url)
        keys = Keys(settings.desk)
        self._stream, self._units = keys.stream("ticks"), [keys.unit(unit) for unit in units]

    def is_long(self) -> bool:
        """Return whether it is longer than it may be."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.xinfo_stream(self._stream)
        for unit in self._units:
            pipeline.hget(unit, "#ticks")
        facts, *passed = pipeline.execute()
        return facts["entries-added"] - min(int(count or 0) for count in passed) > AHEAD if passed else False


class Generator:
    """A source whose messages were made before it starts."""

    name = "generator"
    lag_free = True

    def __init__(self, market: MadeUpChain, backlog: Backlog) -> None:
        self._market = market
        self._instruments = market.instruments
        self._backlog = backlog
        self._given = 0
        self._look_at = _LOOK_EVERY
        self._clock = SystemClock()
        self._began_ns: UnixNs = 0

    def start(self, resume: Resume) -> None:
        """Begin the count of time, after a moment in which everybody gets ready to watch."""
        self._began_ns = self._clock.now_ns() + _GET_READY_NS

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """Everything is sent anyway."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        """Return what is due."""
        now_ns = self._clock.now_ns()
        if self._instruments:
            first, self._instruments = self._instruments, []
            return Batch(
                instruments=first, market_ns=now_ns + MARKET_SHIFT_NS if RATE else self._market.first_ns
            )
        found = self._due(limit) if RATE else self._taken(now_ns, limit)
        self._given += len(found)
        if not found:
            time.sleep(0.002)
            return Batch()
        return Batch(messages=list(found), market_ns=_time_of(found[-1]))

    @property
    def past(self) -> NobodysPast:
        """See `Source`."""
        return NobodysPast()

    def margin(self, request: MarginRequest, now_ns: int) -> MarginReply | None:
        """Nobody blocks anything here."""
        return no_broker(request, self.name, now_ns)

    def conflate(self, away: bool) -> None:
        """Nothing is lost in a list."""

    def condition(self) -> str:
        """Say how far it is."""
        return "over" if self._clock.now_ns() > self._ends_ns else "live"

    def close(self) -> None:
        """Nothing to let go."""

    @property
    def _ends_ns(self) -> UnixNs:
        return self._began_ns + round(SECONDS * NS_PER_S)

    def _taken(self, now_ns: UnixNs, limit: int) -> list[Tick | ClockTick]:
        """Return the next messages of the made-up day, unless the desk is too far behind."""
        if not self._began_ns <= now_ns < self._ends_ns:
            return []
        if self._given >= self._look_at:
            if self._backlog.is_long():
                return []
            self._look_at = self._given + _LOOK_EVERY
        return self._market.next(limit)

    def _due(self, limit: int) -> list[Tick | ClockTick]:
        """Return as many as the rate asks for by now, stamped with the present moment; wait for the first, as on a broker's line."""
        next_ns = self._began_ns + (self._given + 1) * NS_PER_S // RATE
        if not next_ns <= self._ends_ns:
            return []
        time.sleep(max(0, min(next_ns - self._clock.now_ns(), NS_PER_S // 100)) / NS_PER_S)
        now_ns = self._clock.now_ns()
        count = min((min(now_ns, self._ends_ns) - self._began_ns) * RATE // NS_PER_S - self._given, limit)
        market_ns = now_ns + MARKET_SHIFT_NS
        return [_stamped(message, market_ns) for message in self._market.next(count)] if count > 0 else []


def _time_of(message: Tick | ClockTick) -> UnixNs:
    return message.recv_ns if isinstance(message, Tick) else message.event_ns


def _stamped(message: Tick | ClockTick, now_ns: UnixNs) -> Tick | ClockTick:
    if isinstance(message, Tick):
        return replace(message, event_ns=now_ns // NS_PER_S * NS_PER_S, recv_ns=now_ns)
    return ClockTick(now_ns)


def wire(settings: Settings) -> list[Role]:
    """Return the feed's one role."""
    market, backlog = MadeUpChain(CONTRACTS), Backlog(settings, UNITS)
    desk = Desk(open_log(settings), holder_name(), settings.lease_ms)
    feed = Feed([desk], lambda: Generator(market, backlog))
    return [Role("feed", feed.run, lambda: feed.ready, feed.facts)]


if __name__ == "__main__":
    run("generator", wire)
