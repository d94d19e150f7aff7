"""The minute of one instrument that is being built: the only thing that every tick touches.

It is kept in memory and written as one `MinuteRow` before each commit.
"""

from operator import attrgetter
from typing import Final

import msgspec

from sauda.bars.timeframes import MINUTE, OPENING_NS, length_ns
from sauda.clock import UnixNs
from sauda.contracts import Bar, InstrumentId, Tick
from sauda.money import Paise, Units
from sauda.stretch import Stretch

MINUTE_NS: Final = length_ns(MINUTE)
UNKNOWN = -1
"""A volume that nobody has told yet."""
NEVER_ENOUGH = 2**62
"""More ticks than any minute has."""
SIGHTED = -1
"""No hole since the last tick."""


class MinuteRow(msgspec.Struct, frozen=True, array_like=True):
    """All that a `Minute` remembers."""

    watched_ns: UnixNs
    """When somebody began to want it."""
    since_ns: UnixNs
    """From when on every tick of the instrument was seen, apart from holes."""
    seen: bool = False
    """Whether a tick of it has come."""
    day_ns: UnixNs = 0
    """The opening of the session that `traded` counts from."""
    start_ns: UnixNs = 0
    end_ns: UnixNs = 0
    ticks: int = 0
    """0: no bar is being built."""
    open: Paise = 0
    high: Paise = 0
    low: Paise = 0
    close: Paise = 0
    before: Paise = 0
    """The last price before this minute; 0: there was none."""
    told: Units = UNKNOWN
    """The day's volume as the newest tick tells it."""
    traded: Units = UNKNOWN
    """The largest that was told on this day: it never falls."""
    counted: Units = 0
    """How much of that is in earlier bars."""
    oi: Units | None = None
    blind: int = SIGHTED
    """How many ticks this minute had at the newest hole: with no more, the hole lies before the next minute's first tick."""
    ended: Bar | None = None
    """The minute before, over, and still to be said: others may show ticks of the very instant of its end."""


_ALL: Final = attrgetter(*MinuteRow.__struct_fields__)
_MARK: Final = attrgetter("start_ns", "ticks", "told", "blind", "ended")


class Minute:
    """What the ticks of the present minute make."""

    __slots__ = (*MinuteRow.__struct_fields__, "exchange", "instrument", "until_ns", "written")

    def __init__(self, instrument: InstrumentId, row: MinuteRow) -> None:
        self.instrument = instrument
        self.exchange = instrument.partition(":")[0]
        for name in MinuteRow.__struct_fields__:
            setattr(self, name, getattr(row, name))
        self.written: tuple[object, ...] = ()
        """Its mark when it was last put into its row."""
        self.until_ns: UnixNs = 0
        """Until when there is trading without a break, as far as anybody looked; derived."""

    watched_ns: UnixNs
    since_ns: UnixNs
    seen: bool
    day_ns: UnixNs
    start_ns: UnixNs
    end_ns: UnixNs
    ticks: int
    open: Paise
    high: Paise
    low: Paise
    close: Paise
    before: Paise
    told: Units
    traded: Units
    counted: Units
    oi: Units | None
    blind: int
    ended: Bar | None

    def row(self) -> MinuteRow:
        """Return all that it remembers."""
        return MinuteRow(*_ALL(self))

    def lose(self, to_ns: UnixNs) -> None:
        """Take that ticks until *to_ns* were not seen: what they traded is not the next minute's."""
        # A minute that is over by then shows no more ticks, so what comes next comes behind the hole.
        self.blind = self.ticks if to_ns < self.end_ns else NEVER_ENOUGH

    @property
    def mark(self) -> tuple[object, ...]:
        """Return what is another one whenever anything has changed."""
        mark: tuple[object, ...] = _MARK(self)
        return mark

    def first_of_day(self, open_ns: UnixNs) -> None:
        """Begin the day whose session opens at *open_ns*: volume counts from nothing again."""
        self.day_ns = open_ns
        self.counted = 0
        self.traded = UNKNOWN
        self.oi = None

    def begin(self, start_ns: UnixNs, end_ns: UnixNs, tick: Tick, *, whole_day: bool) -> None:
        """Build a new minute, whose first tick is *tick*.

        Args:
            start_ns: Its first instant.
            end_ns: The first instant that is not in it.
            tick: Has a price.
            whole_day: Whether all volume of the day so far is in the bars so far; else it counts from *tick* on.
        """
        self.start_ns, self.end_ns = start_ns, end_ns
        self.before = self.close
        self.open = self.high = self.low = self.close = tick.ltp
        self.ticks = 1
        if tick.oi is not None:
            self.oi = tick.oi
        volume = tick.volume
        unknown = self.traded < 0
        if volume is not None and volume != self.told:
            self.trade(volume)
        if volume is not None and ((unknown and not whole_day) or self.blind != SIGHTED):
            # What was traded unseen, before our time or in a hole, belongs to other bars; how much of it is this tick's
            # nobody knows.
            self.trade(volume)
            self.counted = self.traded
            self.since_ns = tick.recv_ns + 1
        self.blind = SIGHTED

    def turn(self, tick: Tick) -> UnixNs:
        """Begin the next minute with *tick*, if it lies in that one and the session goes on; return what is due first, or 0.

        What `Minutes.begin` does, without a look at the calendar.
        """
        start_ns, now_ns = self.end_ns, tick.recv_ns
        end_ns = start_ns + MINUTE_NS
        if not self.ticks or end_ns > self.until_ns or not start_ns <= now_ns < end_ns:
            return 0
        ended = self.ended = self.finish()
        self.begin(start_ns, end_ns, tick, whole_day=self.since_ns <= self.day_ns + OPENING_NS)
        return end_ns if ended is None else start_ns

    def is_calm(self, stretch: Stretch) -> bool:
        """Do all its ticks only go on with this minute?"""
        return self.ticks > 0 and stretch.last.recv_ns < self.end_ns and stretch.low > 0

    def glide(self, stretch: Stretch) -> None:
        """Take ticks of which `is_calm` said so."""
        last = stretch.last
        # By hand: calls of `max` and `min` cost as much as all the rest.
        if stretch.high > self.high:  # noqa: PLR1730
            self.high = stretch.high
        if stretch.low < self.low:  # noqa: PLR1730
            self.low = stretch.low
        self.close = last.ltp
        self.ticks += stretch.ticks
        if last.volume is not None and last.volume != self.told:
            self.trade(last.volume)
        if last.oi is not None:
            self.oi = last.oi

    def trade(self, volume: Units) -> None:
        """Take a new figure of the day's *volume*. It never falls: one that does is old, or yesterday's."""
        self.told = volume
        self.traded = max(self.traded, volume)

    def finish(self) -> Bar | None:
        """End the minute; return its bar, or None where the market only repeated itself: nothing was traded."""
        if not self.ticks:
            return None
        so_far = self.traded if self.traded > 0 else 0  # noqa: FURB136  (without a call: a backtest of bars lives here)
        traded = so_far - self.counted if self.told >= 0 else None
        still = traded == 0 and self.high == self.low == self.before
        bar = Bar(
            self.instrument,
            "1m",
            self.start_ns,
            self.end_ns,
            self.open,
            self.high,
            self.low,
            self.close,
            traded,
            self.oi,
            self.ticks,
        )
        if self.ticks > self.blind:
            self.blind = SIGHTED
        self.ticks = 0
        self.counted = so_far
        return None if still else bar
