"""The real feed over a made-up market without end, at a steady rate: `python -m benchmarks.soak_feed`, for `benchmarks.soak`.

It makes its ticks when they are due, so that the process needs no more memory at the end than at the beginning.
"""

import os
import time
from itertools import chain

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

RATE = int(os.environ.get("SOAK_RATE", "5000"))
"""Ticks a second."""
STRIKES = int(os.environ.get("SOAK_STRIKES", "16"))
_ROUND = 5_000_000
"""Ticks after which the walk begins anew, far from its strikes by then."""


class Endless:
    """A source of made-up ticks."""

    name = "endless"
    lag_free = False

    def __init__(self) -> None:
        self._market = MadeUpMarket(strikes=STRIKES, volatility=20)
        self._instruments = self._market.instruments()
        self._ticks = (tick for _ in iter(int, 1) for tick in self._walk())
        self._given = 0
        self._clock = SystemClock()
        self._began_ns = 0

    def start(self, resume: Resume) -> None:
        """Begin the count of time."""
        self._began_ns = self._clock.now_ns()

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """Everything is sent anyway."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        """Return what is due; what could not be sent in time is sent late, so that the rate is kept."""
        now_ns = self._clock.now_ns()
        market_ns = now_ns + MARKET_SHIFT_NS
        if self._instruments:
            first, self._instruments = self._instruments, []
            return Batch(instruments=first, market_ns=market_ns)
        due = min((now_ns - self._began_ns) * RATE // NS_PER_S - self._given, limit)
        if due <= 0:
            time.sleep(min(timeout_s, 0.002))
            return Batch(market_ns=market_ns)
        self._given += due
        ticks = [_stamped(next(self._ticks), market_ns) for _ in range(due)]
        return Batch(messages=list(ticks), market_ns=market_ns)

    @property
    def past(self) -> NobodysPast:
        """See `Source`."""
        return NobodysPast()

    def margin(self, request: MarginRequest, now_ns: int) -> MarginReply | None:
        """Nobody blocks anything here."""
        return no_broker(request, self.name, now_ns)

    def conflate(self, away: bool) -> None:
        """Nothing waits anywhere."""

    def condition(self) -> str:
        """Say how it is."""
        return "live"

    def close(self) -> None:
        """Nothing to let go."""

    def _walk(self) -> "chain[Tick]":
        seconds = self._market.seconds(_ROUND, options=99)
        return chain.from_iterable(
            (message for message in second if isinstance(message, Tick)) for second in seconds
        )


def _stamped(tick: Tick, now_ns: int) -> Tick:
    return msgspec.structs.replace(tick, event_ns=now_ns // NS_PER_S * NS_PER_S, recv_ns=now_ns)


def wire(settings: Settings) -> list[Role]:
    """Return the feed's one role."""
    feed = Feed([Desk(open_log(settings), holder_name(), settings.lease_ms)], Endless)
    return [Role("feed", feed.run, lambda: feed.ready, feed.facts)]


if __name__ == "__main__":
    run("soak_feed", wire)
