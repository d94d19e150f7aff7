"""What an order costs the exchange, from its arrival to its fill: alone in this process, with the whole house.

    python -m benchmarks.orders                     # about half a minute; prints a table

Charges, account, margin, limits, order rules and the end of every position; without Redis, and without the limits that
would not let so many orders in. Four situations, each beside a fixed piece of Python measured in the same run:

- one future, turned round again and again with a walk of prices in between;
- the same with nothing in between: what the code takes when it is warm, which another load on the machine moves least;
- a short straddle with its stops in the market, while another strategy trades a wing;
- a hundred market orders a second over a whole chain of options, as `benchmarks.ping` sends them: some ten legs are held.

Processor time of `handle` alone, in the mean of the best twenty orders in a row, so that the machine's other work falls on few of
them.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from statistics import mean
from time import process_time
from typing import Final, TypeAlias

from benchmarks import yardstick
from benchmarks.figures import Figure
from sauda.clock import NS_PER_MS
from sauda.codec import encode
from sauda.contracts import (
    Fill,
    Instrument,
    InstrumentKind,
    Message,
    OrderKind,
    PlaceOrder,
    Right,
    Side,
    Tick,
)
from sauda.garbage import collect_rarely
from sauda.settings import load_settings
from sauda.testing.builders import INDEX, LOT, NOW, a_tick, an_index
from sauda.testing.market import MadeUpMarket
from sauda.unit import Processor
from sauda_execution.units import units

ORDERS: Final = int(os.environ.get("BENCH_ORDERS", "500"))
WARM_UP: Final = 100
STRETCH: Final = 20
UNLIMITED: Final = {"max_orders_per_second": None, "max_total_value": None, "duplicate_ms": 0}
FUTURE: Final = "NFO:NIFTY29DEC26F"
STRIKE: Final = 24_500_00

Flow: TypeAlias = Iterator[tuple[str, Message]]
"""What happens, each with `order` if it is to be measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """An order in one situation."""

    name: str
    order_us: float
    commit_us: float
    """What the step takes to hand over its changed rows and its messages as bytes."""
    rows: float
    state_bytes: float
    said_bytes: float


@dataclass(frozen=True, slots=True)
class Costs:
    """All situations, and the yardstick's."""

    costs: Sequence[Cost]
    stick: Figure

    @property
    def figures(self) -> list[Figure]:
        """See `benchmarks.figures`."""
        found = [self.stick]
        for cost in self.costs:
            condition = "processor time from the order to its fill, whole house, no Redis"
            order = Figure(f"order: {cost.name}", cost.order_us, "µs", condition, less_is_better=True)
            commit = "changed rows and messages to bytes"
            encoded = Figure(
                f"its commit: {cost.name}", cost.commit_us, "µs", commit, less_is_better=True, steady=False
            )
            rows = f"{cost.rows:.1f} rows in the mean, deletions among them"
            state = Figure(
                f"its rows: {cost.name}", cost.state_bytes, "bytes", rows, less_is_better=True, steady=False
            )
            found += [order.beside(self.stick), encoded.beside(self.stick), state]
        return found


def an_exchange() -> Processor:
    """Return the desk's own exchange, with plenty of cash and no journey to the market."""
    settings = load_settings(environ={"SAUDA_CAPITAL": "1000000000", "SAUDA_ORDER_LATENCY_MS": "0"})
    return units(settings, {"execution.paper": UNLIMITED})[0].build()


def turned_future(ticks_between: int = 20) -> Flow:
    """Yield one future turned round again and again."""
    yield "", an_index()
    yield "", Instrument(FUTURE, "NFO", "1", "NIFTY", InstrumentKind.FUTURE, LOT, 5, "2026-12-29")
    yield "", a_tick(STRIKE, instrument=INDEX)
    dice, price, now_ns = Random(3), STRIKE, NOW
    for number in range(ORDERS + WARM_UP):
        for _ in range(ticks_between or not number):
            price, now_ns = price + dice.choice((-10, -5, 0, 5, 10)), now_ns + 40 * NS_PER_MS
            size = 10_000 * LOT
            yield "", Tick(FUTURE, now_ns, now_ns, price, price - 5, price + 5, size, size, number)
        side = Side.SELL if number % 2 else Side.BUY
        yield "order", _order("cross", number, FUTURE, side, 2 * LOT if number else LOT, now_ns)


def beside_a_straddle() -> Flow:
    """Yield a short straddle with stops, then another strategy's orders in a wing."""
    market = MadeUpMarket()
    chain = market.instruments()
    for one in chain:
        yield "", one
    call, put, wing = (
        _found(chain, strike, right)
        for strike, right in ((STRIKE, Right.CALL), (STRIKE, Right.PUT), (STRIKE + 200_00, Right.CALL))
    )
    last: dict[str, Tick] = {}
    placed, seen = 0, 0
    for second in market.seconds(10_000_000, start="09:20:00", options=32):
        for message in second:
            yield "", message
            if not isinstance(message, Tick):
                continue
            last[message.instrument], seen = message, seen + 1
            if seen == 70:
                for number, leg in enumerate((call, put)):
                    yield from _sold_with_stop(last[leg], number)
            if seen > 70 and seen % 40 == 39:
                side, placed = (Side.BUY if placed % 2 else Side.SELL), placed + 1
                yield "order", _order("wing", placed, wing, side, LOT, message.recv_ns)
                if placed == ORDERS + WARM_UP:
                    return


