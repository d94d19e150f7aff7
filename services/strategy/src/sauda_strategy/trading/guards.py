"""The stop and the target of what is held, while the exchange does not keep them.

The exchange keeps those of an entry for its day. A position that stays overnight gets them again with the first price of the
next session; in a dry run nobody keeps them, so every price is looked at.
"""

from typing import Final

import msgspec

from sauda.clock import NS_PER_S, UnixNs, ist_date
from sauda.contracts import InstrumentId, Message, Side, Tick
from sauda.money import Paise, Units
from sauda.state import State
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.orders import Purpose
from sauda_strategy.trading.placing import Placing

FRESH_NS: Final = NS_PER_S
"""Market time within which the exchange has told what it made of a fill, the slowest reader of streams included."""


class Guard(msgspec.Struct, frozen=True):
    """Where a position is left."""

    stop: Paise | None
    target: Paise | None
    day: str
    """`YYYY-MM-DD`: the last day for which the exchange was given them."""
    filled_ns: UnixNs = 0
    """When an entry with them has traded last; 0: the exchange has told since what it made of that."""


class Guards:
    """Those of one strategy."""

    def __init__(self, state: State, book: Book, placing: Placing) -> None:
        self._rows = state.table("guards", Guard)
        """instrument -> where its position is left"""
        self._book = book
        self._placing = placing

    def put(self, instrument: InstrumentId, stop: Paise | None, target: Paise | None, now_ns: UnixNs) -> None:
        """An entry was sent with these; one without leaves those of the position as they are."""
        if stop is not None or target is not None:
            self._rows.put(instrument, Guard(stop, target, ist_date(now_ns).isoformat()))

    def get(self, instrument: InstrumentId) -> Guard | None:
        """Return where a position is left, or None."""
        return self._rows.get(instrument)

    def filled(self, instrument: InstrumentId, now_ns: UnixNs) -> None:
        """An entry has traded: the exchange makes or changes stop and target in the same step, and tells of it next."""
        guard = self._rows.get(instrument)
        if guard is not None and not self._book.is_dry:
            self._rows.put(instrument, msgspec.structs.replace(guard, filled_ns=now_ns))

    def take_fresh(self, instrument: InstrumentId, now_ns: UnixNs) -> bool:
        """Return, once, whether a stop or target may stand at the exchange of which we have not heard yet."""
        guard = self._rows.get(instrument)
        if guard is None or not guard.filled_ns:
            return False
        self._rows.put(instrument, msgspec.structs.replace(guard, filled_ns=0))
        return now_ns < guard.filled_ns + FRESH_NS

    def tend(self, instrument: InstrumentId) -> None:
        """Forget those of a position that is closed."""
        if instrument in self._rows and not self._book.is_open(instrument):
            self._rows.drop(instrument)

    def waiting(self, day: str) -> set[InstrumentId]:
        """Return the instruments of which a tick matters on *day*."""
        return {name for name, one in self._rows.items() if self._book.is_dry or one.day != day}

    def touched(self, tick: Tick) -> str | None:
        """Return why a position of a dry run is left at this price, or None."""
        guard, held = self._rows.get(tick.instrument), self._book.held(tick.instrument)
        if guard is None or not held or not self._book.is_dry:
            return None
        sign = 1 if held > 0 else -1
        if guard.stop is not None and sign * (tick.ltp - guard.stop) <= 0:
            return "dry run: its stop was touched"
        if guard.target is not None and sign * (tick.ltp - guard.target) >= 0:
            return "dry run: its target was touched"
        return None

    def renew(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Give the exchange stop and target again on a new day, with the first price of its session."""
        guard = self._rows.get(instrument)
        is_due = guard is not None and guard.day != ist_date(now_ns).isoformat()
        return self.give_back(instrument, now_ns) if is_due else []

    def give_back(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Give the exchange stop and target of what is held, if it keeps none."""
        guard, held = self._rows.get(instrument), self._book.held(instrument)
        if guard is None or not held or self._book.is_dry:
            return []
        if instrument in self._book.closings or self._book.live(instrument, Purpose.PROTECTION):
            return []
        self._rows.put(instrument, msgspec.structs.replace(guard, day=ist_date(now_ns).isoformat()))
        return self._placing.protect(
            instrument, _against(held), abs(held), now_ns, stop=guard.stop, target=guard.target
        )


def _against(held: Units) -> Side:
    return Side.SELL if held > 0 else Side.BUY
