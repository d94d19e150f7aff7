"""A day of the market in three minutes: enough for entries, stops and exits, short enough to be lived a thousand times."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final

from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.contracts import ClockTick, Instrument, MarginReply, MarginRequest
from sauda.history.knowers import NobodysPast
from sauda.testing.market import MadeUpMarket, index_tick, option_tick
from sauda_feed.source import Batch, MarketMessage, Resume, no_broker, time_of

DAY: Final = date(2026, 11, 23)
STEPS: Final = 40
STEP_NS: Final = 4 * NS_PER_S
_OPENS_AT: Final = time(9, 15, 50)
_CLOSES_AT: Final = time(15, 45)


@dataclass(frozen=True, slots=True)
class Tape:
    """Everything that the market says in one run: rows of messages, each row of one instant."""

    instruments: list[Instrument]
    rows: list[list[MarketMessage]]
    day_rows: int
    """Rows before the closing bell, which ends every order that still stands."""
    offsets: list[int] = field(default_factory=list)
    """Messages before each row."""

    @property
    def messages(self) -> list[MarketMessage]:
        """Return all messages in order."""
        return [message for row in self.rows for message in row]


def drawn_tape(dice: random.Random, steps: int = STEPS) -> Tape:
    """Return a market that moves enough to reach stops in some runs and not in others."""
    market = MadeUpMarket(day=DAY, strikes=3)
    instruments = market.instruments()
    strikes, at_the_money = instruments[1:], instruments[3:5]
    spot, swing = 24_500_00 + dice.uniform(-20_00, 20_00), dice.choice((1_00, 4_00, 8_00))
    rows: list[list[MarketMessage]] = []
    now_ns = from_ist(DAY, _OPENS_AT)
    for step in range(steps):
        spot += dice.gauss(0, swing)
        heard = strikes if step % 10 == 0 else at_the_money
        row: list[MarketMessage] = [ClockTick(now_ns), index_tick(spot, now_ns)]
        rows.append([*row, *(option_tick(option, spot, now_ns) for option in heard)])
        now_ns += STEP_NS
    rows.append([ClockTick(from_ist(DAY, _CLOSES_AT))])
    return Tape(instruments, rows, steps)


class Bell:
    """Whether the last row may be played."""

    rung = False


class TapeSource:
    """The tape as a source of the feed: it waits for whoever was away, as a recording does."""

    name = "recording:simulation"
    lag_free = True

    def __init__(
        self, tape: Tape, pace_ns: int, clock: Callable[[], UnixNs], rest: Callable[[float], None], bell: Bell
    ) -> None:
        self._tape = tape
        self._pace_ns = pace_ns
        self._now_ns = clock
        self._rest = rest
        self._bell = bell
        self._row = 0
        self._next_ns: UnixNs = 0
        self._defined = False

    def start(self, resume: Resume) -> None:
        """See `Source`."""
        self._row = resume.row
        self._next_ns = self._now_ns()

    def subscribe(self, wanted: frozenset[str]) -> None:
        """See `Source`; the tape plays everything."""

    def poll(self, limit: int, timeout_s: float) -> Batch:
        """See `Source`."""
        if not self._defined:
            self._defined = True
            first_ns = time_of(self._tape.rows[min(self._row, len(self._tape.rows) - 1)][0])
            return Batch(next_row=self._row, instruments=self._tape.instruments, market_ns=first_ns)
        messages: list[MarketMessage] = []
        end = len(self._tape.rows) if self._bell.rung else self._tape.day_rows
        while self._row < end and self._next_ns <= self._now_ns() and len(messages) < limit:
            messages += self._tape.rows[self._row]
            self._row += 1
            self._next_ns += self._pace_ns
        if not messages:
            # Longer than until the next row, so that a batch has several: a run costs what its steps cost.
            self._rest(max(timeout_s, 0.1 if self._row >= end else 0.03))
        return Batch(messages, None, self._row, None, time_of(messages[-1]) if messages else None)

    @property
    def past(self) -> NobodysPast:
        """See `Source`."""
        return NobodysPast()

    def margin(self, request: MarginRequest, now_ns: UnixNs) -> MarginReply | None:
        """See `Source`; no broker stands behind a tape."""
        return no_broker(request, self.name, now_ns)

    def conflate(self, away: bool) -> None:
        """See `Source`; a tape waits."""

    def condition(self) -> str:
        """See `Source`."""
        return "live"

    def close(self) -> None:
        """See `Source`."""
