"""A buy pays the offer and a sell gets the bid; a limit is never traded through; a stop needs its trigger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import OrderKind, Side, Tick
from sauda.testing.builders import a_tick, an_order
from sauda_execution.matching import arriving_price, is_triggered, resting_price

QUOTED = a_tick(100_00, bid=99_95, ask=100_05)
UNQUOTED = a_tick(100_00)


@pytest.mark.parametrize(
    ("side", "tick", "price"),
    [
        pytest.param(Side.BUY, QUOTED, 100_05, id="a buy pays the offer"),
        pytest.param(Side.SELL, QUOTED, 99_95, id="a sale gets the bid"),
        pytest.param(Side.BUY, UNQUOTED, 100_00, id="a buy without a quote pays the last price"),
        pytest.param(
            Side.SELL, a_tick(100_00, ask=100_05), 100_00, id="a sale without a bid gets the last price"
        ),
    ],
)
def test_a_market_order(side: Side, tick: Tick, price: int) -> None:
    assert arriving_price(an_order(side), tick) == price


@pytest.mark.parametrize(
    ("side", "limit_price", "tick", "arriving", "resting"),
    [
        pytest.param(Side.BUY, 100_05, QUOTED, 100_05, 100_05, id="a buy at the offer trades"),
        pytest.param(
            Side.BUY, 101_00, QUOTED, 100_05, 101_00, id="improved on arrival, at its limit once it rests"
        ),
        pytest.param(Side.BUY, 100_00, QUOTED, None, None, id="a buy inside the spread waits"),
        pytest.param(Side.SELL, 99_95, QUOTED, 99_95, 99_95, id="a sale at the bid trades"),
        pytest.param(Side.SELL, 99_00, QUOTED, 99_95, 99_00, id="a sale below the bid"),
        pytest.param(Side.SELL, 100_00, QUOTED, None, None, id="a sale inside the spread waits"),
        pytest.param(
            Side.BUY, 100_00, UNQUOTED, None, None, id="a trade at the limit may have been another's"
        ),
        pytest.param(Side.BUY, 100_05, UNQUOTED, 100_00, 100_05, id="a trade below a buy's limit reaches it"),
        pytest.param(Side.SELL, 99_95, UNQUOTED, 100_00, 99_95, id="a trade above a sale's limit reaches it"),
    ],
)
def test_a_limit_order(
    side: Side, limit_price: int, tick: Tick, arriving: int | None, resting: int | None
) -> None:
    order = an_order(side, kind=OrderKind.LIMIT, limit_price=limit_price)

    assert arriving_price(order, tick) == arriving
    assert resting_price(order, tick) == resting


@pytest.mark.parametrize(
    ("side", "ltp", "expected"),
    [
        pytest.param(Side.BUY, 124_95, False, id="a buy stop waits below its trigger"),
        pytest.param(Side.BUY, 125_00, True, id="a buy stop fires at its trigger"),
        pytest.param(Side.SELL, 125_05, False, id="a sell stop waits above its trigger"),
        pytest.param(Side.SELL, 125_00, True, id="a sell stop fires at its trigger"),
    ],
)
def test_a_stop(side: Side, ltp: int, expected: bool) -> None:
    order = an_order(side, kind=OrderKind.SL_M, trigger_price=125_00)

    assert is_triggered(order, ltp) is expected


def test_an_order_without_a_trigger_never_fires() -> None:
    assert not is_triggered(an_order(), 100_00)


prices = st.integers(1, 300_00)


@given(st.sampled_from(Side), prices, prices, st.none() | prices, st.none() | prices)
def test_no_limit_is_ever_traded_through(
    side: Side, limit_price: int, ltp: int, bid: int | None, ask: int | None
) -> None:
    order = an_order(side, kind=OrderKind.LIMIT, limit_price=limit_price)
    tick = a_tick(ltp, bid=bid, ask=ask)

    for price in (arriving_price(order, tick), resting_price(order, tick)):
        assert price is None or side.sign * (limit_price - price) >= 0
