"""The trading day of one strategy: its hours, and how far it has come. All of it follows market time."""

from datetime import date, time, timedelta
from typing import Final, NamedTuple

import msgspec

from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.money import Paise

PATIENCE_NS: Final = 60 * NS_PER_S
"""How long an entry may wait for instruments and prices before the strategy says why it does not trade; as
long before the entry it begins to look for a price where its usual sources are silent."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """How far one trading day has come."""

    day: str
    """`YYYY-MM-DD`, in India."""
    opened_ns: UnixNs
    """The first market time seen that day."""
    known: int = 0
    """Instruments that were known when subscriptions were last thought over."""
    centre: Paise | None = None
    """The strike around which options were subscribed."""
    waiting_ns: UnixNs | None = None
    """Since when the entry is due."""
    over: bool = False
    """Nothing new is opened any more this day."""


class Hours(NamedTuple):
    """The instants of one day at which something is due."""

    near_ns: UnixNs
    """When the entry is near enough to ask for more than index and future."""
    entry_ns: UnixNs
    exit_ns: UnixNs
    midnight_ns: UnixNs
    """The end of the day."""


NO_HOURS = Hours(0, 0, 0, 0)
"""Before the first day has begun: the first market time begins it."""


def hours_of(day: str, entry: time, leave: time) -> Hours:
    """Return the hours of *day* (`YYYY-MM-DD`)."""
    today = date.fromisoformat(day)
    entry_ns = from_ist(today, entry)
    midnight_ns = from_ist(today + timedelta(days=1), time())
    return Hours(entry_ns - PATIENCE_NS, entry_ns, from_ist(today, leave), midnight_ns)


def every_day(_day: date) -> bool:
    """Say of any day that it is a trading day."""
    return True
