"""Judges what a feed wrote to its desk, from the market alone: the simulator's prices are a function of seed, day and instant.

It shares no code with the feed. What it refuses is what a trader would dispute: a price that the market never had at that instant,
a price out of order or said twice, and prices that are missing where no `feed_gap` says so.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sauda.calendar import Calendar
from sauda.clock import NS_PER_S, UnixNs, clock_text, ist_date
from sauda.contracts import BookLevel, ClockTick, FeedGap, InstrumentId, Message, Tick
from sauda_simulator.market.day import MarketDay, trading_day
from sauda_simulator.market.quotes import Level
from sauda_simulator.market.underlying import QUARTERS

_NO_LEVEL = (None, None, None)
NOT_RUNNING = "the feed was not running"
RESTATED_S = 120
"""Frames that overtook one another leave the older part of a quote in place until the late one comes: market seconds."""


@dataclass(frozen=True)
class Blackout:
    """Something that certainly cost frames: the desk must be told of a hole there."""

    what: str
    from_ns: UnixNs
    """Market time just before."""
    to_ns: UnixNs
    """Market time just after it was done; the hole may last longer."""

    def text(self) -> str:
        """Return when it was, as Indian clocks show it."""
        return clock_text(self.from_ns)


@dataclass(frozen=True)
class Span:
    """A stretch of market time."""

    from_ns: UnixNs
    to_ns: UnixNs


@dataclass
class Truth:
    """The simulator's market, computed again without the simulator."""

    calendar: Calendar
    seed: int
    underlyings: tuple[str, ...] = ("NIFTY", "BANKNIFTY")
    _days: dict[date, MarketDay] = field(default_factory=dict)

    def day(self, at_ns: UnixNs) -> MarketDay:
        day = ist_date(at_ns)
        if day not in self._days:
            hours = trading_day(self.calendar, day)
            self._days[day] = MarketDay(self.seed, hours, self.underlyings, self.calendar)
        return self._days[day]

    def opens_ns(self, day: str) -> UnixNs:
        """Return when the market of *day* (`2026-11-30`) opens."""
        return trading_day(self.calendar, date.fromisoformat(day)).open_ns

    def had(self, tick: Tick) -> bool:
        """Whether the market showed exactly this, all of it at one instant within the tick's second."""
        return any(self._shows(tick, moment) for moment in self._moments(tick, 0))

    def had_lately(self, tick: Tick, seconds: int) -> bool:
        """Whether each part of it was shown within *seconds* before the tick's second ended."""
        moments = self._moments(tick, seconds)
        deep = tick.depth is not None
        parts = [self.shown(tick.instrument, tick.event_ns, moment, deep=deep) for moment in moments]
        mine = _parts(tick)
        return all(mine[place] in {part[place] for part in parts} for place in range(len(mine)))

    def shown(
        self, instrument: InstrumentId, at_ns: UnixNs, moment: int, *, deep: bool = False
    ) -> tuple[int | None, ...]:
        """Return last price, bid, offer, their quantities, volume and open interest at *moment* of the day.

        With *deep* the whole book follows, level by level.
        """
        day = self.day(at_ns)
        exchange, symbol = instrument.split(":")
        pricer = day.pricer(day.by_symbol[exchange, symbol])
        trade, quote = pricer.trade(moment), pricer.quote(moment)
        if quote is None:
            return trade.ltp, None, None, None, None, None, None
        touch = trade.ltp, quote.bid, quote.ask, quote.bid_qty, quote.ask_qty, trade.volume, trade.oi
        return (*touch, *_ladders(*pricer.levels(quote, moment))) if deep else touch

    def _shows(self, tick: Tick, moment: int) -> bool:
        deep = tick.depth is not None
        return self.shown(tick.instrument, tick.event_ns, moment, deep=deep) == _parts(tick)

    def _moments(self, tick: Tick, seconds: int) -> range:
        day = self.day(tick.event_ns)
        last = day.quarter_at(tick.event_ns + NS_PER_S - 1)
        if last is None:
            return range(0)
        return range(max(0, last - QUARTERS * (seconds + 1) + 1), last + 1)


def _parts(tick: Tick) -> tuple[int | None, ...]:
    touch = tick.ltp, tick.bid, tick.ask, tick.bid_qty, tick.ask_qty, tick.volume, tick.oi
    return touch if tick.depth is None else (*touch, *_ladders(tick.depth.bids, tick.depth.asks))


def _ladders(*sides: Sequence[BookLevel | Level]) -> tuple[int | None, ...]:
    """Return price, quantity and orders of each of five levels a side; None where there is none."""
    return tuple(
        number
        for side in sides
        for place in range(5)
        for number in (
            (side[place].price, side[place].qty, side[place].orders) if place < len(side) else _NO_LEVEL
        )
    )


def violations(
    truth: Truth,
    messages: Sequence[Message],
    *,
    blackouts: Iterable[Blackout] = (),
    restated: Sequence[Span] = (),
    longest_ns: UnixNs,
    slack_ns: UnixNs,
) -> list[str]:
    """Return everything that is wrong with what a desk was told.

    Args:
        truth: The market.
        messages: The stream `ticks`, whole.
        blackouts: What certainly cost frames.
        restated: When frames overtook one another, so that a quote may be of several instants.
        longest_ns: The longest silence of a liquid instrument that needs no gap, market time.
        slack_ns: How inexactly a blackout's time is known; three times that may lack at its edges.
    """
    ticks = [message for message in messages if isinstance(message, Tick)]
    gaps = [message for message in messages if isinstance(message, FeedGap)]
    return [
        *_wrong_prices(truth, ticks, restated),
        *_disorder(messages),
        *_silences(truth, messages, gaps, longest_ns),
        *_untold(blackouts, ticks, gaps, slack_ns),
    ]


