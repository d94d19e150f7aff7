"""A contract note adds up what was booked, shows what a broker rounds, and says what is due."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import Against, ChargeLines, Fill, InstrumentId, Product, Side
from sauda.money import Paise
from sauda.testing.builders import OPTION
from tests.unit.contract_note.trades import FUTURE, PUT, a_fill, note, priced, straddle


def test_the_worked_straddle() -> None:
    day = note(straddle())
    (options,) = day.segments
    assert (options.segment, day.strategies) == ("index_option", ["straddle"])
    assert (day.bought, day.sold, day.obligation) == (11_050_00, 15_275_00, 4_225_00)
    assert day.charges == ChargeLines(20_00, 22_91, 9_22, 3, 13, 33, 5_26, 1)
    assert day.charges.total == 57_89
    assert day.net == 4_225_00 - 57_89


def test_a_brokers_note_rounds_tax_and_stamp_to_the_rupee() -> None:
    day = note(straddle())
    assert (day.noted.stt, day.noted.stamp) == (23_00, 0)
    assert day.noted == ChargeLines(20_00, 23_00, 9_22, 3, 13, 0, 5_26, 0)
    assert day.net_noted == 4_225_00 - 57_64


@pytest.mark.parametrize(("paise", "rupees"), [(49, 0), (50, 1_00), (1_49, 1_00), (1_50, 2_00), (0, 0)])
def test_half_a_rupee_goes_up(paise: Paise, rupees: Paise) -> None:
    assert note([priced(a_fill(Side.SELL, 65, 100_00), stt=paise)]).noted.stt == rupees


def test_each_segment_is_rounded_for_itself() -> None:
    option = priced(a_fill(Side.SELL, 65, 1_00), stt=40)
    future = priced(a_fill(Side.SELL, 65, 1_00, instrument=FUTURE), stt=40)
    assert note([option, future]).noted.stt == 0
    assert note([option, option]).noted.stt == 1_00


def test_contracts_are_listed_once_with_both_sides() -> None:
    (options,) = note(straddle()).segments
    assert [(one.instrument, one.bought_qty, one.sold_qty, one.obligation) for one in options.contracts] == [
        (OPTION, 65, 65, 1_950_00),
        (PUT, 65, 65, 2_275_00),
    ]


def test_of_a_future_the_closed_profit_is_due_and_not_its_value() -> None:
    fills = [
        a_fill(Side.BUY, 65, 24_500_00, instrument=FUTURE),
        a_fill(Side.SELL, 65, 24_510_00, instrument=FUTURE, order_id="o-2"),
    ]
    day = note(fills, {("straddle", FUTURE): 650_00})
    assert (day.bought, day.sold) == (65 * 24_500_00, 65 * 24_510_00)
    assert day.obligation == 650_00


def test_an_open_future_is_not_due() -> None:
    assert note([a_fill(Side.BUY, 65, 24_500_00, instrument=FUTURE)]).obligation == 0


@pytest.mark.parametrize(
    ("instrument", "product", "segment"),
    [
        (OPTION, Product.MIS, "index_option"),
        ("BFO:SENSEX26SEP91000PE", Product.NRML, "index_option"),
        ("NFO:ZYDUSLIFE29SEP26C1600", Product.NRML, "stock_option"),
        (FUTURE, Product.NRML, "index_future"),
        ("NSE:RELIANCE-EQ", Product.MIS, "equity_intraday"),
        ("NSE:RELIANCE-EQ", Product.NRML, "equity_delivery"),
        ("MCX:CRUDEOIL15OCT26C3750", Product.NRML, "mcx_option"),
        ("NFO:???", Product.NRML, "other"),
        ("nonsense", Product.NRML, "other"),
    ],
)
def test_a_contracts_name_and_product_decide_its_segment(
    instrument: InstrumentId, product: Product, segment: str
) -> None:
    fill = msgspec.structs.replace(a_fill(Side.BUY, 1, 1_00, instrument=instrument), product=product)
    assert [one.segment for one in note([fill]).segments] == [segment]


def test_segments_stand_in_a_fixed_order_with_the_unknown_last() -> None:
    names = ("nonsense", "MCX:CRUDEOIL19AUG26", OPTION, FUTURE)
    day = note([a_fill(Side.BUY, 1, 1_00, instrument=name) for name in names])
    assert [one.segment for one in day.segments] == ["index_option", "index_future", "mcx_future", "other"]


def test_what_was_recorded_without_lines_is_counted_and_not_lost() -> None:
    old = msgspec.structs.replace(a_fill(Side.BUY, 65, 100_00), charges=12_34)
    day = note([old])
    assert (day.unpriced, day.charges.total) == (1, 12_34)


def test_a_settlement_is_marked() -> None:
    settled = msgspec.structs.replace(a_fill(Side.SELL, 65, 40_00), against=Against.SETTLEMENT)
    (options,) = note([settled]).segments
    assert options.trades[0].is_settlement


@given(
    st.lists(
        st.builds(
            lambda name, side, qty, price, costs: a_fill(side, qty, price, instrument=name, costs=costs),
            st.sampled_from([OPTION, PUT, FUTURE, "NSE:RELIANCE-EQ", "nonsense"]),
            st.sampled_from(Side),
            st.integers(1, 1000),
            st.integers(0, 10**6),
            st.builds(ChargeLines, *[st.integers(0, 10**5)] * 7),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_nothing_is_lost_between_fills_segments_and_the_day(fills: list[Fill]) -> None:
    day = note(fills)
    assert day.charges.total == sum(fill.charges for fill in fills)
    assert sum(len(segment.trades) for segment in day.segments) == len(fills)
    values = {side: sum(fill.qty * fill.price for fill in fills if fill.side is side) for side in Side}
    assert (day.bought, day.sold) == (values[Side.BUY], values[Side.SELL])
    assert day.net == day.obligation - day.charges.total
    for segment in day.segments:
        assert segment.obligation == sum(contract.obligation for contract in segment.contracts)
        assert abs(segment.noted.stt - segment.charges.stt) <= 50
