"""Flies and trailing straddles on the desk's own exchange, with its margin, its trailing stops and its limits."""

from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.contracts import (
    STREAM_OF,
    Fill,
    Message,
    ModifyOrder,
    OrderModified,
    OrderRejected,
    PlaceOrder,
    Side,
    SquareOff,
    Tick,
)
from sauda.settings import Settings
from sauda.testing.builders import INDEX, LOT, a_clock, a_tick, an_index, at
from sauda_execution.exchange import PaperExchange
from sauda_execution.units import units
from sauda_strategy.kinds import strategy_unit
from tests.unit.strategy.option_desk import CALL, CALL_WING, OPTIONS, PUT, PUT_WING, rules

CONFIG = Path(__file__).parents[3] / "config"
EXCHANGE = units(Settings(config=CONFIG))[0]
LEGS = (CALL, PUT, CALL_WING, PUT_WING)


def quoted(name: str, price: int, lots: int, at_ns: int) -> Tick:
    return Tick(name, at_ns, at_ns, price, price - 10, price + 10, lots * LOT, lots * LOT)


class Desk:
    """Strategy and exchange: each message is worked, and all that follows from it, before the next comes."""

    def __init__(self, capital: str = "1000000", **changes: Any) -> None:
        house = (
            EXCHANGE if capital == "1000000" else units(Settings(config=CONFIG, capital=Decimal(capital)))[0]
        )
        self._unit = strategy_unit("one", rules(**changes))
        self._is_fly = changes["kind"] == "iron_fly"
        self._strategy = self._unit.build()
        built = house.build()
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
        for fill in out:
            if isinstance(fill, Fill):
                self.held[fill.instrument] += fill.signed_qty
                if "W-exit" in fill.order_id:
                    assert self.held[CALL] == self.held[PUT] == 0
                if self._is_fly and "-entry" in fill.order_id and "W-" not in fill.order_id:
                    assert self.held[CALL_WING] == self.held[PUT_WING] == LOT
        for leg in LEGS:
            assert -LOT <= self.held[leg] <= LOT

    def opened(self) -> "Desk":
        first: list[Message] = [an_index(), *OPTIONS.values(), a_clock(at("09:15:00"))]
        for message in first:
            self.work(message)
        for clock in ("09:15:01", "09:19:58"):
            self.work(a_tick(24_500_00, instrument=INDEX, at_ns=at(clock)))
        for leg in LEGS:
            self.work(quoted(leg, 40_00 if leg in LEGS[2:] else 100_00, 5, at("09:19:59")))
        for clock in ("09:20:00", "09:20:01", "09:20:02", "09:20:03"):
            self.work(a_clock(at(clock)))
        return self

    def show(self, leg: str, price: int, clock: str) -> None:
        self.work(quoted(leg, price, 5, at(clock)))
        self.work(a_clock(at(clock)))


def test_a_fly_is_opened_wings_first_and_closed_wings_last() -> None:
    desk = Desk(kind="iron_fly").opened()
    assert desk.held == {CALL: -LOT, PUT: -LOT, CALL_WING: LOT, PUT_WING: LOT}

    for second in range(5):
        for leg in LEGS:
            desk.work(quoted(leg, 50_00, 5, at("15:15:00") + second * NS_PER_S))
        desk.work(a_clock(at("15:15:00") + second * NS_PER_S))

    assert set(desk.held.values()) == {0}
    assert not [one for one in desk.said if isinstance(one, OrderRejected)]


@pytest.mark.parametrize(("kind", "opens"), [("iron_fly", True), ("short_straddle", False)])
def test_a_fly_needs_less_margin_than_the_straddle_in_it(kind: str, opens: bool) -> None:
    desk = Desk(capital="150000", kind=kind).opened()

    assert (desk.held[CALL] == -LOT) is opens


def test_a_stop_trails_at_the_exchange_and_never_back() -> None:
    desk = Desk(kind="short_straddle", trail_points=20).opened()
    for price, clock in ((90_00, "09:30:00"), (80_00, "09:30:02"), (95_00, "09:30:04")):
        desk.show(CALL, price, clock)
    moved = [one.trigger_price for one in desk.said if isinstance(one, OrderModified)]
    assert moved == [110_00, 100_00]
    assert desk.held[CALL] == -LOT

    desk.show(CALL, 100_00, "09:30:06")
    desk.show(CALL, 100_00, "09:30:08")

    assert desk.held[CALL] == 0


def test_a_stop_moves_to_cost_at_the_exchange() -> None:
    desk = Desk(kind="short_straddle", move_stop_to_cost=True).opened()
    desk.show(PUT, 80_00, "09:59:00")
    for second in range(3):
        desk.show(CALL, 126_00, f"10:00:0{second}")
    (moved,) = [one for one in desk.said if isinstance(one, OrderModified)]
    sold = next(one.price for one in desk.said if isinstance(one, Fill) and one.instrument == PUT)
    assert moved.trigger_price == sold

    for second in range(3):
        desk.show(PUT, sold, f"10:01:0{second}")

    assert desk.held[PUT] == 0


def test_a_stop_that_has_trailed_below_its_cost_is_not_moved_back_to_it() -> None:
    desk = Desk(kind="short_straddle", trail_points=20, move_stop_to_cost=True).opened()
    desk.show(PUT, 70_00, "09:59:00")
    for second in range(3):
        desk.show(CALL, 126_00, f"10:00:0{second}")

    assert desk.held[CALL] == 0
    assert not [one for one in desk.said if isinstance(one, ModifyOrder)]


steps = st.lists(
    st.tuples(
        st.sampled_from((1, 2, 6, 20, 90)),
        st.sampled_from(LEGS),
        st.sampled_from((40_00, 80_00, 100_00, 126_00, 140_00)),
        st.sampled_from((0, 1, 5)),
        st.sampled_from((*["tick"] * 6, "restart", "square off")),
    ),
    max_size=25,
)
variations = st.sampled_from(
    (
        {"kind": "iron_fly"},
        {"kind": "iron_fly", "stop_loss_percentage": 25, "reentries": 1, "product": "MIS"},
        {"kind": "iron_fly", "combined_stop_percentage": 20, "target_percentage": 20},
        {"kind": "short_straddle", "trail_percentage": 15, "move_stop_to_cost": True, "reentries": 2},
        {"kind": "short_straddle", "combined_target_rupees": 1000, "trail_profit_rupees": 300},
    )
)


@settings(max_examples=60, deadline=None)
@given(variations, steps)
def test_on_the_real_exchange_all_is_covered_and_flat_in_the_end(
    drawn: dict[str, Any], path: list[tuple[int, str, int, int, str]]
) -> None:
    desk = Desk(**drawn).opened()
    now_ns = at("09:20:03")
    for seconds, leg, price, lots, what in path:
        now_ns += seconds * NS_PER_S
        if what == "restart":
            desk.restart()
        if what == "square off":
            desk.work(SquareOff("one", "test", now_ns))
        desk.work(quoted(leg, price, lots, now_ns))
        desk.work(a_clock(now_ns))
    for second in range(0, 90, 2):
        for leg in LEGS:
            desk.work(quoted(leg, 100_00, 50, at("15:15:00") + second * NS_PER_S))
        desk.work(a_clock(at("15:15:00") + second * NS_PER_S))

    assert set(desk.held.values()) == {0}
    assert not desk.exchange.known.book.all_working()
    buys = [one for one in desk.said if isinstance(one, PlaceOrder) and one.side is Side.BUY]
    assert len({one.order_id for one in buys}) == len(buys)
