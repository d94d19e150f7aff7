"""What the legs would cost to close, as far as the market shows it: their latest quotes, and how old these are.

They change with every tick, so their rows are written once a step.
"""

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId, Side, Tick
from sauda.money import Paise
from sauda.state import State


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """What one instrument showed last."""

    at_ns: UnixNs
    ltp: Paise
    bid: Paise
    """0: nobody bids."""
    ask: Paise
    """0: nobody offers."""

    def price(self, side: Side) -> Paise:
        """Return what an order of *side* would trade at: the other side's price, the last one where that is not shown."""
        shown = self.ask if side is Side.BUY else self.bid
        return shown or self.ltp


class Quotes:
    """The latest quotes of what a strategy holds."""

    def __init__(self, state: State) -> None:
        self._rows = state.table("quotes", Quote)
        """instrument -> its latest quote"""
        self._now: dict[InstrumentId, Quote] = {}
        self._unwritten: set[InstrumentId] = set()
        state.before_commit(self._write)

    def restored(self) -> None:
        """Read them back."""
        self._now = dict(self._rows.items())
        self._unwritten.clear()

    def see(self, tick: Tick) -> None:
        """Take a tick, unless it is older than what is known."""
        before = self._now.get(tick.instrument)
        if tick.ltp <= 0 or (before is not None and tick.recv_ns < before.at_ns):
            return
        self._now[tick.instrument] = Quote(tick.recv_ns, tick.ltp, tick.bid or 0, tick.ask or 0)
        self._unwritten.add(tick.instrument)

    def get(self, instrument: InstrumentId) -> Quote | None:
        """Return its latest quote."""
        return self._now.get(instrument)

    def fresh(self, instrument: InstrumentId, since_ns: UnixNs) -> Quote | None:
        """Return its latest quote if that is not older than *since_ns*."""
        quote = self._now.get(instrument)
        return quote if quote is not None and quote.at_ns >= since_ns else None

    def forget(self) -> None:
        """Yesterday's prices are no prices."""
        for name in self._rows:
            self._rows.drop(name)
        self._now.clear()
        self._unwritten.clear()

    def _write(self) -> None:
        for name in sorted(self._unwritten):
            self._rows.put(name, self._now[name])
        self._unwritten.clear()