def over_a_chain() -> Flow:
    """Yield what `benchmarks.ping` sends at 5,000 ticks/s: an order on every fiftieth tick, in whatever contract that is."""
    market = MadeUpMarket()
    for one in market.instruments():
        yield "", one
    placed, seen = 0, 0
    for second in market.seconds(10_000_000, start="09:20:00", options=99):
        for message in second:
            yield "", message
            if not isinstance(message, Tick):
                continue
            seen += 1
            if seen % 50 == 0 and message.bid is not None:
                placed, side = placed + 1, Side.SELL if seen // 50 % 2 else Side.BUY
                yield "order", _order("ping", placed, message.instrument, side, LOT, message.recv_ns)
                if placed == ORDERS + WARM_UP:
                    return


def _found(chain: Sequence[Instrument], strike: int, right: Right) -> str:
    return next(one.instrument for one in chain if (one.strike, one.right) == (strike, right))


def _sold_with_stop(quote: Tick, seen: int) -> Flow:
    name, now_ns = quote.instrument, quote.recv_ns
    yield "", _order("straddle", seen, name, Side.SELL, 10 * LOT, now_ns)
    yield (
        "",
        PlaceOrder(
            order_id=f"stop {name}",
            strategy="straddle",
            instrument=name,
            side=Side.BUY,
            qty=10 * LOT,
            kind=OrderKind.SL_M,
            event_ns=now_ns,
            trigger_price=quote.ltp * 3 // 2 // 5 * 5,
        ),
    )


def _order(maker: str, number: int, name: str, side: Side, qty: int, now_ns: int) -> PlaceOrder:  # noqa: PLR0917
    return PlaceOrder(f"{maker} {number}", maker, name, side, qty, OrderKind.MARKET, now_ns)


def cost(name: str, flow: Flow) -> Cost:
    """Return what the orders of *flow* cost.

    Raises:
        RuntimeError: some were not filled at once: something else would be measured.
    """
    exchange = an_exchange()
    handle, take_changes = exchange.handle, exchange.state.take_changes
    took: list[tuple[float, float]] = []
    rows = state_bytes = said_bytes = unfilled = 0
    for kind, message in flow:
        if kind != "order":
            handle(message)
            continue
        take_changes()
        began = process_time()
        said = handle(message)
        done = process_time()
        changes, encoded = take_changes(), [encode(one) for one in said]
        took.append((done - began, process_time() - done))
        unfilled += not any(isinstance(one, Fill) for one in said)
        rows += len(changes)
        state_bytes += sum(len(key) + len(row or b"") for key, row in changes.items())
        said_bytes += sum(map(len, encoded))
    if unfilled:
        raise RuntimeError(f"{name}: {unfilled} of {len(took)} orders were not filled at once")
    order_us, commit_us = (_best_stretch(column) * 1e6 for column in zip(*took[WARM_UP:], strict=True))
    return Cost(name, order_us, commit_us, *(one / len(took) for one in (rows, state_bytes, said_bytes)))


def _best_stretch(seconds: Sequence[float]) -> float:
    """Return the mean of those orders in a row that took least: cheap and dear ones alternate, and the machine has bad moments."""
    return min(mean(seconds[at : at + STRETCH]) for at in range(0, len(seconds), STRETCH))


def measured() -> Costs:
    """Measure all situations, the yardstick between them."""
    collect_rarely()  # As every service does.
    situations = (
        ("one future, turned round", turned_future()),
        ("one future, turned round with no tick between", turned_future(0)),
        ("a wing beside a short straddle with stops", beside_a_straddle()),
        ("a hundred a second over a chain of options", over_a_chain()),
    )
    sticks: list[Figure] = []
    costs: list[Cost] = []
    for name, flow in situations:
        sticks.append(yardstick.figure(2))
        costs.append(cost(name, flow))
    return Costs(costs, min(sticks, key=lambda one: one.value))


def main() -> None:
    """Measure and print."""
    found = measured()
    print(f"{yardstick.NAME}: {found.stick.value:.2f} µs")
    for one in found.costs:
        print(
            f"{one.name:<48} {one.order_us:6.0f} µs = {one.order_us / found.stick.value:5.0f} rounds"
            f"   commit {one.commit_us:4.0f} µs, {one.rows:4.1f} rows of {one.state_bytes:5.0f} bytes,"
            f" says {one.said_bytes:5.0f} bytes"
        )


if __name__ == "__main__":
    main()
