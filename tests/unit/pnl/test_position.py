"""A position is kept at average cost and no paisa is lost, however it is opened, reduced, closed or flipped."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import Fill, Side
from sauda.testing.builders import a_fill
from sauda_pnl.position import Position

fills = st.builds(
    a_fill,
    st.sampled_from(Side),
    price=st.integers(1, 3_000_00),
    qty=st.integers(1, 500),
    charges=st.integers(0, 1_000),
)


@pytest.mark.parametrize(
    ("history", "end"),
    [
        pytest.param(
            [a_fill(Side.BUY, qty=65, price=100_00)], Position(qty=65, cost=65_00_00), id="a buy opens a long"
        ),
        pytest.param(
            [a_fill(Side.SELL, qty=65, price=100_00)],
            Position(qty=-65, cost=-65_00_00),
            id="a sale opens a short, its cost is what was received",
        ),
        pytest.param(
            [a_fill(Side.BUY, qty=10, price=100_00), a_fill(Side.BUY, qty=30, price=120_00)],
            Position(qty=40, cost=4_600_00),
            id="adding averages: 10 x 100 + 30 x 120 = 4,600",
        ),
        pytest.param(
            [a_fill(Side.SELL, qty=20, price=100_00), a_fill(Side.BUY, qty=5, price=90_00)],
            Position(qty=-15, cost=-15_00_00, realised=50_00),
            id="a part closed realises its part: 5 x (100 - 90) = 50",
        ),
        pytest.param(
            [a_fill(Side.BUY, qty=10, price=100_00), a_fill(Side.SELL, qty=10, price=95_00)],
            Position(realised=-50_00),
            id="all closed leaves only what was made",
        ),
        pytest.param(
            [a_fill(Side.BUY, qty=10, price=100_00), a_fill(Side.SELL, qty=25, price=110_00)],
            Position(qty=-15, cost=-16_50_00, realised=1_00_00),
            id="a flip closes the long at a profit and opens a short at the same price",
        ),
    ],
)
def test_average_cost(history: list[Fill], end: Position) -> None:
    assert reduce(Position.apply, history, Position()) == end


def test_charges_of_all_fills_are_carried() -> None:
    history = [a_fill(Side.BUY, charges=12_34), a_fill(Side.SELL, charges=1)]

    assert reduce(Position.apply, history, Position()).charges == 12_35


def test_a_short_gains_when_the_price_falls() -> None:
    position = Position().apply(a_fill(Side.SELL, qty=65, price=100_00))

    assert position.unrealised(90_00) == 65 * 10_00


@given(st.lists(fills))
def test_no_paisa_is_lost(history: list[Fill]) -> None:
    end = reduce(Position.apply, history, Position())

    assert end.realised - end.cost == -sum(f.signed_qty * f.price for f in history)
    assert end.qty == sum(f.signed_qty for f in history)
    assert end.charges == sum(f.charges for f in history)


@given(st.lists(fills))
def test_a_flat_position_has_no_cost(history: list[Fill]) -> None:
    end = reduce(Position.apply, history, Position())
    if end.qty:
        end = end.apply(a_fill(Side.SELL if end.qty > 0 else Side.BUY, qty=abs(end.qty), price=7_77))

    assert (end.qty, end.cost) == (0, 0)


@given(st.lists(fills), st.integers(1, 3_000_00))
def test_closing_at_the_last_price_realises_exactly_the_unrealised(history: list[Fill], ltp: int) -> None:
    position = reduce(Position.apply, history, Position())
    closed = position
    if position.qty:
        side = Side.SELL if position.qty > 0 else Side.BUY
        closed = position.apply(a_fill(side, qty=abs(position.qty), price=ltp))

    assert closed.realised == position.realised + position.unrealised(ltp)
