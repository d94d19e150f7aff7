"""The laws of charges, whatever is traded and however the market cuts it."""

from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import ChargeLines, Product, Side
from sauda.state import State
from sauda_execution.charges import Charging
from sauda_execution.trade import Trade
from tests.unit.execution.charged import TODAY, a_contract, a_trade, summed, tariff

CONTRACTS = [
    a_contract("NFO:N-OPT"),
    a_contract("BFO:R-OPT", "RELIANCE"),
    a_contract("NFO:N-FUT"),
    a_contract("NSE:RELIANCE-EQ", "RELIANCE"),
    a_contract("MCX:C-OPT", "CRUDEOIL"),
]
TARIFFS = {plan: tariff(plan) for plan in ("flat_20", "flat_5", "share_005", "free")}
PLANS = st.sampled_from(sorted(TARIFFS))
PRICES = st.integers(0, 50_000_00)


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    """Draw a trade of an order of its own, or a settlement."""
    is_settlement = draw(st.booleans())
    return a_trade(
        draw(st.sampled_from(CONTRACTS)),
        draw(st.sampled_from(Side)),
        draw(st.integers(1, 5_000)),
        draw(PRICES),
        day=TODAY + timedelta(days=draw(st.sampled_from([-2500, 0, 0, 0, 1]))),
        product=draw(st.sampled_from(Product)),
        order_id=f"o-{draw(st.integers(0, 10**6))}",
        strategy=draw(st.sampled_from(["a", "b"])),
        is_settlement=is_settlement,
    )


@given(PLANS, st.lists(trades(), max_size=20))
def test_no_line_but_rounding_is_ever_negative_and_lines_add_up(plan: str, made: list[Trade]) -> None:
    desk = Charging(State(), TARIFFS[plan])
    for trade in made:
        lines = desk.charge(trade)
        assert lines.total >= 0
        parts = [getattr(lines, name) for name in ChargeLines.__struct_fields__ if name != "rounding"]
        assert min(parts) >= 0
        assert lines.total == sum(parts) + lines.rounding


@given(PLANS, trades(), st.data())
def test_how_the_market_cuts_an_order_changes_nothing_in_the_days_sum(
    plan: str, whole: Trade, data: st.DataObject
) -> None:
    whole = whole._replace(is_settlement=False)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, whole.qty - 1)), max_size=6)) - {whole.qty})
    edges = [0, *cuts, whole.qty]
    pieces = [whole._replace(qty=after - before) for before, after in pairwise(edges)]
    at_once = Charging(State(), TARIFFS[plan]).charge(whole)
    desk = Charging(State(), TARIFFS[plan])
    assert summed([desk.charge(piece) for piece in pieces]) == at_once


@given(PLANS, st.lists(trades(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_a_days_trades_does_not_change_its_sum(
    plan: str, made: list[Trade], chance: Random
) -> None:
    one_day = [trade._replace(at_ns=made[0].at_ns, order_id=str(number)) for number, trade in enumerate(made)]
    desk, other = Charging(State(), TARIFFS[plan]), Charging(State(), TARIFFS[plan])
    there = summed([desk.charge(trade) for trade in one_day])
    chance.shuffle(one_day)
    assert summed([other.charge(trade) for trade in one_day]) == there


@given(PLANS, st.lists(trades(), max_size=12), st.sets(st.integers(0, 12)))
def test_a_restart_changes_nothing(plan: str, made: list[Trade], restarts: set[int]) -> None:
    steady = Charging(State(), TARIFFS[plan])
    stored: dict[bytes, bytes] = {}
    state = State()
    desk = Charging(state, TARIFFS[plan])
    for number, trade in enumerate(made):
        if number in restarts:
            state = State()
            desk = Charging(state, TARIFFS[plan])
            state.load(stored)
        assert desk.charge(trade) == steady.charge(trade)
        for row, value in state.take_changes().items():
            assert value is not None
            stored[row] = value
