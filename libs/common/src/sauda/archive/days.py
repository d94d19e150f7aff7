"""Which trading date an entry belongs to: that of its market time in India, and never one before its predecessor's. Pure."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Final, NamedTuple

from sauda.archive.segment import Row
from sauda.clock import UnixNs, from_ist, ist_date
from sauda.market_time import BY_ARRIVAL, arrival_ns, stamp_of

_EARLIEST: Final = from_ist(date(2000, 1, 1), time())
_LATEST: Final = from_ist(date(2100, 1, 1), time())
"""A time outside is somebody's mistake, and must not carry everything behind it into that year."""


class Part(NamedTuple):
    """Entries of one date, in order."""

    day: date
    rows: list[Row]
    times: list[UnixNs | None]
    """The market time that each carries."""


def by_day(stream: str, rows: Sequence[Row], since: date | None) -> list[Part]:
    """Split *rows* by date; *since* is the date of the entry before them."""
    parts: list[Part] = []
    day, midnight_ns = since, _end_of(since) if since else 0
    for row in rows:
        at = _time_of(stream, row)
        if day is None:
            at_least = at if at is not None else arrival_ns(row[0])
            day = ist_date(at_least if _EARLIEST <= at_least < _LATEST else _EARLIEST)
            midnight_ns = _end_of(day)
        elif at is not None and midnight_ns <= at:
            day = ist_date(at)
            midnight_ns = _end_of(day)
        if not parts or parts[-1].day != day:
            parts.append(Part(day, [], []))
        parts[-1].rows.append(row)
        parts[-1].times.append(at)
    return parts


def _time_of(stream: str, row: Row) -> UnixNs | None:
    if stream in BY_ARRIVAL:
        at: UnixNs | None = arrival_ns(row[0])
    else:
        fields = row[1]
        # Written by us, the message is the first field; in a foreign entry it may be anywhere.
        data = fields[1] if fields[0] == b"d" else dict(zip(fields[::2], fields[1::2], strict=True)).get(b"d")
        at = stamp_of(data) if data else None
    return at if at is not None and _EARLIEST <= at < _LATEST else None


def _end_of(day: date) -> UnixNs:
    return from_ist(day + timedelta(days=1), time())
