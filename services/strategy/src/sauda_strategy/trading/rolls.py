"""A future that expires soon is closed, and the same side and lots are opened in the next one, once.

Its stop and target go along, as far from the new price as they were from the old one when that was closed: the next month
costs another price, so the same figures would be nearer or farther. Whoever set them, an intent or the rules, they stay.
"""

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Instrument, InstrumentId, Message, Side
from sauda.money import Paise, Units
from sauda.state import State
from sauda_strategy.host.quotes import Quotes
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.closer import Closer
from sauda_strategy.trading.guards import Guards
from sauda_strategy.trading.opener import Opener
from sauda_strategy.trading.placing import touch
from sauda_strategy.trading.work import Closing, Entry
from sauda_strategy.voice import Voice


class Roll(msgspec.Struct, frozen=True):
    """What is opened when the old contract is closed."""

    to: InstrumentId
    side: Side
    qty: Units
    stop: Paise | None = None
    """Where the old contract's position would have been left at a loss."""
    target: Paise | None = None
    """Where it would have been left at a profit."""


class Rolls:
    """The roll-overs under way."""

    def __init__(
        self,
        state: State,
        book: Book,
        closer: Closer,
        opener: Opener,
        *,
        guards: Guards,
        quotes: Quotes,
        voice: Voice,
    ) -> None:
        self._rows = state.table("rolls", Roll)
        """instrument that is left -> what takes its place"""
        self._book = book
        self._closer = closer
        self._opener = opener
        self._guards = guards
        self._quotes = quotes
        self._voice = voice

    def begin(self, old: Instrument, new: Instrument, now_ns: UnixNs) -> list[Message]:
        """Leave *old* for *new*, unless that is under way, or *old* is being closed anyhow."""
        held = self._book.held(old.instrument)
        if not held or old.instrument in self._book.closings or old.instrument in self._rows:
            return []
        side = Side.BUY if held > 0 else Side.SELL
        lots = abs(held) // old.lot_size
        guard = self._guards.get(old.instrument)
        stop, target = (guard.stop, guard.target) if guard else (None, None)
        self._rows.put(old.instrument, Roll(new.instrument, side, lots * new.lot_size, stop, target))
        why = f"rolled over to {new.instrument}: {old.instrument} expires on {old.expiry}"
        signal = self._voice.signal(why, now_ns, old.instrument, side.opposite)
        return [signal, *self._closer.begin(old.instrument, Closing(why=why), now_ns)]

    def tend(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Open the next contract once *instrument*, which is left, is closed."""
        roll = self._rows.get(instrument)
        if roll is None or self._book.is_open(instrument):
            return []
        self._rows.drop(instrument)
        signal = self._voice.signal(f"rolled over from {instrument}", now_ns, roll.to, roll.side)
        if roll.to in self._book.closings or roll.to in self._book.entries:
            return []  # The strategy trades it by itself already.
        stop_away, target_away = self._away(instrument, roll)
        entry = Entry(
            side=roll.side, qty=roll.qty, since_ns=now_ns, stop_away=stop_away, target_away=target_away
        )
        return [signal, *self._opener.begin(roll.to, entry, now_ns)]

    def _away(self, old: InstrumentId, roll: Roll) -> tuple[Paise | None, Paise | None]:
        """Return how far stop and target are from the price of *old*; None for one that the price has passed."""
        tick = self._quotes.newest.get(old)
        if tick is None:
            return None, None
        # On the side that opens, as the new contract's price will be: else its spread would widen the one distance.
        price, sign = touch(tick, roll.side), roll.side.sign
        stop = None if roll.stop is None else sign * (price - roll.stop)
        target = None if roll.target is None else sign * (roll.target - price)
        return (
            stop if stop is not None and stop > 0 else None,
            target if target is not None and target > 0 else None,
        )

    def forget(self, instrument: InstrumentId) -> None:
        """Open nothing in the place of *instrument*, and not *instrument* in the place of another."""
        for old in [one for one, roll in self._rows.items() if instrument in (one, roll.to)]:
            self._rows.drop(old)

    def comes_to(self, instrument: InstrumentId) -> Side | None:
        """Return which side a roll-over under way will open in *instrument*."""
        if not self._rows:
            return None
        return next((one.side for one in self._rows.values() if one.to == instrument), None)

    def instruments(self) -> set[InstrumentId]:
        """Return all that take part."""
        return {*self._rows, *(one.to for one in self._rows.values())}
