"""How long a contract still lives."""

from datetime import date, time
from functools import lru_cache
from typing import Final

from sauda.clock import NS_PER_S, UnixNs, from_ist

_HOUR_NS: Final = 3600 * NS_PER_S
_HOURS_A_YEAR: Final = 365 * 24
_ENDS: Final = time(15, 30)


def years_left(expiry: str | None, now_ns: UnixNs) -> float:
    """Return the years to half past three of the expiry day, in whole hours, one at least.

    Whole hours, so that scenarios that were computed once serve until the hour is over.
    """
    if expiry is None:
        return 1 / _HOURS_A_YEAR
    hours = -(-(_end_ns(expiry) - now_ns) // _HOUR_NS)
    return max(1, hours) / _HOURS_A_YEAR


@lru_cache(maxsize=1024)
def _end_ns(expiry: str) -> UnixNs:
    return from_ist(date.fromisoformat(expiry), _ENDS)
