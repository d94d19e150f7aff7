"""A busy market is not written tick by tick: what comes right after a small step gathers until a millisecond has passed."""

import pytest

from sauda.clock import NS_PER_S, ManualClock
from sauda.contracts import InstrumentId, MarginReply, MarginRequest
from sauda.history.knowers import NobodysPast
from sauda.memory_log import MemoryLog
from sauda.testing.builders import NOW, a_tick
from sauda_feed.desk import Desk
from sauda_feed.feed import Feed
from sauda_feed.source import Batch, Resume, no_broker

POLL_S = 0.0004
LIMIT = 4


class Market:
    """A source that gives so many ticks at once and takes its time for it; beside that the time itself, and the word to end."""

    name = "portions"
    lag_free = True
    past = NobodysPast()

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes
        self.now_s = 0.0
        self.waits: list[float] = []

    def start(self, resume: Resume) -> None:
        """See `Source`."""

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """See `Source`."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        self.now_s += POLL_S
        ticks = [a_tick() for _ in range(self._sizes.pop(0))]
        return Batch(messages=list(ticks), market_ns=NOW)

    def margin(self, request: MarginRequest, now_ns: int) -> MarginReply | None:
        return no_broker(request, self.name, now_ns)

    def conflate(self, away: bool) -> None:
        """See `Source`."""

    def condition(self) -> str:
        return "live" if self._sizes else "over"

    def close(self) -> None:
        """See `Source`."""

    def is_set(self) -> bool:
        return not self._sizes

    def wait(self, timeout: float) -> bool:
        self.now_s += timeout
        self.waits.append(round(timeout, 6))
        return self.is_set()


@pytest.mark.parametrize(
    ("sizes", "waits"),
    [
        ([1, 2, 3], [0.0006, 0.0006, 0.0006]),  # the rest of a millisecond
        ([2, LIMIT, LIMIT, 1], [0.0006, 0.0006]),  # what fills a step has more behind it
        ([0, 0, 1], [0.0006]),  # after nothing there is nothing to gather
    ],
)
def test_a_small_step_is_followed_by_another_a_millisecond_after_it_began(
    sizes: list[int], waits: list[float]
) -> None:
    log = MemoryLog("portions", ManualClock(NS_PER_S))
    market = Market(list(sizes))
    feed = Feed([Desk(log, "test", 1500)], lambda: market, limit=LIMIT, seconds=lambda: market.now_s)

    feed.run(market)

    assert market.waits == waits
    assert len(log.entries("ticks")) == sum(sizes)
