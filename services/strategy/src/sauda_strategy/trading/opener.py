"""Opening a position: one order, then another for what was refused or rests, a few times; then it is given up and said.

entry ──► order ──refused for want of a price──► the instrument's next tick ──► order
             └──rests 5 s──► taken back ──► order for the rest
"""

from typing import Final

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import (
    InstrumentId,
    Level,
    Message,
    OrderCancelled,
    OrderRejected,
    Product,
    RejectReason,
    Tick,
)
from sauda.money import to_rupees
from sauda_strategy.refusals import ENTRY_PAUSE_NS, words
from sauda_strategy.sizing.protection import Protection
from sauda_strategy.sizing.sizer import Sizer
from sauda_strategy.trading.asks import Asks
from sauda_strategy.trading.book import Book
from sauda_strategy.trading.guards import Guards
from sauda_strategy.trading.orders import Purpose
from sauda_strategy.trading.placing import Placing, touch
from sauda_strategy.trading.work import Entry
from sauda_strategy.voice import Voice

ENTRY_TRIES: Final = 3
"""Orders that are sent for one entry when it is refused for want of a fresh price, or rests; by then something is wrong."""
PATIENCE_NS: Final = 60 * NS_PER_S
"""How long an entry waits for the first price of its instrument."""


class Opener:
    """Carries the entries of one strategy on."""

    def __init__(
        self,
        book: Book,
        placing: Placing,
        guards: Guards,
        asks: Asks,
        *,
        protection: Protection,
        sizer: Sizer,
        voice: Voice,
    ) -> None:
        self._book = book
        self._placing = placing
        self._guards = guards
        self._known = asks.known
        self._quotes = asks.quotes
        self._voice = voice
        self._protection = protection
        self._sizer = sizer
        self._is_open = asks.is_open
        self.waits_overnight = False
        """Whether what is decided while the market is closed waits for its opening."""

    def begin(self, instrument: InstrumentId, entry: Entry, now_ns: UnixNs) -> list[Message]:
        """Begin *entry*."""
        self._book.entries.put(instrument, entry)
        return self.tend(instrument, now_ns)

    def tend(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Send what an entry needs next, if anything."""
        entry = self._book.entries.get(instrument)
        if entry is None or entry.retry_ns is not None or self._book.live(instrument, Purpose.ENTRY):
            return []
        if entry.open_qty <= 0 and not entry.unsized:
            self._book.entries.drop(instrument)
            return []
        if not self._is_open(instrument, now_ns):
            return self._market_closed(instrument, entry, now_ns)
        tick = self._quotes.newest.get(instrument)
        if tick is None:
            self._book.entries.put(instrument, entry.having(retry_ns=now_ns))
            return []
        if entry.unsized:
            size = self._sizer.size(instrument, entry.side, touch(tick, entry.side), entry.stop)
            if size.lots < 1:
                return self.give_up(instrument, size.why_none, now_ns)
            definition = self._known.get(instrument)
            entry = entry.having(qty=size.lots * (definition.lot_size if definition else 1), unsized=False)
        return self._send(instrument, entry, tick, now_ns)

    def _send(self, instrument: InstrumentId, entry: Entry, tick: Tick, now_ns: UnixNs) -> list[Message]:
        self._book.entries.put(instrument, entry.having(tries=entry.tries + 1))
        price = touch(tick, entry.side) if entry.limit is None else entry.limit
        definition = self._known.get(instrument)
        tick_size = definition.tick_size if definition else 1
        stop, target = self._protection.around(entry, price, tick_size)
        self._guards.put(instrument, stop, target, now_ns)
        return self._placing.place(
            instrument,
            entry.side,
            entry.open_qty,
            Purpose.ENTRY,
            now_ns,
            limit=entry.limit,
            stop=stop,
            target=target,
            follows=entry.follows,
        )

    def on_tick(self, instrument: InstrumentId, now_ns: UnixNs) -> list[Message]:
        """Try again what was refused, now that *instrument* shows a price."""
        entry = self._book.entries.get(instrument)
        if entry is None or entry.retry_ns is None or now_ns < entry.retry_ns:
            return []
        if not self._is_open(instrument, now_ns):
            return []
        self._book.entries.put(instrument, entry.having(retry_ns=None))
        return self.tend(instrument, now_ns)

    def expire(self, now_ns: UnixNs) -> list[Message]:
        """Give up what has waited too long for a price in an open market."""
        out: list[Message] = []
        for instrument, entry in list(self._book.entries.items()):
            waits = entry.retry_ns is not None and not entry.tries and not entry.overnight
            if waits and now_ns >= entry.since_ns + PATIENCE_NS:
                out += self.give_up(instrument, f"no price within {PATIENCE_NS // NS_PER_S} s", now_ns)
        return out

    def new_day(self, now_ns: UnixNs) -> list[Message]:
        """Give up what waited through the end of a day, unless it was meant to."""
        waiting = [(name, one) for name, one in self._book.entries.items() if one.retry_ns is not None]
        late = [name for name, one in waiting if not one.overnight]
        return [out for name in late for out in self.give_up(name, "the day is over", now_ns)]

    def waits_until(self) -> list[UnixNs]:
        """Return when patience ends."""
        waiting = [one for one in self._book.entries.values() if one.retry_ns is not None and not one.tries]
        return [one.since_ns + PATIENCE_NS for one in waiting if not one.overnight]

    def on_cancelled(
        self, instrument: InstrumentId, answer: OrderCancelled, was_asked: bool, now_ns: UnixNs
    ) -> list[Message]:
        """An entry left the market and did not trade all: try the rest again if it was us who took it back."""
        entry = self._book.entries.get(instrument)
        if entry is None:
            return []
        if was_asked and entry.tries < ENTRY_TRIES:
            return self.tend(instrument, now_ns)
        return self.give_up(instrument, f"cancelled: {answer.reason}", now_ns)

    def on_refused(self, instrument: InstrumentId, answer: OrderRejected, now_ns: UnixNs) -> list[Message]:
        """An entry was refused."""
        entry = self._book.entries.get(instrument)
        if entry is None:
            return []
        if answer.reason is RejectReason.MARKET_CLOSED:
            return self._market_closed(instrument, entry, now_ns)
        pause_ns = ENTRY_PAUSE_NS.get(answer.reason)
        if pause_ns is None or entry.tries >= ENTRY_TRIES:
            return self.give_up(instrument, words(answer), now_ns)
        self._book.entries.put(instrument, entry.having(retry_ns=now_ns + pause_ns))
        return []

    def give_up(self, instrument: InstrumentId, why: str, now_ns: UnixNs) -> list[Message]:
        """Want no more of it, and say so."""
        entry = self._book.entries[instrument]
        self._book.entries.drop(instrument)
        if entry.traded:
            text = f"{instrument}: {entry.traded} of {entry.qty} traded, the rest not: {why}"
            return [self._voice.alert("PARTLY_ENTERED", text, now_ns, Level.WARNING)]
        at = "" if entry.limit is None else f" at {to_rupees(entry.limit)}"
        text = f"{instrument}: {entry.side.value} {entry.qty}{at} was not entered: {why}"
        return [
            self._voice.alert("ENTRY_REFUSED", text, now_ns, Level.WARNING),
            self._voice.signal(text, now_ns, instrument),
        ]

    def _market_closed(self, instrument: InstrumentId, entry: Entry, now_ns: UnixNs) -> list[Message]:
        """Wait for the opening where that is meant: an answer to the day's last bar cannot come before it."""
        if self.waits_overnight and self._placing.product is Product.NRML:
            self._book.entries.put(instrument, entry.having(retry_ns=now_ns, overnight=True))
            return []
        return self.give_up(instrument, "the market is closed", now_ns)
