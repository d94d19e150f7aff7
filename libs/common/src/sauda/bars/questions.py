"""What a series must ask about the past, and what it has been told so far."""

from typing import Final

import msgspec

from sauda.bars.timeframes import Grid, length_ns
from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Bar, HistoryReply, HistoryRequest, InstrumentId, PastBar

SETTLE_NS: Final = 2 * NS_PER_S
"""How long after a bar's end it is asked for: whoever answers must have closed it too."""

_NEVER: Final = 2**63


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of the past that is not known, asked for or soon to be."""

    to_ns: UnixNs
    """Bars that ended no later than this."""
    due_ns: UnixNs
    """When to ask."""
    from_ns: UnixNs | None = None
    """The first start wanted; None: the newest `count`."""
    count: int | None = None
    asked: str = ""
    """The id under which it was asked; empty: not yet."""
    deadline_ns: UnixNs = _NEVER
    """When the bars behind it wait no longer."""
    parts: int = 0
    """Parts of the answer so far."""
    bars: tuple[PastBar, ...] = ()

    def blocks(self, start_ns: UnixNs) -> bool:
        """Must a bar that starts at *start_ns* wait for the answer?"""
        return self.from_ns is None or start_ns >= self.from_ns

    def covers(self, from_ns: UnixNs, to_ns: UnixNs) -> bool:
        """Will the answer tell of that stretch too?"""
        return self.blocks(from_ns) and to_ns <= self.to_ns

    def can_widen(self, to_ns: UnixNs) -> bool:
        """Can it be asked about what ends at *to_ns* as well, without longer waiting?"""
        return not self.asked and self.count is None and to_ns + SETTLE_NS < self.deadline_ns

    def widened(self, from_ns: UnixNs, to_ns: UnixNs) -> "Question":
        """Return one question about both stretches."""
        first_ns = None if self.from_ns is None else min(self.from_ns, from_ns)
        to_ns = max(self.to_ns, to_ns)
        due_ns = max(self.due_ns, to_ns + SETTLE_NS)
        return msgspec.structs.replace(self, from_ns=first_ns, to_ns=to_ns, due_ns=due_ns)

    def request(self, by: str, instrument: InstrumentId, timeframe: str, now_ns: UnixNs) -> HistoryRequest:
        """Return it as the feed wants it."""
        return HistoryRequest(
            request_id=f"{by}-{instrument}-{timeframe}-{self.to_ns}",
            by=by,
            instrument=instrument,
            timeframe=timeframe,
            to_ns=self.to_ns,
            event_ns=now_ns,
            from_ns=self.from_ns,
            count=self.count,
        )

    def told(self, reply: HistoryReply) -> "Question":
        """Return it with one more part of the answer; a part out of its turn changes nothing."""
        if reply.part != self.parts + 1:
            return self
        return msgspec.structs.replace(self, parts=reply.part, bars=self.bars + reply.bars)

    def answer(self, grid: Grid, instrument: InstrumentId, timeframe: str) -> dict[UnixNs, Bar]:
        """Return the bars that were told, by start, without those nobody asked for or that are none."""
        exchange = instrument.partition(":")[0]
        length = length_ns(timeframe)
        found: dict[UnixNs, Bar] = {}
        for one in self.bars:
            interval = grid.starting(exchange, length, one.start_ns)
            if interval is None or interval.end_ns > self.to_ns or not self.blocks(interval.start_ns):
                continue
            if 0 < one.low <= min(one.open, one.close) and max(one.open, one.close) <= one.high:
                found[interval.start_ns] = Bar(
                    instrument,
                    timeframe,
                    interval.start_ns,
                    interval.end_ns,
                    one.open,
                    one.high,
                    one.low,
                    one.close,
                    one.volume,
                    one.oi,
                    past=True,
                )
        return dict(sorted(found.items()))
