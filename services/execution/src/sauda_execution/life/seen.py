"""What was seen of the prices that settle contracts: their closing windows, and of an expiry day the last one.

The market keeps the last quote alone, and the first tick of the next day takes its place: so once a minute of an expiry
day it is put down, for a desk that goes down before the close and comes back in the morning.
"""

import msgspec

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Tick
from sauda.money import Paise
from sauda.state import State
from sauda_execution.known import Known
from sauda_execution.life.closing import Closing
from sauda_execution.life.evidence import (
    Evidence,
    last_evidence,
    other_evidence,
    other_stand_in,
    quote_evidence,
    stand_in_evidence,
    window_evidence,
)
from sauda_execution.life.expiring import Expiring

LOOK_NS = 60 * NS_PER_S
"""How often the last price of an expiry day is put down."""


class Last(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last price of an expiry day, and when it was looked at."""

    looked_ns: UnixNs
    price: Paise | None = None
    """None while none was seen that day."""
    at_ns: UnixNs = 0


class Seen:
    """The prices that settle contracts, as far as they were seen."""

    def __init__(self, state: State, known: Known) -> None:
        self._known = known
        self._closings = state.table("closings", Closing)
        """Reference -> what was seen of its closing window."""
        self._last = state.table("last_seen", Last)

    def begin_window(self, one: Expiring) -> None:
        """Begin to average: from the price that stands, unless the feed was lost since it was seen."""
        if one.reference is None or self.has_begun(one):
            return
        closing = Closing(one.from_ns, one.close_ns)
        quote = self._known.seen_quote(one.reference)
        if quote is not None and one.is_of_day(quote.recv_ns):
            closing = closing.seen(quote.ltp, quote.recv_ns)
        self._closings.put(one.reference, closing)

    def look(self, one: Expiring, now_ns: UnixNs) -> None:
        """Put down the last price, if a minute has passed since."""
        if one.reference is None or now_ns < self.next_look_ns(one):
            return
        quote = self._known.market.quote(one.reference)
        if quote is not None and one.is_of_day(quote.recv_ns):
            self._last.put(one.reference, Last(now_ns, quote.ltp, quote.recv_ns))
        else:
            self._last.put(one.reference, Last(now_ns))

    def next_look_ns(self, one: Expiring) -> UnixNs:
        """Return when the last price is next to be put down."""
        last = None if one.reference is None else self._last.get(one.reference)
        return one.day_ns if last is None or not one.is_of_day(last.looked_ns) else last.looked_ns + LOOK_NS

    def has_begun(self, one: Expiring) -> bool:
        """Has its window begun?"""
        return self._closing(one) is not None

    def count(self, tick: Tick) -> None:
        """Take a price of a closing window."""
        closing = self._closings.get(tick.instrument)
        if closing is not None and tick.recv_ns < closing.to_ns:
            self._closings.put(tick.instrument, closing.seen(tick.ltp, tick.recv_ns))

    def evidence(self, one: Expiring) -> Evidence | None:
        """Return the best that is known of what settles *one*."""
        return (
            window_evidence(self._closing(one))
            or self._last_evidence(one)
            or other_evidence(one.contract, self._known, one.day_ns)
        )

    def stand_in(self, one: Expiring) -> Evidence | None:
        """Return what a later day's prices, of the present one, tell of what settles *one*."""
        quote = None if one.reference is None else self._known.market.quote(one.reference)
        if quote is not None and quote.recv_ns >= self._known.days.present_ns:
            return stand_in_evidence(quote)
        return other_stand_in(one.contract, self._known)

    def forget_before(self, day_ns: UnixNs) -> None:
        """Drop what was seen before *day_ns*."""
        for name in self._closings:
            if self._closings[name].to_ns <= day_ns:
                self._closings.drop(name)
        for name in self._last:
            if self._last[name].looked_ns < day_ns:
                self._last.drop(name)

    def _last_evidence(self, one: Expiring) -> Evidence | None:
        if one.reference is None:
            return None
        quote = self._known.market.quote(one.reference)
        if quote is not None and one.is_of_day(quote.recv_ns):
            return quote_evidence(quote, one.close_ns)
        last = self._last.get(one.reference)
        if last is None or last.price is None or not one.is_of_day(last.at_ns):
            return None
        return last_evidence(last.price, last.at_ns)

    def _closing(self, one: Expiring) -> Closing | None:
        """Return what was seen of the window of *one*; a row of an earlier window is none."""
        closing = None if one.reference is None else self._closings.get(one.reference)
        return closing if closing is not None and closing.from_ns == one.from_ns else None
