"""May anything be opened now? Closing always may."""

from collections.abc import Callable

from sauda.clock import UnixNs
from sauda.state import State
from sauda_strategy.host.handlers import Handlers
from sauda_strategy.host.hours import Hours
from sauda_strategy.trading_rules import TradingRules


class Permission:
    """What people said, what the rules say, and what the calendar says."""

    def __init__(
        self, state: State, hours: Hours, handlers: Handlers, terms: Callable[[], TradingRules]
    ) -> None:
        self._switch = state.table("switch", bool)
        """`on` -> whether it may open something new, once somebody has said `start` or `stop`"""
        self._hours = hours
        self._handlers = handlers
        self._terms = terms
        self.mode_waits: Callable[[], bool] = lambda: False
        """Whether another `mode` waits until everything is closed."""

    def switch(self, *, on: bool) -> None:
        """Somebody said `start` or `stop`."""
        self._switch.put("on", on)

    def why_not(self, now_ns: UnixNs) -> str | None:
        """Return why nothing may be opened now, or None."""
        on, today, terms = self._switch.get("on"), self._hours.today, self._terms()
        if self._handlers.broken is not None:
            return f"the strategy is stopped: {self._handlers.broken}"
        if not (terms.enabled if on is None else on):
            return "the strategy is stopped: say `start`"
        if today is None or today.over:
            return "it was squared off today: say `start`"
        if not self._hours.close_ns:
            return f"{today.day} is no trading day"
        if self.mode_waits():
            return f"mode {terms.mode.value} waits until what is held is closed"
        return self._out_of_hours(terms, now_ns)

    def _out_of_hours(self, terms: TradingRules, now_ns: UnixNs) -> str | None:
        at = self._hours.at
        if terms.entry_from is not None and now_ns < at(terms.entry_from):
            return f"nothing is opened before {terms.entry_from:%H:%M}"
        if terms.exit_time is not None and now_ns >= at(terms.exit_time):
            return f"nothing is opened after the exit time {terms.exit_time:%H:%M}"
        if terms.entry_until is not None and now_ns >= at(terms.entry_until):
            return f"nothing is opened after {terms.entry_until:%H:%M}"
        return None
