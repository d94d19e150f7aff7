"""Which trading day it is, and when its sessions open and close."""

from datetime import date, time
from typing import Final, Protocol

from sauda.calendar import Session
from sauda.clock import NS_PER_S, UnixNs, from_ist, ist_date
from sauda.errors import ConfigError
from sauda.state import State

_DAY_NS: Final = 24 * 3600 * NS_PER_S
_DAYS_AHEAD: Final = 11
"""Longer than any row of holidays, today included."""


class TradingCalendar(Protocol):
    """What the paper exchange asks of `sauda.calendar`."""

    def session(self, exchange: str, day: date, /) -> Session | None:
        """Return the hours of *exchange* on *day*, or None if it is closed all day."""


class ClosingTimes(Protocol):
    """What the life of a position asks of `sauda.calendar`."""

    def square_off_ns(self, exchange: str, day: date, /) -> UnixNs | None:
        """Return when MIS is closed on *day*, or None if *exchange* is closed all day."""

    def closing_window(self, exchange: str, day: date, /, *, of_index: bool) -> tuple[UnixNs, UnixNs]:
        """Return from when until when prices count for what expires on *day*."""


class TradingDays:
    """The present trading day and the one before it. A day begins with the first tick in a session of it."""

    def __init__(self, state: State, calendar: TradingCalendar) -> None:
        self._calendar = calendar
        self._began = state.table("days", int)
        """`present`, `previous` -> midnight (IST) at which that trading day began."""
        self._open: dict[str, tuple[UnixNs, UnixNs]] = {}
        """Exchange -> the last trading that an instant was found to lie in: derived."""

    @property
    def present_ns(self) -> UnixNs:
        """Return the midnight before the present trading day; 0 before the first."""
        return self._began.get("present") or 0

    @property
    def previous_ns(self) -> UnixNs:
        """Return the midnight before the previous trading day; 0 before the second."""
        return self._began.get("previous") or 0

    @property
    def end_ns(self) -> UnixNs:
        """Return the instant from which on a new trading day may begin."""
        return self.present_ns + _DAY_NS if self.present_ns else 0

    def begin(self, exchange: str, now_ns: UnixNs) -> bool:
        """Begin the day of *now_ns* if it is a new one on which *exchange* trades; say whether it did."""
        if now_ns < self.end_ns or self._hours(exchange, now_ns) is None:
            return False
        self._began.put("previous", self.present_ns)
        self._began.put("present", from_ist(ist_date(now_ns), time()))
        return True

    def is_open(self, exchange: str, now_ns: UnixNs) -> bool:
        """Does *exchange* trade at *now_ns*?"""
        return self.close_ns(exchange, now_ns) is not None

    def close_ns(self, exchange: str, now_ns: UnixNs) -> UnixNs | None:
        """Return when the trading ends in which *now_ns* lies, or None if the exchange is closed.

        On a day with a pause, each part is a session of its own: nothing is carried over the pause.
        """
        last = self._open.get(exchange)
        if last is not None and last[0] <= now_ns < last[1]:
            return last[1]
        hours = self._hours(exchange, now_ns)
        for opens, closes in () if hours is None else hours.parts:
            if opens <= now_ns < closes:
                self._open[exchange] = (opens, closes)
                return closes
        return None

    def next_open_ns(self, exchange: str, now_ns: UnixNs) -> UnixNs:
        """Return when *exchange* opens next, or a day from now if the calendar knows of no opening within ten days."""
        for ahead in range(_DAYS_AHEAD):
            hours = self._hours(exchange, now_ns + ahead * _DAY_NS)
            for opens, _ in () if hours is None else hours.parts:
                if opens > now_ns:
                    return opens
        return now_ns + _DAY_NS

    def _hours(self, exchange: str, now_ns: UnixNs) -> Session | None:
        try:
            return self._calendar.session(exchange, ist_date(now_ns))
        except ConfigError:
            # An exchange or a year of which the calendar knows nothing is never open: an order for it is
            # refused with words, and its ticks still count as prices.
            return None
