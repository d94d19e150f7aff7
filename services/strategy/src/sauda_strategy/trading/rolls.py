"""A future that expires soon is closed, and the same side and lots are opened in the next one, once."""

import msgspec

from sauda.clock import UnixNs
from sauda.contracts import Instrument, InstrumentId, Message, Side
from sauda.money import Units
from sauda.state import State
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.closer import Closer
from sauda_strategy.trading.opener import Opener
from sauda_strategy.trading.work import Closing, Entry
from sauda_strategy.voice import Voice


class Roll(msgspec.Struct, frozen=True):
    """What is opened when the old contract is closed."""

    to: InstrumentId
    side: Side
    qty: Units


class Rolls:
    """The roll-overs under way."""

    def __init__(self, state: State, book: Book, closer: Closer, opener: Opener, voice: Voice) -> None:
        self._rows = state.table("rolls", Roll)
        """instrument that is left -> what takes its place"""
        self._book = book
        self._closer = closer
        self._opener = opener
        self._voice = voice

    def begin(self, old: Instrument, new: Instrument, now_ns: UnixNs) -> list[Message]:
        """Leave *old* for *new*, unless that is under way, or *old* is being closed anyhow."""
        held = self._book.held(old.instrument)
        if not held or old.instrument in self._book.closings or old.instrument in self._rows:
            return []
        side = Side.BUY if held > 0 else Side.SELL
        lots = abs(held) // old.lot_size
        self._rows.put(old.instrument, Roll(new.instrument, side, lots * new.lot_size))
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
        entry = Entry(side=roll.side, qty=roll.qty, since_ns=now_ns)
        return [signal, *self._opener.begin(roll.to, entry, now_ns)]

    def forget(self, instrument: InstrumentId) -> None:
        """Open nothing in the place of *instrument*, and not *instrument* in the place of another."""
        for old in [one for one, roll in self._rows.items() if instrument in (one, roll.to)]:
            self._rows.drop(old)

    def comes_to(self, instrument: InstrumentId) -> Side | None:
        """Return which side a roll-over under way will open in *instrument*."""
        return next((one.side for one in self._rows.values() if one.to == instrument), None)

    def instruments(self) -> set[InstrumentId]:
        """Return all that take part."""
        return {*self._rows, *(one.to for one in self._rows.values())}
