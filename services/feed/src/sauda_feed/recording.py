"""A recording as a source: plays a file at a multiple of its own pace, to those who subscribed."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from sauda.clock import Clock, SystemClock, UnixNs, monotonic_s
from sauda.contracts import ClockTick, InstrumentId, MarginReply, MarginRequest, Tick
from sauda.recordings.past import RecordedPast
from sauda.recordings.timeline import Moment, Recording
from sauda_feed.pace import Pace
from sauda_feed.source import Batch, Resume, no_broker

_SHORTEST_WAIT_S: Final = 0.002
"""At 600 times its pace a second of market takes 1.7 ms; clocks are then written two at a time."""

_READ_AHEAD_S: Final = 0.1


class RecordingSource:
    """Publishes indices and what is subscribed; a new subscription starts with its newest earlier tick of the day.

    The market waits for us: while the desk cannot be served, and after a restart, it goes on where it was.
    """

    lag_free = True

    def __init__(
        self,
        recording: Recording,
        pace: Pace,
        clock: Clock | None = None,
        on_event: Callable[[str, dict[str, object]], None] = lambda _event, _facts: None,
    ) -> None:
        self._on_event = on_event
        self.name = f"recording:{recording.fingerprint}"
        self._recording = recording
        self.past = RecordedPast(recording)
        self._pace = pace
        self._clock = clock or SystemClock()
        self._moments: Iterator[Moment] = iter(())
        self._ahead: Moment | None = None
        """The next moment, read but not yet due."""
        self._latest: dict[InstrumentId, Tick] = {}
        """instrument -> its newest tick today, whether it was published or not: yesterday's price is none"""
        self._sent: frozenset[InstrumentId] = frozenset()
        """Instruments whose ticks are published."""
        self._snapshots: deque[InstrumentId] = deque()
        """Instruments whose newest tick is still to be published after their subscription."""
        self._row = 0
        self._resume: Resume | None = None
        """Where the desk left off, until we are there."""
        self._market_ns: UnixNs | None = None
        self._defined = False
        self._anchored = False

    def start(self, resume: Resume) -> None:
        """See `Source`."""
        self._sent = resume.wanted | self._recording.indices
        self._moments = self._recording.moments()
        self._ahead = next(self._moments, None)
        self._market_ns = resume.market_ns
        self._resume = resume
        self._defined = False
        self._anchored = False

    def subscribe(self, wanted: frozenset[InstrumentId]) -> None:
        """See `Source`."""
        sent = wanted | self._recording.indices
        self._snapshots.extend(sorted(sent - self._sent))
        self._sent = sent

    def poll(self, limit: int, timeout_s: float) -> Batch:
        """See `Source`. A moment is never torn, so a batch may be longer than *limit*."""
        if self._resume is not None and not self._caught_up(self._resume):
            return Batch(rows=[], next_row=self._resume.row, market_ns=self._resume.market_ns)
        batch = Batch(rows=[], next_row=self._row)
        if not self._defined:
            # Alone, so that the desk can know its contracts and say what it wants before the market moves.
            self._defined = True
            batch.instruments = self._recording.instruments
            batch.market_ns = self._ahead.time_ns if self._ahead else self._market_ns
            return batch
        self._publish_snapshots(batch)
        while len(batch.messages) < limit and (moment := self._ahead):
            if not self._anchored or moment.new_day:
                self._pace.anchor(moment.time_ns)
                self._anchored = True
            wait_s = self._pace.wait_s(moment.time_ns)
            if wait_s > 0:
                if batch.messages or timeout_s <= 0:
                    break
                pause_s = min(max(wait_s, _SHORTEST_WAIT_S), timeout_s)
                self._clock.sleep(pause_s)
                timeout_s -= pause_s
                continue
            self._publish(moment, batch)
        if self._ahead is None and not batch.messages:
            self._clock.sleep(timeout_s)
        batch.market_ns = self._market_ns
        if batch.market_ns is None and self._ahead:
            batch.market_ns = self._ahead.time_ns
        return batch

    def margin(self, request: MarginRequest, now_ns: UnixNs) -> MarginReply | None:
        """See `Source`. A file knows nothing of margin."""
        return no_broker(request, self.name, now_ns)

    def conflate(self, away: bool) -> None:
        """See `Source`. Nothing is lost: the market stands still meanwhile."""
        if not away:
            self._anchored = False

    def condition(self) -> str:
        """See `Source`."""
        if self._resume is not None:
            return "finding its row"
        return "over" if self._ahead is None else "live"

    def close(self) -> None:
        """See `Source`."""
        self._moments = iter(())
        self._ahead = None

    def _caught_up(self, resume: Resume) -> bool:
        """Read on towards the row where the desk left off; a little at a time, so that the lease stays ours."""
        until_s = monotonic_s() + _READ_AHEAD_S
        while (moment := self._ahead) and self._had(moment, resume):
            self._take(moment)
            if monotonic_s() > until_s:
                return False
        self._resume = None
        return True

    @staticmethod
    def _had(moment: Moment, resume: Resume) -> bool:
        """Whether the desk has had all of *moment*."""
        seen_ns = resume.market_ns
        return seen_ns is not None and moment.next_row <= resume.row and moment.time_ns <= seen_ns

    def _take(self, moment: Moment) -> None:
        if moment.new_day:
            self._latest.clear()
        for tick in moment.ticks:
            self._latest[tick.instrument] = tick
        self._row = moment.next_row
        self._ahead = next(self._moments, None)
        if self._ahead is None:
            left_out = {name: count for name, count in sorted(self._recording.defects.items()) if count}
            self._on_event("recording_is_over", {"rows": self._row, "left_out": left_out})

    def _publish(self, moment: Moment, batch: Batch) -> None:
        sent = self._sent
        published = [tick for tick in moment.ticks if tick.instrument in sent]
        batch.messages += published
        if moment.second:
            batch.messages.append(ClockTick(moment.time_ns))
        self._take(moment)
        self._market_ns = moment.time_ns
        batch.next_row = moment.next_row
        if batch.rows is not None:
            # The last row of the moment stands for all of it: it is published whole or not at all.
            batch.rows += [moment.next_row - 1] * (len(batch.messages) - len(batch.rows))

    def _publish_snapshots(self, batch: Batch) -> None:
        market_ns = self._market_ns
        while self._snapshots:
            latest = self._latest.get(self._snapshots.popleft())
            if latest is not None and market_ns is not None and batch.rows is not None:
                batch.messages.append(msgspec.structs.replace(latest, recv_ns=market_ns))
                batch.rows.append(self._row)
