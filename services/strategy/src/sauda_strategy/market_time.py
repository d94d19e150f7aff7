"""Market time as one strategy has heard it: the latest instant of any tick or heartbeat."""

from sauda.clock import UnixNs
from sauda.state import State


class MarketTime:
    """It never goes back; a late tick leaves it where it is."""

    def __init__(self, state: State) -> None:
        self._told = state.table("clock", int)
        """`market` -> the latest instant of all; `heartbeat` -> the latest that a heartbeat told"""
        self.now_ns: UnixNs = 0
        self._heartbeat_ns: UnixNs = 0
        # Once a step, not once a tick: a busy desk has hundreds in a step.
        state.before_commit(self._write)

    def restored(self) -> None:
        """Read it back."""
        self.now_ns = self._told.get("market") or 0
        self._heartbeat_ns = self._told.get("heartbeat") or 0

    def reach(self, instant_ns: UnixNs) -> None:
        """Move on to *instant_ns*, unless it is past."""
        self.now_ns = max(self.now_ns, instant_ns)

    def beat(self, instant_ns: UnixNs) -> None:
        """Take a heartbeat: everything up to *instant_ns* has been told."""
        # Without calls: a backtest of bars has as many beats as bars.
        if instant_ns > self.now_ns:  # noqa: PLR1730
            self.now_ns = instant_ns
        if instant_ns > self._heartbeat_ns:  # noqa: PLR1730
            self._heartbeat_ns = instant_ns

    @property
    def past_ns(self) -> UnixNs:
        """Up to where all is known that happened.

        Behind a tick others of the very same instant may follow: recordings stamp whole seconds. The
        heartbeat comes behind them, so what is due at 09:20:00 is decided at the prices of 09:20:00.
        """
        return self.now_ns if self._heartbeat_ns >= self.now_ns else self.now_ns - 1

    def _write(self) -> None:
        for name, instant_ns in (("market", self.now_ns), ("heartbeat", self._heartbeat_ns)):
            if instant_ns != (self._told.get(name) or 0):
                self._told.put(name, instant_ns)
