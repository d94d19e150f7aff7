"""The market's own time, and the market of the day it shows.

Nothing moves until somebody has logged in: that instant is the anchor. From then on wall time and
market time belong together, through restarts too. While the simulator was away for up to a minute the
market went on, as a real one does during an outage; for longer, it stood still, so that a desk that is
switched off overnight finds its market where it left it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sauda.clock import NS_PER_MS, NS_PER_S, Clock, UnixNs, ist_date
from sauda_simulator.anchor import AnchorFile, AnchorRecord
from sauda_simulator.market.day import DERIVATIVES, MarketCalendar, MarketDay, trading_day
from sauda_simulator.market.listing import STRIKES_EACH_SIDE
from sauda_simulator.market.session import Anchor, Stretch, Timeline, TradingDay

GOES_ON_NS = 60 * NS_PER_S
"""The longest absence during which the market went on."""


@dataclass(frozen=True)
class MarketPlan:
    """What is simulated."""

    seed: int
    underlyings: Sequence[str]
    speed: float
    """Seconds of market time in a wall second."""
    sim_date: date | None
    """First trading day, or the one after it that is open; None for today, or the one before it that was open."""
    strikes_each_side: int = STRIKES_EACH_SIDE
    """How far each chain reaches from the index at the open."""


class MarketClock:
    """Says what time it is in the market, and what the market looks like then."""

    def __init__(self, plan: MarketPlan, calendar: MarketCalendar, wall: Clock, anchors: AnchorFile) -> None:
        """Go on with the market of an earlier run if the file knows one.

        Raises:
            ConfigError: the anchor file is broken or cannot be written, or an underlying cannot be simulated.
        """
        self.plan = plan
        self.calendar = calendar
        self._wall = wall
        self._anchors = anchors
        # Not after today: some databases refuse points from far in the future.
        today = calendar.previous_trading_day(DERIVATIVES, ist_date(wall.now_ns()))
        anchors.check()
        first = trading_day(calendar, plan.sim_date or today)
        self._latest_wall_ns = wall.now_ns()
        self._waiting = first
        """The day that the first login will begin."""
        self._timeline = self._resumed()
        hours = first if self._timeline is None else self._timeline.at(self._latest_wall_ns).trading_day
        self._day = self._market_of(hours)

    @property
    def anchored(self) -> bool:
        """Has the market begun to move?"""
        return self._timeline is not None

    def start(self) -> None:
        """Let the market begin; does nothing if it moves already.

        Raises:
            ConfigError: the anchor cannot be written.
        """
        if self._timeline is None:
            market_ns = self._waiting.start_ns(self.plan.speed)
            self._timeline = self._begin(Anchor(self.wall_ns(), market_ns, self.plan.speed))

    def keep(self) -> None:
        """Remember that the simulator runs: to be called every few seconds.

        Raises:
            ConfigError: the anchor cannot be written.
        """
        if self._timeline is not None:
            self._remember(self._timeline.anchor)

    def now_ns(self) -> UnixNs:
        """Return the market instant; before the first login, the one at which the market will begin."""
        return self._market_ns(self.wall_ns())

    def wall_ns(self) -> UnixNs:
        """Return the wall instant; if the machine's clock is set back, it stands still until it has caught up."""
        self._latest_wall_ns = max(self._latest_wall_ns, self._wall.now_ns())
        return self._latest_wall_ns

    def day(self) -> MarketDay:
        """Return the market of the day that the clock shows; a new day takes some 100 ms to prepare."""
        return self.moment()[0]

    def moment(self, late_ms: int = 0) -> tuple[MarketDay, int | None]:
        """Return the market of the day and the moment of its session, None before the open.

        Both by one look at the clock: the close of one day must never be read from the next.

        Args:
            late_ms: How long ago the moment was, wall milliseconds.
        """
        now_ns = self.wall_ns()
        hours = self._waiting if self._timeline is None else self._timeline.at(now_ns).trading_day
        if hours.day != self._day.hours.day:
            self._day = self._market_of(hours)
        late_ns = round(late_ms * NS_PER_MS * self.plan.speed)
        return self._day, self._day.quarter_at(self._market_ns(now_ns) - late_ns)

    def stretches(self) -> list[Stretch]:
        """Return how wall and market time belong together, from a little before now to the next day."""
        return [] if self._timeline is None else self._timeline.around(self.wall_ns())

    def next_trading_day(self) -> TradingDay:
        """Return the trading day after the one that the clock shows."""
        today = self.day().hours.day
        return trading_day(self.calendar, date.fromordinal(today.toordinal() + 1))

    def _market_of(self, hours: TradingDay) -> MarketDay:
        plan = self.plan
        return MarketDay(
            plan.seed, hours, plan.underlyings, self.calendar, strikes_each_side=plan.strikes_each_side
        )

    def _market_ns(self, wall_ns: UnixNs) -> UnixNs:
        if self._timeline is None:
            return self._waiting.start_ns(self.plan.speed)
        return self._timeline.market_ns(wall_ns)

    def _resumed(self) -> Timeline | None:
        record = self._anchors.read()
        if record is None or (self.plan.sim_date is not None and record.sim_date != self.plan.sim_date):
            return None
        was = Timeline(Anchor(record.wall_ns, record.market_ns, record.speed), self._next_day)
        now_ns = self.wall_ns()
        away = now_ns - record.seen_wall_ns > GOES_ON_NS
        if not away and record.speed == self.plan.speed:
            return was
        market_ns = was.market_ns(record.seen_wall_ns if away else now_ns)
        return self._begin(Anchor(now_ns, market_ns, self.plan.speed))

    def _begin(self, anchor: Anchor) -> Timeline:
        self._remember(anchor)
        return Timeline(anchor, self._next_day)

    def _remember(self, anchor: Anchor) -> None:
        self._anchors.write(
            AnchorRecord(
                wall_ns=anchor.wall_ns,
                market_ns=anchor.market_ns,
                speed=anchor.speed,
                sim_date=self.plan.sim_date,
                seen_wall_ns=self.wall_ns(),
            )
        )

    def _next_day(self, on_or_after: date) -> TradingDay:
        return trading_day(self.calendar, on_or_after)
