"""What open orders cost: ticks through the exchange with a thousand orders on 500 instruments, beside the same ticks with none.

    python -m benchmarks.open_orders                 # about a minute; prints a table

The desk's own exchange with all its parts, but without the limits that would not let a thousand orders in, alone in this
process, its state taken after every 500 ticks as a step would: no Redis, no decoding.
Processor time, measured in turns, the best of each, so that a slow minute of the machine does not fall on one of them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from time import process_time

from benchmarks import yardstick
from benchmarks.figures import Figure
from sauda.clock import NS_PER_S
from sauda.contracts import OrderKind, PlaceOrder, Side, Tick
from sauda.settings import load_settings
from sauda.testing.builders import NOW, a_clock, a_depth, a_tick, an_option, an_order
from sauda.unit import Processor
from sauda_execution.units import units

INSTRUMENTS = 500
TURNS = int(os.environ.get("BENCH_ORDERS_TURNS", "9"))
UNLIMITED = {
    "max_orders_per_second": None,
    "max_open_orders": None,
    "max_total_value": None,
    "max_price_away_percent": None,
    "duplicate_ms": 0,
}
ROUNDS = 40
"""Ticks of each instrument in one turn."""


@dataclass(frozen=True)
class Case:
    """Where the orders stand."""

    name: str
    buy_limit: int
    buy_trigger: int
    depth: bool = False


CASES = (
    Case("no orders", 0, 0),
    Case("limits and stops away from the market", 95_00, 130_00),
    Case("limits at the best bid, stops away", 99_95, 130_00),
    Case("no orders, five levels", 0, 0, depth=True),
    Case("limits and stops away from the market, five levels", 95_00, 130_00, depth=True),
)


NAMES = [f"NFO:NIFTY01DEC26C{20_000 + 50 * number}" for number in range(INSTRUMENTS)]


def an_exchange(case: Case) -> Processor:
    """Return the desk's own exchange with the orders of *case* in its market."""
    settings = load_settings(environ={"SAUDA_CAPITAL": "10000000000"})
    exchange = units(settings, {"execution.paper": UNLIMITED})[0].build()
    for name in NAMES:
        exchange.handle(an_option(name))
        exchange.handle(_tick(name, 0, case))
    if case.buy_limit:
        for name in NAMES:
            for order in _orders(name, case):
                exchange.handle(order)
    exchange.handle(a_clock(NOW + NS_PER_S // 2))
    working = sum(key.startswith(b"working/") for key in exchange.state.take_changes())
    if working != (2 * INSTRUMENTS if case.buy_limit else 0):
        raise RuntimeError(f"{case.name}: {working} orders stand in the market, not what is to be measured")
    return exchange


def _orders(name: str, case: Case) -> list[PlaceOrder]:
    limit = an_order(
        order_id=f"limit {name}", instrument=name, kind=OrderKind.LIMIT, limit_price=case.buy_limit
    )
    stop = an_order(
        Side.BUY,
        order_id=f"stop {name}",
        instrument=name,
        kind=OrderKind.SL,
        trigger_price=case.buy_trigger,
        limit_price=case.buy_trigger,
    )
    return [limit, stop]


def _tick(name: str, number: int, case: Case) -> Tick:
    """Return the instrument's tick so many seconds on: the bid's size changes, a little trades at the offer."""
    size = 6_500 + 65 * (number % 7)
    depth = (
        a_depth([(99_95 - 5 * k, size) for k in range(5)], [(100_05 + 5 * k, 650) for k in range(5)])
        if case.depth
        else None
    )
    return a_tick(
        100_05,
        instrument=name,
        bid=99_95,
        ask=100_05,
        bid_qty=size,
        ask_qty=650,
        volume=1_000 * number,
        depth=depth,
        at_ns=NOW + number * NS_PER_S,
    )


def us_per_tick(exchange: Processor, case: Case, turn: int) -> float:
    """Return the processor time of one turn, microseconds a tick."""
    numbers = range(1 + turn * ROUNDS, 1 + (turn + 1) * ROUNDS)
    ticks = [[_tick(name, number, case) for name in NAMES] for number in numbers]
    handle, take_changes = exchange.handle, exchange.state.take_changes
    began = process_time()
    for step in ticks:
        for tick in step:
            handle(tick)
        take_changes()
    return (process_time() - began) / (ROUNDS * INSTRUMENTS) * 1e6


@dataclass(frozen=True, slots=True)
class Orders:
    """The best turn of each case, and the yardstick's."""

    us: Mapping[Case, float]
    stick: Figure

    @property
    def figures(self) -> list[Figure]:
        """See `benchmarks.figures`: a tick without orders beside a fixed piece of Python, one with orders beside one without."""
        found, bare = [self.stick], dict[bool, Figure]()
        for case, us in self.us.items():
            orders = 2 * INSTRUMENTS if case.buy_limit else 0
            condition = f"processor time of a tick, {orders:,} open orders on {INSTRUMENTS} instruments"
            figure = Figure(case.name, us, "µs", condition, less_is_better=True)
            without = bare.setdefault(case.depth, figure)
            found.append(figure.beside(self.stick if without is figure else without))
        return found


def measured(turns: int = TURNS) -> Orders:
    """Measure all cases in turn."""
    best = dict.fromkeys(CASES, float("inf"))
    exchanges = {case: an_exchange(case) for case in CASES}
    stick = yardstick.figure()
    for turn in range(turns):
        for case in CASES:
            best[case] = min(best[case], us_per_tick(exchanges[case], case, turn))
    return Orders(best, stick)


def main() -> None:
    """Measure and print."""
    best = measured().us
    for case in CASES:
        bare = next(other for other in CASES if other.depth is case.depth and not other.buy_limit)
        orders = 2 * INSTRUMENTS if case.buy_limit else 0
        print(
            f"{case.name:<52} {orders:>5} orders   {best[case]:6.2f} µs a tick   {best[case] / best[bare]:5.2f} x"
        )


if __name__ == "__main__":
    main()
