"""When is which profit and loss said? At each fill, and on a grid of market time in between.

A grid point is the worth of the desk *as of* its instant: it is said by the first message from after the
instant, with the last price of every tick up to and including it. So a point never knows a later price,
and two ticks of one instant are both in it. After a silence only the latest instant that was passed is
said: there is no burst to catch up.

Stamps strictly increase from one valuation to the next over the whole unit, so a point is identified by
its series and stamp. Nothing is said before the first fill.
"""

from collections.abc import Sequence
from datetime import time

import msgspec

from sauda.clock import NS_PER_S, UnixNs, from_ist, ist_date
from sauda.contracts import (
    Account,
    ClockTick,
    FeedGap,
    Fill,
    InstrumentId,
    Message,
    PositionPnl,
    Tick,
)
from sauda.money import Paise
from sauda.state import State
from sauda.stretch import Calm, Stretch
from sauda.unit import Unit
from sauda_pnl.position import Position
from sauda_pnl.standing import Standings, Totals

INPUTS = ("ticks", "executions")
"""Ticks before executions: a fill of the same instant is marked at the newest price."""
OUTPUTS = ("pnl",)
FLAT_GRID_NS = 60 * NS_PER_S
"""How often a desk that holds nothing repeats itself: once a market minute."""

_DAY_NS = 24 * 3600 * NS_PER_S
_FOREVER_NS = 2**63


class Holding(msgspec.Struct, frozen=True):
    """A position and whose it is."""

    strategy: str
    instrument: InstrumentId
    position: Position


