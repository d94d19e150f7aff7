"""Which messages matter next to an option strategy. Nearly every tick of a busy desk does not, and ends here.

Worked out from the state, and from nothing else, whenever that may have changed.
"""

from sauda.clock import UnixNs
from sauda.contracts import InstrumentId
from sauda_strategy.day import NO_HOURS, PATIENCE_NS, Day, Hours
from sauda_strategy.entries import Entries
from sauda_strategy.instance import Instance
from sauda_strategy.market import SETTLE_NS, WIDEN_NS

_NONE: frozenset[InstrumentId] = frozenset()


class Attention:
    """What one instance waits for."""

    def __init__(self, instance: Instance, entries: Entries) -> None:
        self._my = instance
        self._entries = entries
        self.hours: Hours = NO_HOURS
        self.wake_ns: UnixNs = 0
        """When something is due though no tick of ours says so."""
        self.listening = _NONE
        """Whose ticks tell prices for the choice of strikes."""
        self.retrying = _NONE
        """Whose tick starts another try of what was refused, or rests."""
        self.judged = _NONE
        """Whose quotes decide when to close, or, in a dry run, at what we would have traded."""
        self.watched = _NONE
        """All of these."""
        self._waiting = False
        self._sources = _NONE
        self._low = self._high = 0
        """Between these the underlying's price is nearest to the strike that we centred on."""

    def matters(self, instrument: InstrumentId) -> bool:
        """Whether this instrument's new price may change what is to be opened."""
        if self._waiting:
            return True
        if instrument not in self._sources:
            return False
        price = self._my.market.price(instrument)
        return price is not None and not self._low <= price <= self._high

    def plan(self) -> None:
        """Think over what matters next."""
        my, today = self._my, self._my.diary.today
        self.retrying = my.book.retrying()
        self._waiting, self.listening, self._sources = False, _NONE, _NONE
        self.judged = self._to_judge()
        if today is None:
            self.hours, self.wake_ns = NO_HOURS, 0
        else:
            self.hours = my.hours()
            self.wake_ns = min(at for at in self._instants(today) if at > my.time.past_ns)
            self._plan_openings(today)
            if self._entries.is_due():
                self.wake_ns = 0
        self.watched = self.listening | self.retrying | self.judged

    def _plan_openings(self, today: Day) -> None:
        my = self._my
        seeks = my.may_open or self._entries.follows_the_money
        if seeks or my.book.entering(my.keys):
            self.listening = frozenset(my.market.asked)
        if not seeks:
            return
        self._waiting = my.may_open and my.has_come(self.hours.entry_ns)
        if today.known != len(my.market):
            self.wake_ns = 0  # New instruments: think again when all of them have come.
            return
        self._sources = my.market.sources()
        self._low, self._high = my.market.chain.nearer_than_others(today.centre)

    def _to_judge(self) -> frozenset[InstrumentId]:
        my = self._my
        is_dry = my.is_dry
        if not is_dry and not my.rules.watches_quotes:
            return _NONE
        held = {my.book[key].instrument for key in my.book.all() if my.book.is_open(key)}
        return frozenset({*held, *my.market.asked} if is_dry else held)

    def _instants(self, today: Day) -> list[UnixNs]:
        """Return when something may be due though no tick of ours says so."""
        since_ns = today.opened_ns if today.waiting_ns is None else today.waiting_ns
        return [
            *self.hours,
            today.opened_ns + SETTLE_NS,
            today.opened_ns + WIDEN_NS,
            since_ns + PATIENCE_NS,
            *self._entries.instants(),
        ]
