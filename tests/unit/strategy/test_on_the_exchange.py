"""The straddle on the desk's own exchange, with all its rules, in markets that show little and jump."""

from collections import deque
from datetime import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.contracts import (
    STREAM_OF,
    Fill,
    Message,
    OrderTriggered,
    PlaceOrder,
    Product,
    Right,
    Side,
    SquareOff,
    Tick,
)
from sauda.settings import Settings
from sauda.testing.builders import INDEX, LOT, a_clock, a_tick, an_index, an_option, at
from sauda.unit import Unit
from sauda_execution.exchange import PaperExchange
from sauda_execution.units import units
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.option_kinds import ShortStraddleRules

CONFIG = Path(__file__).parents[3] / "config"
LOTS = 3
CALL, PUT = "NFO:NIFTY01DEC26C24500", "NFO:NIFTY01DEC26P24500"
LEGS = (CALL, PUT)
EXCHANGE = units(Settings(config=CONFIG))[0]


def straddle(product: Product) -> Unit:
    rules = ShortStraddleRules(
        kind="short_straddle",
        tsymbol="NIFTY",
        quantity=LOTS,
        entry_time=time(9, 20),
        exit_time=time(15, 15),
        product=product,
    )
    return strategy_unit("straddle", rules)


def quoted(name: str, price: int, bid_lots: int, ask_lots: int, at_ns: int) -> Tick:
    bid, ask = price - 10, price + 10
    return Tick(name, at_ns, at_ns, price, bid, ask, bid_lots * LOT, ask_lots * LOT)


class Desk:
    """Strategy and exchange: each message is worked, and all that follows from it, before the next comes."""

    def __init__(self, product: Product) -> None:
        self._unit = straddle(product)
        self._strategy = self._unit.build()
        built = EXCHANGE.build()
        assert isinstance(built, PaperExchange)
        self.exchange = built
        self._stored: dict[bytes, bytes] = {}
        self.said: list[Message] = []
        self.held = dict.fromkeys(LEGS, 0)

    def work(self, message: Message) -> None:
        waiting = deque([message])
        while waiting:
            one = waiting.popleft()
            stream = STREAM_OF[type(one)]
            out: list[Message] = []
            if stream in EXCHANGE.inputs:
                out += self.exchange.handle(one)
            if stream in self._unit.inputs:
                out += self._strategy.handle(one)
            self.said += out
            waiting += out
            self._check(out)

    def restart(self) -> None:
        """Let another replica carry the strategy."""
        for row, value in self._strategy.state.take_changes().items():
            if value is None:
                self._stored.pop(row, None)
            else:
                self._stored[row] = value
        self._strategy = self._unit.build()
        self._strategy.state.load(self._stored)
        self._strategy.restored()

    def _check(self, out: list[Message]) -> None:
        """What stands in the market can neither sell more than was wanted nor buy more than is short."""
        for fill in out:
            if isinstance(fill, Fill):
                self.held[fill.instrument] += fill.signed_qty
        for leg in LEGS:
            assert -LOTS * LOT <= self.held[leg] <= 0
            assert self.standing(leg, Side.BUY) <= -self.held[leg]

    def standing(self, leg: str, side: Side) -> int:
        working = self.exchange.known.book.all_working()
        return sum(w.open_qty for w in working if w.order.instrument == leg and w.order.side is side)


def opened(product: Product, first: tuple[int, int]) -> Desk:
    """Return a desk just before its entry, in a market that shows so many lots at the bids of its legs."""
    desk = Desk(product)
    for message in (an_index(), an_option(CALL), an_option(PUT, right=Right.PUT), a_clock(at("09:15:00"))):
        desk.work(message)
    for clock in ("09:15:01", "09:19:58"):
        desk.work(a_tick(24_500_00, instrument=INDEX, at_ns=at(clock)))
    for leg, lots in zip(LEGS, first, strict=True):
        desk.work(quoted(leg, 100_00, lots, 1, at("09:19:59")))
    desk.work(a_clock(at("09:20:00")))
    return desk


def finish(desk: Desk) -> None:
    """Bring the day to its end in a market that shows enough."""
    for second in range(0, 80, 2):
        moment = at("15:15:00") + second * NS_PER_S
        for leg in LEGS:
            desk.work(quoted(leg, 100_00, 50, 50, moment))
        desk.work(a_clock(moment))


lots = st.sampled_from((0, 0, 1, 2, 50))
steps = st.lists(
    st.tuples(
        st.sampled_from((1, 2, 6, 20)),
        st.sampled_from(LEGS),
        st.sampled_from((90_00, 100_00, 126_00, 140_00)),
        lots,
        lots,
        st.sampled_from(("tick", "tick", "tick", "tick", "restart", "square off")),
    ),
    max_size=30,
)


@settings(max_examples=80, deadline=None)
@given(st.tuples(lots, lots), steps, st.sampled_from(Product))
def test_on_the_real_exchange_it_is_never_long_never_oversold_and_flat_in_the_end(
    first: tuple[int, int], path: list[tuple[int, str, int, int, int, str]], product: Product
) -> None:
    desk = opened(product, first)
    now_ns = at("09:20:00")
    for seconds, leg, price, bid_lots, ask_lots, what in path:
        now_ns += seconds * NS_PER_S
        if what == "restart":
            desk.restart()
        if what == "square off":
            desk.work(SquareOff("straddle", "test", now_ns))
        desk.work(quoted(leg, price, bid_lots, ask_lots, now_ns))
        desk.work(a_clock(now_ns))
    finish(desk)

    assert desk.held == {CALL: 0, PUT: 0}
    assert not desk.exchange.known.book.all_working()


def test_a_stop_that_the_price_jumps_over_rests_and_gives_way_to_an_exit() -> None:
    desk = opened(Product.NRML, (50, 50))
    desk.work(a_clock(at("09:20:01")))
    assert desk.held == {CALL: -LOTS * LOT, PUT: -LOTS * LOT}

    for second in range(6):  # Trigger 124.90, limit about 127: the offer stands beyond it.
        desk.work(quoted(CALL, 140_00, 50, 50, at("10:00:00") + second * NS_PER_S))
    assert any(isinstance(one, OrderTriggered) for one in desk.said)
    assert desk.held[CALL] == -LOTS * LOT
    for second in range(6, 9):
        desk.work(quoted(CALL, 140_00, 50, 50, at("10:00:00") + second * NS_PER_S))
        desk.work(a_clock(at("10:00:00") + second * NS_PER_S))

    assert desk.held == {CALL: 0, PUT: -LOTS * LOT}
    exits = [one.order_id for one in desk.said if isinstance(one, PlaceOrder) and "exit" in one.order_id]
    assert exits == ["straddle-20261123-CE-exit"]
