"""The hot path, laid out for counting: run by `benchmarks.instructions` under callgrind, PYTHONHASHSEED=0.

Every part is run between two marks, calls of a C function that nothing else calls, at which callgrind writes down what it has counted.
Before that a made-up morning passes through all units together, so that each has the positions of a desk that trades. Inputs are fixed.
"""

import ctypes
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from benchmarks.yardstick import Work
from sauda.clock import NS_PER_S, wall_ms
from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF, Message, OrderKind, PlaceOrder, Side, Tick
from sauda.garbage import collect_rarely
from sauda.log import Log, Output
from sauda.memory_log import MemoryLog
from sauda.metrics.measured_log import MeasuredLog, StepFigures
from sauda.runner import Carrier
from sauda.settings import load_settings
from sauda.testing.market import MadeUpMarket
from sauda.unit import Processor, Unit
from sauda.units import available

MARK: Final = "srand48_r"
"""Entered by libc's `srand48`, which nothing here needs."""
TICKS: Final = 2_000
ORDERS: Final = 60
STEP: Final = 100
"""Ticks after which a unit's changes are taken, as at a commit."""
_JOURNEY_NS: Final = NS_PER_S // 2
"""From an order to the tick after it: longer than the order's journey to the market."""
_WARM: Final = 4_080
"""Two market minutes: the straddle is entered in the first."""
_UNITS: Final = {
    "strategy": "strategy.nifty_straddle",
    "execution": "execution.paper",
    "valuation": "pnl.valuation",
    "bars": "bars.desk",
}


class Part(NamedTuple):
    """One thing that is counted."""

    name: str
    per: int
    """What the count is divided by: ticks, orders, rounds."""
    run: Callable[[], object]


class Morning:
    """All units in this process, and each message worked by all of them before the next."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.processors = {unit.name: unit.build() for unit in units}
        self._readers: dict[str, list[Processor]] = {}
        for unit in units:
            for stream in unit.inputs:
                self._readers.setdefault(stream, []).append(self.processors[unit.name])
        self.said: list[Message] = []

    def work(self, message: Message) -> None:
        """Work a message, and what follows from it."""
        waiting = deque([message])
        while waiting:
            one = waiting.popleft()
            for processor in self._readers.get(STREAM_OF[type(one)], ()):
                follows = processor.handle(one)
                waiting += follows
                self.said += follows


def parts() -> list[Part]:
    """Return what is counted, ready to run, in order."""
    market = MadeUpMarket()
    units = available(load_settings(environ={"SAUDA_CAPITAL": "1000000000"}))
    seconds = list(market.seconds(_WARM + 2 * TICKS, start="09:19:30", options=33))
    messages = [message for second in seconds for message in second]
    warm, hot = messages[:_WARM], [one for one in messages[_WARM:] if type(one) is Tick][:TICKS]
    desk = Morning([units[name] for name in _UNITS.values()])
    for message in (*market.instruments(), *warm):
        desk.work(message)
    if not desk.said:
        raise RuntimeError("nobody said anything in the warm-up: that is no desk that trades")
    data = [encode(tick) for tick in hot]
    work = Work()
    found = [
        Part("yardstick", TICKS, lambda: work.rounds(TICKS)),
        Part("encode a tick", TICKS, lambda: [encode(tick) for tick in hot]),
        Part("decode a tick", TICKS, lambda: [decode(one) for one in data]),
    ]
    for short, name in _UNITS.items():
        found.append(Part(f"{short}, a tick", TICKS, _handled(desk.processors[name], hot)))
    strategy = units[_UNITS["strategy"]]
    found += [
        Part("strategy and runner, a tick", TICKS, _carried(strategy, market, data)),
        Part("strategy and runner, measured, a tick", TICKS, _carried(strategy, market, data, measured=True)),
        Part("strategy and runner, a step of one tick", TICKS, _carried(strategy, market, data, 1)),
        Part(
            "strategy and runner, measured, a step of one tick",
            TICKS,
            _carried(strategy, market, data, 1, measured=True),
        ),
    ]
    exchange = desk.processors[_UNITS["execution"]]
    found.append(Part("execution, an order and two ticks", ORDERS, _handled(exchange, _orders(hot))))
    return found


def a_morning(ticks: int) -> list[Message]:
    """Return real messages of a desk that trades: so many ticks, and what all units said to them."""
    market = MadeUpMarket()
    units = available(load_settings(environ={"SAUDA_CAPITAL": "1000000000"}))
    desk = Morning([units[name] for name in _UNITS.values()])
    seconds = market.seconds(ticks, start="09:19:30", options=33)
    messages = [message for second in seconds for message in second]
    for message in (*market.instruments(), *messages):
        desk.work(message)
    return [*messages, *desk.said]


def _handled(processor: Processor, messages: Sequence[Message]) -> Callable[[], None]:
    def run() -> None:
        handle, take_changes = processor.handle, processor.state.take_changes
        for begin in range(0, len(messages), STEP):
            for message in messages[begin : begin + STEP]:
                handle(message)
            take_changes()

    return run


def _carried(
    unit: Unit, market: MadeUpMarket, data: Sequence[bytes], step: int = STEP, *, measured: bool = False
) -> Callable[[], None]:
    """Return the runner's work on *unit*: read from a log in memory, decode, handle, commit; with figures for Prometheus or without."""
    log: Log = MemoryLog()
    if measured:
        log = MeasuredLog(log, StepFigures(unit.name), wall_ms)
    log.append([Output(STREAM_OF[type(one)], encode(one)) for one in market.instruments()])
    lease = log.acquire(unit.name, "benchmark", 600_000)
    if lease is None:
        raise RuntimeError("the lease of a log of our own is taken")
    carrier = Carrier(unit, log, lease, step)
    while carrier.step():
        pass
    log.append([Output("ticks", one) for one in data])

    def run() -> None:
        while carrier.step():
            pass

    return run


def _orders(ticks: Sequence[Tick]) -> list[Message]:
    """Return orders to buy and to sell in turn, each between a fresh quote and the tick that it trades on."""
    quoted = list({tick.instrument: tick for tick in ticks if tick.bid is not None}.values())
    found: list[Message] = []
    now_ns = ticks[-1].recv_ns
    for number in range(ORDERS):
        tick = quoted[number // 2 % len(quoted)]
        now_ns += NS_PER_S
        side = Side.SELL if number % 2 else Side.BUY
        kind = OrderKind.MARKET
        found.append(msgspec.structs.replace(tick, event_ns=now_ns, recv_ns=now_ns))
        found.append(PlaceOrder(f"count-{number}", "count", tick.instrument, side, 65, kind, event_ns=now_ns))
        found.append(msgspec.structs.replace(tick, event_ns=now_ns, recv_ns=now_ns + _JOURNEY_NS))
    return found


def main() -> None:
    """Run all parts between marks; print their names, one a line, and what each count is divided by."""
    mark = ctypes.CDLL(None).srand48
    found = parts()
    collect_rarely()
    mark(1)
    for part in found:
        mark(1)
        part.run()
        mark(1)
    for part in found:
        sys.stdout.write(f"{part.name}\t{part.per}\n")


if __name__ == "__main__":
    main()
