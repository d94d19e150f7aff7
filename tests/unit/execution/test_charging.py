"""Brokerage by order and slice, rounding over the day, and what is kept of it."""

from datetime import timedelta

import pytest

from sauda.contracts import ChargeLines, Instrument, Product, RejectReason, Side
from sauda.errors import InvariantError
from sauda.money import Paise
from sauda.state import State
from sauda.testing.builders import an_index, an_order, at
from sauda_execution.charges import Charging
from sauda_execution.checks import Moment
from tests.unit.execution.charged import TODAY, a_contract, a_trade, charging, summed, tariff

CALL = a_contract("NFO:N-OPT")
PUT = a_contract("NFO:P-OPT")
FUTURE = a_contract("NFO:N-FUT")
SHARE = a_contract("NSE:RELIANCE-EQ", "RELIANCE")


def test_the_worked_straddle_costs_57_89() -> None:
    """A short NIFTY straddle of one lot, in and out the same day, at Rs 5 an order."""
    desk = charging("flat_5")
    fills = [
        desk.charge(a_trade(CALL, Side.SELL, 65, 120_00, order_id="1")),
        desk.charge(a_trade(PUT, Side.SELL, 65, 115_00, order_id="2")),
        desk.charge(a_trade(CALL, Side.BUY, 65, 90_00, order_id="3")),
        desk.charge(a_trade(PUT, Side.BUY, 65, 80_00, order_id="4")),
    ]
    day = summed(fills)
    assert day == ChargeLines(
        stt=22_91, exchange=9_22, ipft=13, sebi=3, stamp=33, brokerage=20_00, gst=5_26, rounding=1
    )
    assert day.total == 57_89


@pytest.mark.parametrize(
    ("plan", "instrument", "product", "price", "brokerage"),
    [
        pytest.param("flat_20", CALL, Product.NRML, 100_00, 20_00, id="options flat"),
        pytest.param("flat_20", FUTURE, Product.NRML, 24_500_00, 20_00, id="a future above the cap"),
        pytest.param("flat_20", SHARE, Product.MIS, 100_00, 1_95, id="0.03 % of 6,500 is less than 20"),
        pytest.param("flat_20", SHARE, Product.NRML, 100_00, 0, id="delivery is free"),
        pytest.param("flat_5", FUTURE, Product.NRML, 24_500_00, 5_00, id="Rs 5"),
        pytest.param("flat_5", SHARE, Product.NRML, 100_00, 0, id="delivery is free there too"),
        pytest.param("share_005", CALL, Product.NRML, 100_00, 3_25, id="0.05 % of 6,500"),
        pytest.param("free", CALL, Product.NRML, 100_00, 0, id="nothing"),
    ],
)
def test_a_plan_prices_an_order(
    plan: str, instrument: Instrument, product: Product, price: Paise, brokerage: Paise
) -> None:
    assert (
        charging(plan).charge(a_trade(instrument, Side.BUY, 65, price, product=product)).brokerage
        == brokerage
    )


def test_brokerage_is_for_an_order_however_many_fills_it_took() -> None:
    desk = charging("flat_20")
    fills = [desk.charge(a_trade(CALL, Side.BUY, 65, 100_00)) for _ in range(3)]
    assert [fill.brokerage for fill in fills] == [20_00, 0, 0]


def test_every_slice_of_an_order_is_an_order() -> None:
    desk = charging("flat_20")
    first = desk.charge(a_trade(CALL, Side.BUY, 1800, 100_00, slices=1))
    rest = desk.charge(a_trade(CALL, Side.BUY, 1900, 100_00, slices=3))
    assert (first.brokerage, rest.brokerage) == (20_00, 40_00)


def test_a_share_of_the_value_stops_at_the_flat_price() -> None:
    desk = charging("flat_20")
    fills = [desk.charge(a_trade(SHARE, Side.BUY, 100, 500_00, product=Product.MIS)) for _ in range(3)]
    # 0.03 % of 50,000 is 15; the order stops at 20.
    assert [fill.brokerage for fill in fills] == [15_00, 5_00, 0]


@pytest.mark.parametrize(
    ("plan", "brokerage"),
    [pytest.param("flat_20", 20_00, id="Zerodha does"), pytest.param("flat_5", 0, id="none known")],
)
def test_a_plan_says_whether_expiry_is_an_order(plan: str, brokerage: Paise) -> None:
    settled = charging(plan).charge(a_trade(CALL, Side.SELL, 65, 40_00, is_settlement=True))
    assert settled.brokerage == brokerage


def test_the_rounding_of_one_strategy_or_segment_does_not_touch_another() -> None:
    desk = charging()
    alone = charging().charge(a_trade(CALL, Side.SELL, 1, 1_00))
    desk.charge(a_trade(CALL, Side.SELL, 1, 1_00, strategy="other"))
    desk.charge(a_trade(FUTURE, Side.SELL, 1, 1_00))
    assert desk.charge(a_trade(CALL, Side.SELL, 1, 1_00)) == alone


def test_a_day_begins_with_nothing_left_over() -> None:
    desk = charging()
    first = [desk.charge(a_trade(CALL, Side.SELL, 1, 3_00)) for _ in range(3)]
    tomorrow = TODAY + timedelta(days=1)
    second = [desk.charge(a_trade(CALL, Side.SELL, 1, 3_00, day=tomorrow)) for _ in range(3)]
    assert [lines.stt for lines in first] == [0, 1, 0]  # 0.45, 0.90 and 1.35 paise so far
    assert second == first


def test_nothing_is_kept_of_a_day_that_is_over_nor_of_an_order_that_has_ended() -> None:
    state = State()
    desk = Charging(state, tariff("flat_20"))
    desk.charge(a_trade(SHARE, Side.BUY, 1, 100_00, product=Product.MIS, order_id="o-1"))
    assert set(state.take_changes()) == {b"charge_carries/straddle|equity_intraday", b"charged_orders/o-1"}
    desk.on_day(at("00:00", TODAY))
    assert state.take_changes() == {}
    desk.on_ended(an_order(order_id="o-1"), 0, "filled")
    assert state.take_changes() == {b"charged_orders/o-1": None}
    desk.on_day(at("00:00", TODAY + timedelta(days=1)))
    assert state.take_changes() == {b"charge_carries/straddle|equity_intraday": None}


def test_an_order_made_smaller_has_not_traded_in_fewer_slices() -> None:
    desk = charging("flat_20")
    first = desk.charge(a_trade(CALL, Side.BUY, 3600, 100_00, slices=2))
    last = desk.charge(a_trade(CALL, Side.BUY, 65, 100_00, slices=1))
    assert (first.brokerage, last.brokerage) == (40_00, 0)


def test_an_order_whose_cost_is_unknown_is_refused() -> None:
    order = an_order()
    moment = Moment(
        now_ns=order.event_ns, is_open=True, halted=None, quote=None, is_blind=False, answers_from_ns=0
    )
    currency = a_contract("CDS:USDINR-FUT", "USDINR")
    refusal = charging().refusal(order, moment._replace(instrument=currency))
    assert refusal is not None
    assert refusal.reason is RejectReason.NOT_TRADABLE
    assert "charges.yaml" in refusal.detail
    assert charging().refusal(order, moment._replace(instrument=CALL)) is None


def test_a_trade_whose_cost_is_unknown_is_an_error_and_not_free() -> None:
    with pytest.raises(InvariantError, match="NSE:Nifty 50"):
        charging().charge(a_trade(an_index(), Side.BUY, 1, 100_00))
