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

    def restored(self) -> None:
        """Read it back."""
        self.now_ns = self._told.get("market") or 0
        self._heartbeat_ns = self._told.get("heartbeat") or 0

    def reach(self, instant_ns: UnixNs) -> None:
        """Move on to *instant_ns*, unless it is past."""
        if instant_ns > self.now_ns:
            self.now_ns = instant_ns
            self._told.put("market", instant_ns)

    def beat(self, instant_ns: UnixNs) -> None:
        """Take a heartbeat: everything up to *instant_ns* has been told."""
        self.reach(instant_ns)
        if instant_ns > self._heartbeat_ns:
            self._heartbeat_ns = instant_ns
            self._told.put("heartbeat", instant_ns)

    @property
    def past_ns(self) -> UnixNs:
        """Up to where all is known that happened.

        Behind a tick others of the very same instant may follow: recordings stamp whole seconds. The
        heartbeat comes behind them, so what is due at 09:20:00 is decided at the prices of 09:20:00.
        """
        return self.now_ns if self._heartbeat_ns >= self.now_ns else self.now_ns - 1
