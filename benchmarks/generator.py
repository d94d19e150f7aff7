"""The real feed over a made-up market, as fast as it goes or at a given rate: `python -m benchmarks.generator`.

At a rate, market time is the machine's clock moved into a session, so that a fill's age can be read off its order.
"""

import os
import time
from itertools import islice

import msgspec

from benchmarks.shift import MARKET_SHIFT_NS
from sauda.clock import NS_PER_S, SystemClock
from sauda.contracts import InstrumentId, MarginReply, MarginRequest, Tick
from sauda.history.knowers import NobodysPast
from sauda.service import Role, holder_name, open_log, run
from sauda.settings import Settings
from sauda.testing.market import MadeUpMarket
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.source import Batch, Resume, no_broker

TICKS = int(os.environ.get("GENERATE_TICKS", "100000"))
RATE = int(os.environ.get("GENERATE_RATE", "0"))
"""Ticks a second; 0 is as fast as the desk takes them."""
GET_READY_NS = 2 * NS_PER_S
STRIKES = int(os.environ.get("GENERATE_STRIKES", "16"))


class Generator:
    """A source that has made all its ticks before it starts."""

    name = "generator"
    lag_free = True

    def __init__(self) -> None:
        market = MadeUpMarket(strikes=STRIKES)
        self._instruments = market.instruments()
        seconds = market.seconds(TICKS, options=99)
        self._messages = [message for second in seconds for message in second if isinstance(message, Tick)]
        self._given = 0
        self._clock = SystemClock()
        self._began_ns = 0

    def start(self, resume: Resume) -> None:
        """Begin the count of time, at a rate after a moment in which everybody gets ready to watch."""
        self._began_ns = self._clock.now_ns() + (GET_READY_NS if RATE else 0)

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """Everything is sent anyway."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        """Return what is due."""
        if self._given == 0 and self._instruments:
            first, self._instruments = self._instruments, []
            return Batch(instruments=first, market_ns=self._messages[0].recv_ns)
        ticks = self._due(limit) if RATE else self._messages[self._given : self._given + limit]
        self._given += len(ticks)
        if not ticks:
            time.sleep(0.0002 if RATE and self._given < len(self._messages) else timeout_s)
            return Batch()
        return Batch(messages=list(ticks), market_ns=ticks[-1].recv_ns)

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
        return "over" if self._given >= len(self._messages) else "live"

    def close(self) -> None:
        """Nothing to let go."""

    def _due(self, limit: int) -> list[Tick]:
        now_ns = self._clock.now_ns()
        count = min((now_ns - self._began_ns) * RATE // NS_PER_S - self._given, limit)
        found = islice(self._messages, self._given, self._given + max(0, count))
        now_ns += MARKET_SHIFT_NS
        return [_stamped(tick, now_ns) for tick in found]


def _stamped(tick: Tick, now_ns: int) -> Tick:
    return msgspec.structs.replace(tick, event_ns=now_ns // NS_PER_S * NS_PER_S, recv_ns=now_ns)


def wire(settings: Settings) -> list[Role]:
    """Return the feed's one role."""
    feed = Feed([Desk(open_log(settings), holder_name(), settings.lease_ms)], Generator)
    return [Role("feed", feed.run, lambda: feed.ready, feed.facts)]


if __name__ == "__main__":
    run("generator", wire)
