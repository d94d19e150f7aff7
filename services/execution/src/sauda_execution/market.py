"""What the exchange sees of the market: its time, the last quote of each instrument, whether it is fresh.

Market time is the greatest stamp seen. It has a row of its own only where the quotes do not tell it, so
that a tick costs one row: always, market time == max(the clock's row, `recv_ns` of all quotes).
"""

from collections.abc import Iterable

from sauda.clock import UnixNs
from sauda.contracts import FeedGap, InstrumentId, Tick
from sauda.state import State

_NOW = "now"


class Market:
    """Quotes by instrument and the time they are measured against."""

    def __init__(self, state: State) -> None:
        self._clock = state.table("clock", int)
        self._quotes = state.table("quotes", Tick)
        self._blind = state.table("blind", int)
        """Instruments whose quote is from before a gap in the feed -> when that gap ended."""
        self._blind_now: set[InstrumentId] = set()
        """The keys of `_blind`, to be asked on every tick."""
        self.now_ns: UnixNs = 0

    def see(self, tick: Tick) -> None:
        """Take the newest price of an instrument."""
        stamp = tick.recv_ns
        if stamp > self.now_ns:
            self.now_ns = stamp
        elif stamp < self.now_ns:
            # It may replace the very quote that told the time.
            self._clock.put(_NOW, self.now_ns)
        self._quotes.put(tick.instrument, tick)
        if self._blind_now and tick.instrument in self._blind_now:
            self._blind_now.discard(tick.instrument)
            self._blind.drop(tick.instrument)

    def reach(self, instant_ns: UnixNs) -> None:
        """Let market time move to *instant_ns*; an earlier instant leaves it where it is."""
        if instant_ns > self.now_ns:
            self.now_ns = instant_ns
            self._clock.put(_NOW, instant_ns)

    def lose_sight(self, gap: FeedGap) -> None:
        """Trust no quote until its instrument ticks again."""
        self.reach(gap.to_ns)
        for instrument in self._quotes:
            self._blind.put(instrument, gap.to_ns)
            self._blind_now.add(instrument)

    def quote(self, instrument: InstrumentId) -> Tick | None:
        """Return the last quote, however old."""
        return self._quotes.get(instrument)

    def quotes(self, instruments: Iterable[InstrumentId]) -> list[Tick | None]:
        """Return `quote` of each."""
        return self._quotes.get_all(instruments)

    def is_mute(self, instrument: InstrumentId, within_ns: int) -> bool:
        """Has no tick of anything come within *within_ns*? That of *instrument*, which is likely fresh, is looked at first."""
        quote = self._quotes.get(instrument)
        if quote is not None and self.now_ns - quote.recv_ns <= within_ns:
            return False
        return self.now_ns - self.last_tick_ns() > within_ns

    def last_tick_ns(self) -> UnixNs:
        """Return when the last tick of anything came; 0 before the first."""
        return max((quote.recv_ns for quote in self._quotes.values()), default=0)

    def is_blind(self, instrument: InstrumentId) -> bool:
        """Is the instrument's quote from before a gap in the feed?"""
        return instrument in self._blind_now

    def fresh_quote(self, instrument: InstrumentId, stale_ns: int) -> Tick | None:
        """Return the quote if something may trade on it: not older than *stale_ns*, not from before a gap."""
        quote = self._quotes.get(instrument)
        if quote is None or instrument in self._blind_now or self.now_ns - quote.recv_ns > stale_ns:
            return None
        return quote

    def forget_before(self, instant_ns: UnixNs) -> None:
        """Drop quotes from before *instant_ns*, not after now, so that yesterday's contracts do not pile up."""
        for instrument in self._quotes:
            if self._quotes[instrument].recv_ns < instant_ns:
                self._quotes.drop(instrument)
                self._blind.drop(instrument)
                self._blind_now.discard(instrument)

    def restored(self) -> None:
        """Find the time and the blind spots again."""
        self.now_ns = max((quote.recv_ns for quote in self._quotes.values()), default=0)
        self.now_ns = max(self.now_ns, self._clock.get(_NOW) or 0)
        self._blind_now = set(self._blind)
