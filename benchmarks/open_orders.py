"""What open orders cost: ticks through the exchange with a thousand orders on 500 instruments, beside the same ticks with none.

    python -m benchmarks.open_orders                 # about half a minute; prints a table

The exchange alone, in this process, its state taken after every 500 ticks as a step would: no Redis, no decoding.
Processor time, measured in turns, the best of each, so that a slow minute of the machine does not fall on one of them.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_S
from sauda.contracts import OrderKind, PlaceOrder, Side, Tick
from sauda.testing.builders import NOW, a_depth, a_tick, an_option, an_order
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House

INSTRUMENTS = 500
TURNS = int(os.environ.get("BENCH_ORDERS_TURNS", "7"))
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


def an_exchange(case: Case) -> tuple[PaperExchange, list[Tick]]:
    """Return the desk's own exchange with the orders of *case* in its market, and a round of ticks."""
    exchange = PaperExchange(House(load_calendar(Path("config/market"))))
    names = [f"NFO:NIFTY01DEC26C{20_000 + 50 * number}" for number in range(INSTRUMENTS)]
    for name in names:
        exchange.handle(an_option(name))
        exchange.handle(_tick(name, 0, case))
    if case.buy_limit:
        for name in names:
            for order in _orders(name, case):
                exchange.handle(order)
    working = len(exchange.known.book.all_working())
    if working != (2 * INSTRUMENTS if case.buy_limit else 0):
        raise RuntimeError(
            f"{case.name}: {working} orders stand in the market, which is not what is to be measured"
        )
    exchange.state.take_changes()
    return exchange, [_tick(name, number, case) for number in range(1, ROUNDS + 1) for name in names]


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


def us_per_tick(case: Case) -> float:
    """Return the time of one turn, microseconds a tick."""
    exchange, ticks = an_exchange(case)
    handle, take_changes = exchange.handle, exchange.state.take_changes
    began = process_time()
    for start in range(0, len(ticks), INSTRUMENTS):
        for tick in ticks[start : start + INSTRUMENTS]:
            handle(tick)
        take_changes()
    return (process_time() - began) / len(ticks) * 1e6


def main() -> None:
    """Measure and print."""
    best = dict.fromkeys(CASES, float("inf"))
    for _ in range(TURNS):
        for case in CASES:
            best[case] = min(best[case], us_per_tick(case))
    for case in CASES:
        bare = next(other for other in CASES if other.depth is case.depth and not other.buy_limit)
        orders = 2 * INSTRUMENTS if case.buy_limit else 0
        print(
            f"{case.name:<52} {orders:>5} orders   {best[case]:6.2f} µs a tick   {best[case] / best[bare]:5.2f} x"
        )


if __name__ == "__main__":
    main()
