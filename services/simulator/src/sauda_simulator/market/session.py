"""Which market instant belongs to which wall instant.

Market time runs at `speed` from a little before the open to the close, stands still for a short
pause, and jumps to the next trading day. Each such piece is a `Stretch`; a `Timeline` is the chain
of them from an anchor. Market time never goes back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Protocol

from sauda.clock import NS_PER_S, UnixNs, ist_date

PAUSE_NS = 2 * NS_PER_S
"""Wall time between a close and the jump to the next day."""
LEAD_WALL_S = 3
"""Wall seconds before the open at which a day begins, so that a feed is subscribed when it opens."""
MAX_LEAD_NS = 14 * 60 * NS_PER_S
"""A day never begins before 09:01: at great speeds the lead is shorter than three wall seconds."""


class SessionHours(Protocol):
    """When the market of a day is open."""

    @property
    def open_ns(self) -> UnixNs:
        """Return the first instant of trading."""

    @property
    def close_ns(self) -> UnixNs:
        """Return the instant at which trading has ended."""


@dataclass(frozen=True)
class TradingDay:
    """One day on which the market is open."""

    day: date
    previous: date
    open_ns: UnixNs
    close_ns: UnixNs

    @property
    def seconds(self) -> int:
        """Return the length of the session in whole seconds."""
        return (self.close_ns - self.open_ns) // NS_PER_S

    def start_ns(self, speed: float) -> UnixNs:
        """Return the market instant at which this day begins: a few wall seconds before the open."""
        return self.open_ns - min(MAX_LEAD_NS, round(LEAD_WALL_S * speed * NS_PER_S))


@dataclass(frozen=True)
class Anchor:
    """A wall instant, the market instant that belongs to it, and how fast the market goes on."""

    wall_ns: UnixNs
    market_ns: UnixNs
    speed: float


@dataclass(frozen=True)
class Stretch:
    """A piece of wall time in which market time is a straight line."""

    wall_from_ns: UnixNs
    market_from_ns: UnixNs
    speed: float
    """Market seconds per wall second; 0 while the market stands between two days."""
    wall_to_ns: UnixNs
    trading_day: TradingDay

    def market_ns(self, wall_ns: UnixNs) -> UnixNs:
        """Return the market instant at *wall_ns*; before the stretch it is the stretch's beginning."""
        elapsed = max(0, min(wall_ns, self.wall_to_ns) - self.wall_from_ns)
        instant = self.market_from_ns + round(elapsed * self.speed)
        # The last wall nanosecond may overshoot by a market nanosecond or two at great speeds.
        return min(instant, self.trading_day.close_ns)


class Timeline:
    """The chain of stretches that follows from one anchor."""

    def __init__(self, anchor: Anchor, next_day: Callable[[date], TradingDay]) -> None:
        """Begin at *anchor*; *next_day* returns the first trading day on or after a date."""
        self.anchor = anchor
        self._next_day = next_day
        day = ist_date(anchor.market_ns)
        trading = next_day(day)
        if anchor.market_ns > trading.close_ns:
            trading = next_day(_after(day))
        begins_ns = anchor.market_ns if trading.day == day else trading.start_ns(anchor.speed)
        self._stretches = [self._trading(anchor.wall_ns, begins_ns, trading)]

    def at(self, wall_ns: UnixNs) -> Stretch:
        """Return the stretch that holds *wall_ns*; an instant before the anchor belongs to the first."""
        while self._stretches[-1].wall_to_ns <= wall_ns:
            self._stretches.append(self._following(self._stretches[-1]))
        for stretch in reversed(self._stretches):
            if stretch.wall_from_ns <= wall_ns:
                return stretch
        return self._stretches[0]

    def around(self, wall_ns: UnixNs, ahead: int = 3) -> list[Stretch]:
        """Return the stretches that are known, from the one before *wall_ns* to *ahead* after it."""
        here = self.at(wall_ns)
        index = self._stretches.index(here)
        while len(self._stretches) <= index + ahead:
            self._stretches.append(self._following(self._stretches[-1]))
        # What is long past is forgotten: a simulator that runs for months must not grow.
        del self._stretches[: max(0, index - 1)]
        return list(self._stretches)

    def market_ns(self, wall_ns: UnixNs) -> UnixNs:
        """Return the market instant at *wall_ns*."""
        return self.at(wall_ns).market_ns(wall_ns)

    def _following(self, last: Stretch) -> Stretch:
        if last.speed > 0:
            close_ns = last.trading_day.close_ns
            return Stretch(last.wall_to_ns, close_ns, 0, last.wall_to_ns + PAUSE_NS, last.trading_day)
        following = self._next_day(_after(last.trading_day.day))
        return self._trading(last.wall_to_ns, following.start_ns(self.anchor.speed), following)

    def _trading(self, wall_ns: UnixNs, market_ns: UnixNs, trading: TradingDay) -> Stretch:
        lasts_ns = ceil((trading.close_ns - market_ns) / self.anchor.speed)
        return Stretch(wall_ns, market_ns, self.anchor.speed, wall_ns + lasts_ns, trading)


def _after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)
