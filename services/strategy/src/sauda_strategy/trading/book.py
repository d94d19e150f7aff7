"""What one strategy holds and what is to be done about it, by instrument. Pure bookkeeping: `opener` and `closer` decide."""

from typing import Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import InstrumentId
from sauda.money import Units
from sauda.state import State
from sauda_strategy.trading.orders import Orders, Purpose
from sauda_strategy.trading.work import Closing, Entry

RESTS_NS: Final = 5 * NS_PER_S
"""Market time after which an order that ought to have traded is taken back and priced anew: a market order goes out as a
limit with protection, and the market may have run away from it."""


class Book:
    """Positions, entries, closings, orders."""

    def __init__(self, state: State, strategy: str) -> None:
        self.real = state.table("held", int)
        """instrument -> signed units that its fills come to"""
        self.assumed = state.table("assumed", int)
        """instrument -> signed units that it would hold in a dry run"""
        self._mode = state.table("mode", bool)
        """`dry` -> True while it trades in a dry run"""
        self.is_dry = False
        """A plain attribute: it is asked for with every tick."""
        self.entries = state.table("entries", Entry)
        """instrument -> what is being opened"""
        self.closings = state.table("closings", Closing)
        """instrument -> what is being closed"""
        self.orders = Orders(state, strategy)

    def restored(self) -> None:
        """Read back in which mode it trades."""
        self.is_dry = "dry" in self._mode

    def trade_dry(self, is_dry: bool) -> None:
        """Trade in a dry run from now on, or no more."""
        self.is_dry = is_dry
        if is_dry:
            self._mode.put("dry", True)
        else:
            self._mode.drop("dry")

    def held(self, instrument: InstrumentId) -> Units:
        """Return the signed units held; in a dry run those that would be."""
        return (self.assumed if self.is_dry else self.real).get(instrument) or 0

    def holdings(self) -> dict[InstrumentId, Units]:
        """Return every position that is not flat."""
        return dict((self.assumed if self.is_dry else self.real).items())

    def add(self, instrument: InstrumentId, signed_qty: Units, *, is_assumed: bool) -> None:
        """Add what a fill brought."""
        table = self.assumed if is_assumed else self.real
        after = (table.get(instrument) or 0) + signed_qty
        if after:
            table.put(instrument, after)
        else:
            table.drop(instrument)

    def is_open(self, instrument: InstrumentId) -> bool:
        """Return whether anything is held, wanted or in the market."""
        return bool(
            self.held(instrument)
            or instrument in self.entries
            or instrument in self.closings
            or self.orders.of(instrument)
        )

    def instruments(self) -> list[InstrumentId]:
        """Return those that are open, in order."""
        ordered = (one.instrument for _, one in self.orders.all())
        return sorted({*self.holdings(), *self.entries, *self.closings, *ordered})

    def waiting(self) -> frozenset[InstrumentId]:
        """Return those of which a tick may start another try: of what was refused, or rests untraded."""
        found = {name for name, one in self.entries.items() if one.retry_ns is not None}
        found |= {name for name, one in self.closings.items() if one.retry_ns is not None}
        found |= {one.instrument for _, one in self.orders.all() if one.since_ns is not None}
        return frozenset(found)

    def live(self, instrument: InstrumentId, *purposes: Purpose) -> list[str]:
        """Return the ids of its orders with one of these purposes that are not over."""
        return [name for name, one in self.orders.of(instrument) if one.purpose in purposes]

    def resting(self, instrument: InstrumentId, now_ns: UnixNs) -> list[tuple[str, Purpose]]:
        """Return its orders that ought to have traded by now."""
        before_ns = now_ns - RESTS_NS
        return [(name, one.purpose) for name, one in self.orders.of(instrument) if one.rests_since(before_ns)]