def _wrong_prices(truth: Truth, ticks: Iterable[Tick], restated: Sequence[Span]) -> list[str]:
    found = []
    for tick in ticks:
        loose = any(span.from_ns <= tick.recv_ns <= span.to_ns for span in restated)
        if not (truth.had(tick) or (loose and truth.had_lately(tick, RESTATED_S))):
            found.append(f"the market never showed {tick}")
        if tick.event_ns > tick.recv_ns + NS_PER_S:
            found.append(f"from the future: {tick}")
    return found


def _disorder(messages: Iterable[Message]) -> list[str]:
    found: list[str] = []
    clock_ns: UnixNs = 0
    newest: dict[InstrumentId, Tick] = {}
    said_again: set[InstrumentId] = set()
    for message in messages:
        now_ns = _market_time(message)
        if now_ns < clock_ns:
            found.append(f"market time goes back by {(clock_ns - now_ns) / NS_PER_S:.3f} s with {message}")
        clock_ns = max(clock_ns, now_ns)
        if isinstance(message, FeedGap):
            # What stands still may be said once more after a hole; only a feed that knows nothing may begin earlier.
            said_again = set(newest)
            if NOT_RUNNING in message.reason:
                newest.clear()
        if not isinstance(message, Tick):
            continue
        before = newest.get(message.instrument)
        if before is not None:
            found += _out_of_order(before, message, again=message.instrument in said_again)
        said_again.discard(message.instrument)
        newest[message.instrument] = message
    return found


def _out_of_order(before: Tick, tick: Tick, *, again: bool) -> list[str]:
    if tick.event_ns < before.event_ns:
        return [f"older than what was said before: {tick} after {before}"]
    if (tick.event_ns, _parts(tick)) == (before.event_ns, _parts(before)) and not again:
        return [f"said twice: {tick}"]
    if ist_date(tick.event_ns) == ist_date(before.event_ns) and (tick.volume or 0) < (before.volume or 0):
        return [f"the day's volume falls: {tick} after {before}"]
    return []


def _silences(
    truth: Truth, messages: Sequence[Message], gaps: Sequence[FeedGap], longest_ns: UnixNs
) -> list[str]:
    """Return the holes of each instrument that nobody told of; nights are none."""
    found = []
    heard: dict[InstrumentId, Tick] = {}
    for message in messages:
        if not isinstance(message, Tick):
            continue
        before = heard.get(message.instrument)
        heard[message.instrument] = message
        if before is None or ist_date(before.recv_ns) != ist_date(message.recv_ns):
            continue
        hours = truth.day(message.recv_ns).hours
        from_ns, to_ns = max(before.recv_ns, hours.open_ns), min(message.recv_ns, hours.close_ns)
        if to_ns - from_ns > longest_ns and _uncovered_ns(from_ns, to_ns, gaps) > longest_ns:
            found.append(
                f"{message.instrument} was silent from {clock_text(from_ns)} to {clock_text(to_ns)}: no gap"
            )
    return found


def _uncovered_ns(from_ns: UnixNs, to_ns: UnixNs, gaps: Iterable[FeedGap]) -> UnixNs:
    left_ns, at_ns = 0, from_ns
    for gap in sorted(gaps, key=lambda one: one.from_ns):
        if gap.to_ns <= at_ns or gap.from_ns >= to_ns:
            continue
        left_ns += max(0, gap.from_ns - at_ns)
        at_ns = max(at_ns, gap.to_ns)
    return left_ns + max(0, to_ns - at_ns)


def _untold(
    blackouts: Iterable[Blackout], ticks: Sequence[Tick], gaps: Sequence[FeedGap], slack_ns: UnixNs
) -> list[str]:
    """Return the blackouts that no gap tells of, or not for all of an instrument's hole."""
    heard: dict[InstrumentId, list[UnixNs]] = {}
    for tick in ticks:
        heard.setdefault(tick.instrument, []).append(tick.recv_ns)
    found = []
    for one in blackouts:
        if not any(gap.from_ns <= one.to_ns + slack_ns and gap.to_ns >= one.from_ns for gap in gaps):
            found.append(f"{one.what} at {one.text()} was not told")
        for instrument, times in heard.items():
            before, after = bisect_right(times, one.from_ns) - 1, bisect_right(times, one.to_ns)
            if before < 0 or after == len(times) or ist_date(times[before]) != ist_date(times[after]):
                continue  # never heard before, not heard since, or a night between
            left_ns = _uncovered_ns(times[before], times[after], gaps)
            if left_ns > 3 * slack_ns:
                found.append(
                    f"{one.what} at {one.text()} left a hole of {left_ns / NS_PER_S:.0f} s in {instrument}: no gap"
                )
    return found


def _market_time(message: Message) -> UnixNs:
    match message:
        case Tick():
            return message.recv_ns
        case ClockTick():
            return message.event_ns
        case FeedGap():
            return message.to_ns
        case _:
            return 0
