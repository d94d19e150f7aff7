"""The newest tick of each instrument that matters: in memory while ticks pour in, in the state once a step."""

from collections.abc import Iterable

from sauda.contracts import InstrumentId, Tick
from sauda.state import State


class Quotes:
    """Ticks of today; yesterday's prices are no prices."""

    def __init__(self, state: State) -> None:
        self._rows = state.table("quotes", Tick)
        """instrument -> its newest tick"""
        self.newest: dict[InstrumentId, Tick] = {}
        state.before_commit(self._write)

    def restored(self) -> None:
        """Read them back."""
        self.newest = dict(self._rows.items())

    def see(self, tick: Tick) -> None:
        """Take a tick, unless a newer one was seen."""
        before = self.newest.get(tick.instrument)
        if before is None or before.recv_ns <= tick.recv_ns:
            self.newest[tick.instrument] = tick

    def begin_day(self) -> None:
        """Forget them all."""
        self.newest.clear()

    def keep_only(self, wanted: Iterable[InstrumentId]) -> None:
        """Forget those of instruments that do not matter any more: nobody tells when they grow old."""
        kept = frozenset(wanted)
        for instrument in [one for one in self.newest if one not in kept]:
            del self.newest[instrument]

    def _write(self) -> None:
        for instrument in [one for one in self._rows if one not in self.newest]:
            self._rows.drop(instrument)
        for instrument, tick in self.newest.items():
            if self._rows.get(instrument) is not tick:
                self._rows.put(instrument, tick)
