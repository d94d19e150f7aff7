"""The newest price of each instrument, and what it is compared with: where it stood when the last day ended. Pure.

What is not known of the day before (a contract's first day, a desk that was not up) is compared with the first price of today that
was seen, and says so.
"""

from collections.abc import Mapping
from datetime import date
from enum import Enum

import msgspec

from sauda.clock import UnixNs, ist_date
from sauda.contracts import Depth, InstrumentId, Tick
from sauda.money import Paise, Units


class Since(Enum):
    """What a change is counted from."""

    CLOSE = "close"
    """The last price of an earlier day."""
    SEEN = "seen"
    """The first price of today that is known here."""


class Base(msgspec.Struct, frozen=True):
    """What prices of today are compared with."""

    price: Paise
    oi: Units | None
    since: Since


class Quote(msgspec.Struct, frozen=True):
    """An instrument as it stands."""

    instrument: InstrumentId
    event_ns: UnixNs
    recv_ns: UnixNs
    ltp: Paise
    change: Paise
    """Since `change_from`."""
    change_from: Since
    bid: Paise | None = None
    ask: Paise | None = None
    bid_qty: Units | None = None
    ask_qty: Units | None = None
    volume: Units | None = None
    oi: Units | None = None
    oi_change: Units | None = None
    """Since `change_from`."""
    depth: Depth | None = None


class Quotes:
    """All instruments that have shown a price."""

    def __init__(self) -> None:
        self._ticks: dict[InstrumentId, Tick] = {}
        self._bases: dict[InstrumentId, Base] = {}
        self._found: Mapping[InstrumentId, Base] = {}
        self._found_for: date | None = None
        """The day whose prices are compared with what was found."""
        self.newest_ns: UnixNs = 0
        """When the newest of all prices reached the feed."""

    def take(self, tick: Tick) -> None:
        """Take a price."""
        before = self._ticks.get(tick.instrument)
        if before is None or ist_date(before.recv_ns) != ist_date(tick.recv_ns):
            self._begin_day(before, tick)
        self._ticks[tick.instrument] = tick
        self.newest_ns = max(self.newest_ns, tick.recv_ns)

    def learn_bases(self, day: date, bases: Mapping[InstrumentId, Base]) -> None:
        """Take what was found out about what prices of *day* are compared with, for those of which nothing better is known."""
        self._found, self._found_for = bases, day
        for instrument, base in bases.items():
            tick = self._ticks.get(instrument)
            if tick and ist_date(tick.recv_ns) == day and self._bases[instrument].since is Since.SEEN:
                self._bases[instrument] = base

    def tick(self, instrument: InstrumentId) -> Tick | None:
        """Return its newest tick."""
        return self._ticks.get(instrument)

    def quote(self, instrument: InstrumentId) -> Quote | None:
        """Return how it stands; None if it has shown no price."""
        tick = self._ticks.get(instrument)
        if tick is None:
            return None
        base = self._bases[instrument]
        return Quote(
            instrument,
            tick.event_ns,
            tick.recv_ns,
            tick.ltp,
            tick.ltp - base.price,
            base.since,
            tick.bid,
            tick.ask,
            tick.bid_qty,
            tick.ask_qty,
            tick.volume,
            tick.oi,
            None if tick.oi is None or base.oi is None else tick.oi - base.oi,
            tick.depth,
        )

    def _begin_day(self, before: Tick | None, tick: Tick) -> None:
        found = None
        if before is not None:
            found = Base(before.ltp, before.oi, Since.CLOSE)
        elif ist_date(tick.recv_ns) == self._found_for:
            found = self._found.get(tick.instrument)
        self._bases[tick.instrument] = found or Base(tick.ltp, tick.oi, Since.SEEN)
