"""Where prices stood before today, found in the desk's own bars (stream and archive) when the gateway starts in the middle of a day."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Final

from sauda.clock import UnixNs, ist_date
from sauda.codec import decode
from sauda.contracts import Bar, InstrumentId
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.record import Record
from sauda_gateway.market.quotes import Base, Since

MOST_ENTRIES: Final = 150_000
"""Bars that are looked through: two days of some hundred contracts."""
_MARK: Final = b'"timeframe":"1m"'
"""Minutes alone are read: a session's last one ends where the session does."""


def find_bases(open_record: Callable[[], Record], now_ns: UnixNs) -> dict[InstrumentId, Base]:
    """Return what prices of the day of *now_ns* are compared with. For a thread.

    Raises:
        SaudaError: streams or archive cannot be read.
    """
    record = open_record()
    try:
        return bases_of(_bars(record.backwards("bars")), ist_date(now_ns))
    finally:
        record.close()


def bases_of(bars: Iterable[Bar], today: date) -> dict[InstrumentId, Base]:
    """Return instrument -> base out of minutes, the newest first: the last close before *today*, else today's first opening."""
    closes: dict[InstrumentId, Bar] = {}
    openings: dict[InstrumentId, Base] = {}
    last_day: date | None = None
    for bar in bars:
        day = ist_date(bar.start_ns)
        if day == today:
            openings[bar.instrument] = Base(bar.open, bar.oi, Since.SEEN)
        elif day < today:
            # One that was fetched later stands among newer ones, and says nothing about where the day before begins.
            last_day = last_day or (None if bar.past else day)
            if last_day is not None and day < last_day and not bar.past:
                break
            known = closes.get(bar.instrument)
            if known is None or known.start_ns < bar.start_ns:
                closes[bar.instrument] = bar
    return openings | {name: Base(bar.close, bar.oi, Since.CLOSE) for name, bar in closes.items()}


def _bars(entries: Iterator[Entry]) -> Iterator[Bar]:
    for entry in islice(entries, MOST_ENTRIES):
        if _MARK not in entry.data:
            continue
        try:
            message = decode(entry.data)
        except ContractError:
            continue
        if isinstance(message, Bar):
            yield message