class Valuation:
    """The processor of `pnl.valuation`."""

    def __init__(self, grid_ns: int = NS_PER_S) -> None:
        self.state = State()
        self._grid_ns = grid_ns
        self._marks = self.state.table("marks", int)
        """Instrument -> last price; the fill's own price until a tick has come."""
        self._holdings = self.state.table("holdings", Holding)
        """`strategy|instrument` -> position; flat ones of earlier days are gone."""
        self._settled = self.state.table("settled", Totals)
        """Strategy -> what its dropped positions made; there is a row from its first fill on."""
        self._standings = Standings(self.state)
        self._stamps = self.state.table("stamps", int)
        """`last` -> stamp of the last valuation; `day` -> midnight (IST) at which the present day began."""
        self.due_ns: UnixNs = 0
        """A message of the market from this instant on has something to do besides a new price: a backtest skips beats before."""
        self._step_ns = grid_ns
        """Between two points; derived from what is held."""

    def handle(self, message: Message) -> Sequence[Message]:
        """Take one message; return the points that follow from it."""
        if type(message) is Tick:
            # The desk's hot path: nearly all ticks are a new price and nothing else.
            if message.recv_ns < self.due_ns:
                self._marks.put(message.instrument, message.ltp)
                return ()
            points = self._move_to(message.recv_ns)
            self._marks.put(message.instrument, message.ltp)
            return points
        match message:
            case Fill():
                return self._on_fill(message)
            case Account():
                # What it says of margin stands in the next point.
                self._standings.take(message)
                return ()
            case ClockTick():
                return self._move_to(message.event_ns)
            case FeedGap():
                return self._move_to(message.to_ns)
            case _:
                return ()

    def is_calm(self, stretch: Stretch) -> bool:
        """Is nothing to be said until the last of these prices?"""
        return stretch.last.recv_ns < self.due_ns

    def calm(self, instrument: InstrumentId) -> Calm:
        """Say until when prices are new prices and nothing else."""
        return Calm(-_FOREVER_NS, _FOREVER_NS, self.due_ns)

    def glide(self, stretch: Stretch) -> None:
        """Take prices of which `is_calm` said so."""
        self._marks.put(stretch.last.instrument, stretch.last.ltp)

    def restored(self) -> None:
        """Find the next due instant again."""
        self._find_step()
        self.due_ns = self._next_due_ns()

    def _on_fill(self, fill: Fill) -> list[Message]:
        if fill.event_ns >= self._day_end_ns():
            self._begin_day(fill.event_ns)
        key = f"{fill.strategy}|{fill.instrument}"
        holding = self._holdings.get(key) or Holding(fill.strategy, fill.instrument, Position())
        changed = Holding(fill.strategy, fill.instrument, holding.position.apply(fill))
        self._holdings.put(key, changed)
        if fill.strategy not in self._settled:
            self._settled.put(fill.strategy, Totals())
        if fill.instrument not in self._marks:
            self._marks.put(fill.instrument, fill.price)
        points = self._value(fill.event_ns, changed)
        self._find_step()
        self.due_ns = self._next_due_ns()
        return points

    def _move_to(self, now_ns: UnixNs) -> list[Message]:
        """Say the grid point that market time has passed, if any, and begin a new day if it has come."""
        if now_ns < self.due_ns:
            return []
        points: list[Message] = []
        day_end_ns = self._day_end_ns()
        is_new_day = now_ns >= day_end_ns
        if now_ns > self._next_grid_ns():
            grid_ns = (now_ns - 1) // self._step_ns * self._step_ns
            if grid_ns >= day_end_ns:
                # The point is of the new day, though at the old prices: it must not tell what the old day made.
                self._begin_day(now_ns)
                is_new_day = False
            points = self._value(grid_ns)
        if is_new_day:
            self._begin_day(now_ns)
        self.due_ns = self._next_due_ns()
        return points

    def _value(self, at_ns: UnixNs, changed: Holding | None = None) -> list[Message]:
        """Say what everything is worth: positions that are open or just *changed*, strategies, the desk."""
        last_ns = self._stamps.get("last")
        # A fill may come after points of its own future (execution was late), or share its instant with
        # another fill: one nanosecond keeps the stamps apart.
        stamp = at_ns if last_ns is None else max(at_ns, last_ns + 1)
        self._stamps.put("last", stamp)
        made = {name: [one.realised, one.unrealised, one.charges] for name, one in self._settled.items()}
        points: list[Message] = []
        for holding in self._holdings.values():
            position, ltp = holding.position, self._marks[holding.instrument]
            unrealised = position.unrealised(ltp)
            theirs = made[holding.strategy]
            theirs[0] += position.realised
            theirs[1] += unrealised
            theirs[2] += position.charges
            if position.qty or holding is changed:
                points.append(_position_point(holding, ltp, unrealised, stamp))
        whole = [0, 0, 0]
        for name, (realised, unrealised, charges) in made.items():
            points.append(self._standings.strategy_point(name, realised, unrealised, charges, stamp))
            whole = [whole[0] + realised, whole[1] + unrealised, whole[2] + charges]
        realised, unrealised, charges = whole
        points.append(self._standings.desk_point(realised, unrealised, charges, stamp))
        return points

    def _totals(self) -> dict[str, Totals]:
        """Return what each strategy has made, at the last prices."""
        totals = dict(self._settled.items())
        for holding in self._holdings.values():
            position = holding.position
            unrealised = position.unrealised(self._marks[holding.instrument])
            totals[holding.strategy] += Totals(position.realised, unrealised, position.charges)
        return totals

    def _begin_day(self, now_ns: UnixNs) -> None:
        """Let go of what was closed on earlier days; what it made stays in its strategy's totals.

        The marks are still those of the day before: what the market moved overnight belongs to the new day.
        """
        self._stamps.put("day", from_ist(ist_date(now_ns), time()))
        self._standings.dawn(self._totals())
        for key in self._holdings:
            holding = self._holdings[key]
            if holding.position.qty == 0:
                made = Totals(realised=holding.position.realised, charges=holding.position.charges)
                self._settled.put(holding.strategy, self._settled[holding.strategy] + made)
                self._holdings.drop(key)
        held = {holding.instrument for holding in self._holdings.values()}
        for instrument in self._marks:
            if instrument not in held:
                self._marks.drop(instrument)

    def _find_step(self) -> None:
        """Work out how often the desk is valued: only a fill changes that."""
        is_flat = all(holding.position.qty == 0 for holding in self._holdings.values())
        self._step_ns = max(self._grid_ns, FLAT_GRID_NS) if is_flat else self._grid_ns

    def _next_grid_ns(self) -> UnixNs:
        last_ns = self._stamps.get("last")
        if last_ns is None:
            return _FOREVER_NS
        return (last_ns // self._step_ns + 1) * self._step_ns

    def _day_end_ns(self) -> UnixNs:
        day_ns = self._stamps.get("day")
        return 0 if day_ns is None else day_ns + _DAY_NS

    def _next_due_ns(self) -> UnixNs:
        return min(self._next_grid_ns() + 1, self._day_end_ns())


def valuation_unit(grid_ns: int = NS_PER_S) -> Unit:
    """Return the unit that values the desk.

    Args:
        grid_ns: Market time between two points while something is held.
    """
    # Points are for people and databases: at 5,000 ticks/s on two cores the orders have more need of the processor.
    # Tick to fill, p50 of short runs: 1.5 ms twice without a rest; 1.25, 1.4 and (busy machine) 2.1 ms with one of 2 ms, which no
    # fill ended then.
    return Unit(
        name="pnl.valuation",
        inputs=INPUTS,
        build=lambda: Valuation(grid_ns),
        writes=OUTPUTS,
        rest_ms=10,
        long_rest_ms=50,
        urgent=("executions",),
    )


def _position_point(holding: Holding, ltp: Paise, unrealised: Paise, stamp: UnixNs) -> PositionPnl:
    position = holding.position
    # By place, not by name: a third of the time, for every position at every point.
    return PositionPnl(
        holding.strategy,
        holding.instrument,
        position.qty,
        position.cost,
        ltp,
        position.realised,
        unrealised,
        position.charges,
        stamp,
    )
