"""What a strategy knows of its underlying: the contracts, their prices of today, and what it has asked to hear.

All of it is in the unit's state; the chain is rebuilt from it.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Instrument, InstrumentId, Subscribe, Tick, Unsubscribe
from sauda.money import Paise, to_rupees
from sauda.state import State
from sauda_strategy.chain import Chain

SETTLE_NS: Final = 5 * NS_PER_S
"""How long a better source of the underlying's price may be silent at the start: a feed delivers within one
second or two of subscribing. As long may a chain's first quotes take to arrive before parity is believed."""
WIDEN_NS: Final = 15 * NS_PER_S
"""When the middle of a large chain has shown no pair of prices by then, all of it is asked for."""
CHAIN_LIMIT: Final = 200
"""Contracts asked for at once where only parity can tell the underlying's price."""
STRIKES_EACH_SIDE: Final = 5


class Reference(NamedTuple):
    """The underlying's price, and who says so."""

    price: Paise
    source: str

    def __str__(self) -> str:
        """Read like `24575.40 (index)`."""
        return f"{to_rupees(self.price)} ({self.source})"


class Underlying:
    """One underlying's contracts and prices."""

    def __init__(self, state: State, name: str) -> None:
        self._name = name
        self._instruments = state.table("instruments", Instrument)
        """instrument -> its definition; expired ones are dropped when a day begins"""
        self._prices = state.table("prices", int)
        """instrument -> its price today, paise"""
        self._asked = state.table("asked", int)
        """instrument -> market time at which its ticks were asked for today"""
        self._chain: Chain | None = None
        self._day = ""
        self._followed = ""
        """Whose contracts alone these are, once that was seen to"""

    def learn(self, definition: Instrument) -> bool:
        """Take a definition if it is one of ours and says something new; return whether it was."""
        if definition.underlying != self._name or self._instruments.get(definition.instrument) == definition:
            return False  # The masters come again every morning, mostly unchanged.
        self._instruments.put(definition.instrument, definition)
        self._chain = None
        return True

    def follow(self, name: str) -> bool:
        """Look at the underlying *name* alone; return whether contracts of another one were forgotten."""
        if name == self._followed:
            return False
        self._name = self._followed = name
        others = [key for key, one in self._instruments.items() if one.underlying != name]
        for table in (self._instruments, self._prices, self._asked):
            for key in others:
                table.drop(key)
        if others:
            self._chain = None
        return bool(others)

    def begin(self, day: str) -> None:
        """Start *day* afresh: yesterday's prices are no prices, and the feed forgets wishes overnight."""
        for name in [n for n, one in self._instruments.items() if one.expiry and one.expiry < day]:
            self._instruments.drop(name)
        for table in (self._prices, self._asked):
            for name in table:
                table.drop(name)
        self.restored(day)

    def restored(self, day: str) -> None:
        """Drop what was derived from the state."""
        self._chain, self._day, self._followed = None, day, ""

    @property
    def chain(self) -> Chain:
        """Return today's contracts."""
        if self._chain is None:
            self._chain = Chain(self._instruments.values(), self._day)
        return self._chain

    def __len__(self) -> int:
        return len(self._instruments)

    def see(self, tick: Tick) -> None:
        """Remember what *tick* says its instrument is worth.

        The middle of bid and ask where both are shown, else the last trade: far from the money a last trade
        can be hours old. A price of zero means that nothing was ever traded.
        """
        price = (tick.bid + tick.ask) // 2 if tick.bid and tick.ask else tick.ltp
        if price > 0 and self._prices.get(tick.instrument) != price:
            self._prices.put(tick.instrument, price)

    def price(self, instrument: InstrumentId) -> Paise | None:
        """Return today's last price."""
        return self._prices.get(instrument)

    def definition(self, instrument: InstrumentId) -> Instrument | None:
        """Return what is known of one of its contracts."""
        return self._instruments.get(instrument)

    def forget_price(self, instrument: InstrumentId) -> None:
        """Wait for a new tick of *instrument* before it counts as priced."""
        self._prices.drop(instrument)

    def sources(self) -> frozenset[InstrumentId]:
        """Return the instruments whose ticks can move the underlying's price: the index alone once it has one."""
        index, future = self.chain.index, self.chain.future
        if index is not None and index in self._prices:
            return frozenset((index,))
        return frozenset(one for one in (index, future) if one is not None)

    def reference(self, settled: bool) -> Reference | None:
        """Return the underlying's price: the index's, else the future's, else what parity says.

        Args:
            settled: Whether better sources, and the rest of the chain, have had their time to speak up.
        """
        for instrument, source in ((self.chain.index, "index"), (self.chain.future, "future")):
            if instrument is None:
                continue
            price = self._prices.get(instrument)
            if price is not None:
                return Reference(price, source)
            if not settled:
                return None
        price, complete = self.chain.forward(self._prices.get)
        if price is None or not (complete or settled):
            return None
        return Reference(price, "put-call parity")

    def ask(self, by: str, wanted: Collection[InstrumentId | None], now_ns: UnixNs) -> list[Subscribe]:
        """Return the wish for what is in *wanted* and was not asked for today."""
        new = tuple(one for one in dict.fromkeys(wanted) if one is not None and one not in self._asked)
        for instrument in new:
            self._asked.put(instrument, now_ns)
        return [Subscribe(by=by, instruments=new, event_ns=now_ns)] if new else []

    def leave(self, by: str, now_ns: UnixNs) -> list[Unsubscribe]:
        """Return the wish to hear nothing more today; what was heard is forgotten, as it grows old."""
        asked = tuple(self._asked)
        for table in (self._prices, self._asked):
            for name in table:
                table.drop(name)
        return [Unsubscribe(by=by, instruments=asked, event_ns=now_ns)] if asked else []

    @property
    def asked(self) -> Collection[InstrumentId]:
        """Return what was asked for today."""
        return self._asked.keys()
