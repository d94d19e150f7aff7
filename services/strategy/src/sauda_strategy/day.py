"""The trading day of one strategy: its hours, and how far it has come. All of it follows market time."""

from datetime import date, time, timedelta
from typing import Final, NamedTuple

import msgspec

from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.money import Paise
from sauda.state import State
from sauda_strategy.trading_windows import Window

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
    """The entry is behind us, or there is none: nothing new is opened any more in this window."""
    window: int = 0
    """Which of the day's windows this is."""
    ended: bool = False
    """Nothing is sold anew in this window: its legs were closed together."""
    shut: bool = False
    """There are no further windows today, unless somebody says `start`."""
    locked: int = 0
    """The most steps of `trail_profit_rupees` that the profit has reached in this window."""


class Hours(NamedTuple):
    """The instants of one day at which something is due."""

    near_ns: UnixNs
    """When the entry is near enough to ask for more than index and future."""
    entry_ns: UnixNs
    until_ns: UnixNs
    """Nothing is sold from then on."""
    exit_ns: UnixNs
    midnight_ns: UnixNs
    """The end of the day."""


NO_HOURS = Hours(0, 0, 0, 0, 0)
"""Before the first day has begun: the first market time begins it."""


def hours_of(day: str, window: Window, until: time | None = None) -> Hours:
    """Return the hours of *window* on *day* (`YYYY-MM-DD`), in which nothing is sold from *until* on."""
    today = date.fromisoformat(day)
    entry_ns = from_ist(today, window.entry)
    until_ns = from_ist(today, min(until or window.exit, window.exit))
    midnight_ns = from_ist(today + timedelta(days=1), time())
    return Hours(entry_ns - PATIENCE_NS, entry_ns, until_ns, from_ist(today, window.exit), midnight_ns)


class Diary:
    """What a strategy remembers of today."""

    def __init__(self, state: State) -> None:
        self._days = state.table("days", Day)
        """`today` -> how far today has come"""
        self._switch = state.table("switch", bool)
        """`on` -> whether it may open something new, once somebody has said `start` or `stop`"""
        self._said = state.table("said", str)
        """code -> what was said about it today"""

    @property
    def today(self) -> Day | None:
        """Return how far today has come; None before the first day."""
        return self._days.get("today")

    @property
    def is_on(self) -> bool | None:
        """Return whether it may open something new; None while nobody has said so."""
        return self._switch.get("on")

    def switch(self, on: bool) -> None:
        """Somebody said `start` or `stop`."""
        self._switch.put("on", on)

    def begin(self, today: Day) -> None:
        """Begin a day."""
        self._days.put("today", today)
        self.say_again()

    def change(self, **changes: object) -> None:
        """Note how far today has come."""
        today = self._days["today"]
        new = msgspec.structs.replace(today, **changes)
        if new != today:
            self._days.put("today", new)

    def say_again(self) -> None:
        """Forget what was said."""
        for code in self._said:
            self._said.drop(code)

    def says(self, code: str, text: str) -> bool:
        """Return whether *code* is said for the first time today."""
        if code in self._said:
            return False
        self._said.put(code, text)
        return True


def every_day(_day: date) -> bool:
    """Say of any day that it is a trading day."""
    return True
