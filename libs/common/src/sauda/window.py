"""From where to where in a stream: `-`, an entry id, or a market time such as `09:20`. Pure.

A time is India's and the market's: what the messages carry, not when they reached Redis (see `sauda.market_time`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Final, TypeAlias

from sauda.clock import UnixNs, from_ist
from sauda.errors import SaudaError

_ID: Final = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
_TIME: Final = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)")


class WindowError(SaudaError):
    """What stands behind `--from` or `--to` is neither an id nor a time."""


@dataclass(frozen=True, slots=True)
class IdBound:
    """An entry id, or one of Redis' own words for the ends of a stream."""

    id: bytes


@dataclass(frozen=True, slots=True)
class TimeBound:
    """A market time of *day*; None is the newest trading date in the stream."""

    day: date | None
    at: time

    def instant(self, newest: date) -> UnixNs:
        """Return the instant meant, where the stream's newest trading date is *newest*."""
        return from_ist(self.day or newest, self.at)


Bound: TypeAlias = IdBound | TimeBound


def parse_bound(text: str) -> Bound:
    """Read `-`, `+`, `1795580105123-4`, `09:20`, `09:20:05` or `2026-11-23T09:20`.

    Raises:
        WindowError: it is none of these.
    """
    if text in ("-", "+") or _ID.fullmatch(text):
        return IdBound(text.encode())
    match = _TIME.fullmatch(text)
    try:
        if match:
            day, at = match.groups()
            return TimeBound(date.fromisoformat(day) if day else None, time.fromisoformat(at.rjust(5, "0")))
    except ValueError as error:
        raise WindowError(f"{text!r} is no time of day: {error}") from error
    raise WindowError(
        f"{text!r} is not '-', an entry id (1795580105123-4), HH:MM[:SS] or YYYY-MM-DDTHH:MM[:SS]"
    )


def first_ms_from(
    low_ms: int, high_ms: int, instant: UnixNs, time_from: Callable[[int], UnixNs | None]
) -> int:
    """Return the first millisecond of ids that begins with *instant* or later.

    Entries of *instant* may stand at the end of the millisecond of entries before it.

    Args:
        low_ms: Of the stream's first entry.
        high_ms: Just behind the stream's last entry.
        instant: The market time looked for.
        time_from: The time carried by the first entry at or behind a millisecond; None behind the end.
    """
    while low_ms < high_ms:
        middle = (low_ms + high_ms) // 2
        found = time_from(middle)
        if found is None or found >= instant:
            high_ms = middle
        else:
            low_ms = middle + 1
    return low_ms
