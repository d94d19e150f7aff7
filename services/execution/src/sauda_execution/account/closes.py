"""When the day of each exchange on which something is held ends: then futures are marked, and prices looked at once more."""

from datetime import timedelta
from typing import Final

from sauda.clock import UnixNs, ist_date
from sauda.errors import ConfigError
from sauda.state import State
from sauda_execution.days import TradingCalendar
from sauda_execution.parts import FOREVER_NS

_LONGEST_CLOSURE: Final = 30
"""Days; no exchange was ever closed for so long."""


class Closes:
    """The next close of each exchange that matters."""

    def __init__(self, state: State, calendar: TradingCalendar) -> None:
        self._calendar = calendar
        self._next = state.table("account_closes", int)
        self.due_ns: UnixNs = FOREVER_NS

    def expect(self, exchange: str, now_ns: UnixNs) -> None:
        """From now on something is held on *exchange*. To be said again each day: a close may not have been known before."""
        if self._next.get(exchange) in (None, FOREVER_NS):
            self._next.put(exchange, self._close_after(exchange, now_ns))
            self.restored()

    def due(self, now_ns: UnixNs) -> list[str]:
        """Return the exchanges that have closed; each is to be expected again or forgotten."""
        return [exchange for exchange, close_ns in self._next.items() if close_ns <= now_ns]

    def forget(self, exchange: str) -> None:
        """Take *exchange* off the list."""
        self._next.drop(exchange)
        self.restored()

    def restored(self) -> None:
        """Find the first again."""
        self.due_ns = min(self._next.values(), default=FOREVER_NS)

    def _close_after(self, exchange: str, now_ns: UnixNs) -> UnixNs:
        today = ist_date(now_ns)
        for ahead in range(_LONGEST_CLOSURE):
            try:
                session = self._calendar.session(exchange, today + timedelta(days=ahead))
            except ConfigError:
                continue  # A day of which nothing is known; one after it may be known.
            if session is not None and session.close_ns > now_ns:
                return session.close_ns
        return FOREVER_NS
