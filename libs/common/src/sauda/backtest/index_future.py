"""A future for an index that the data has prices of and nothing to trade: its price is the index's, the basis is ignored.

At each instant two months are there, the current one and the next, so that a strategy can roll over. Which contracts
there were, how large a lot was and by how much a price moved is looked up by date (config/market).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import msgspec

from sauda.bars.timeframes import midnight_after
from sauda.calendar import Calendar
from sauda.clock import UnixNs, ist_date
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Tick
from sauda.instruments import ParsedSymbol, format_symbol, index_instrument, underlying

MONTHS_AHEAD = 2
"""Contracts that trade at once."""


class IndexFutures:
    """The futures of some indices over some days."""

    def __init__(self, names: Iterable[str], calendar: Calendar, first_ns: UnixNs, last_ns: UnixNs) -> None:
        """Define them.

        Raises:
            ConfigError: lots, ticks or expiries of those days are not known; says since when they are.
        """
        self.instruments: list[Instrument] = []
        self.sources: dict[InstrumentId, InstrumentId] = {}
        """future -> its index"""
        self._expiries: dict[InstrumentId, list[tuple[date, InstrumentId]]] = {}
        """index -> (expiry, future), in order"""
        for name in names:
            index = index_instrument(name)
            if index is not None:
                self._define(name, index, calendar, ist_date(first_ns), ist_date(last_ns))

    def joined(self, batches: Iterable[list[Tick]]) -> Iterator[list[Tick]]:
        """Yield the ticks of *batches*, each of an index followed by those of its futures."""
        present: dict[InstrumentId, tuple[InstrumentId, ...]] = {}
        day_end_ns: UnixNs = 0
        for batch in batches:
            found: list[Tick] = []
            for tick in batch:
                found.append(tick)
                if tick.instrument in self._expiries:
                    if tick.recv_ns >= day_end_ns:
                        present, day_end_ns = self._on(tick.recv_ns), midnight_after(tick.recv_ns)
                    found += [_as(tick, future) for future in present[tick.instrument]]
            yield found

    def _on(self, at_ns: UnixNs) -> dict[InstrumentId, tuple[InstrumentId, ...]]:
        """Return the futures that trade on the day of *at_ns*, by index."""
        day = ist_date(at_ns)
        return {
            index: tuple(name for expiry, name in known if expiry >= day)[:MONTHS_AHEAD]
            for index, known in self._expiries.items()
        }

    def _define(self, name: str, index: InstrumentId, calendar: Calendar, first: date, last: date) -> None:
        exchange = underlying(name).exchange_derivatives
        known: list[tuple[date, InstrumentId]] = []
        listed = first
        for expiry in _expiries(calendar, name, first, last):
            month = (expiry.year, expiry.month) if exchange == "BFO" else None
            parsed = ParsedSymbol(name, InstrumentKind.FUTURE, expiry=expiry, expiry_month=month)
            future = f"{exchange}:{format_symbol(exchange, parsed)}"
            self.instruments.append(
                Instrument(
                    future,
                    exchange,
                    "",
                    name,
                    InstrumentKind.FUTURE,
                    lot_size=calendar.lot_size(name, listed),
                    tick_size=calendar.tick_size(name, InstrumentKind.FUTURE, listed),
                    expiry=expiry.isoformat(),
                )
            )
            self.sources[future] = index
            known.append((expiry, future))
            listed = max(listed, expiry + timedelta(days=1))
        self._expiries[index] = known


def _expiries(calendar: Calendar, name: str, first: date, last: date) -> Sequence[date]:
    """Return the monthly expiries from *first* on, until two months behind *last* are there."""
    found: list[date] = []
    day = first
    while len(found) < MONTHS_AHEAD or found[-MONTHS_AHEAD] < last:
        found.append(calendar.monthly_expiry(name, day))
        day = found[-1] + timedelta(days=1)
    return found


def _as(tick: Tick, future: InstrumentId) -> Tick:
    return msgspec.structs.replace(tick, instrument=future, volume=None, oi=None)
