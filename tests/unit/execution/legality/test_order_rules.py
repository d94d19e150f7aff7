"""The dated rules as they are shipped: one date regime after the other, and what a broken file says."""

from datetime import date
from pathlib import Path

import pytest

from sauda.contracts import Instrument, InstrumentKind, OrderKind, Product, Side
from sauda.errors import ConfigError
from sauda.money import Paise, Units
from sauda_execution.order_rule_file import SEGMENTS, Form
from sauda_execution.order_rules import OrderRules, load_order_rules, segment_of

MARKET = Path(__file__).parents[4] / "config/market"
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def rules() -> OrderRules:
    """Return the shipped rules."""
    return load_order_rules(MARKET)


def contract(
    exchange: str,
    kind: InstrumentKind,
    underlying: str = "NIFTY",
    *,
    lot: Units = 65,
    strike: Paise | None = None,
    freeze: Units | None = None,
    low: Paise | None = None,
    high: Paise | None = None,
) -> Instrument:
    return Instrument(
        instrument=f"{exchange}:{underlying}-{kind.value}",
        exchange=exchange,
        token="1",
        underlying=underlying,
        kind=kind,
        lot_size=lot,
        strike=strike,
        freeze_qty=freeze,
        low_limit=low,
        high_limit=high,
    )


INDEX_OPTION = contract("NFO", InstrumentKind.OPTION)
STOCK_OPTION = contract("NFO", InstrumentKind.OPTION, "RELIANCE", lot=500, strike=1_500_00)
INDEX_FUTURE = contract("NFO", InstrumentKind.FUTURE)
STOCK_FUTURE = contract("NFO", InstrumentKind.FUTURE, "RELIANCE", lot=500)
SHARE = contract("NSE", InstrumentKind.EQUITY, "RELIANCE", lot=1)


def test_a_contract_belongs_to_a_segment_by_exchange_kind_and_underlying() -> None:
    assert segment_of(INDEX_OPTION) == "NFO.index_option"
    assert segment_of(STOCK_FUTURE) == "NFO.stock_future"
    assert segment_of(contract("BFO", InstrumentKind.OPTION, "SENSEX")) == "BFO.index_option"
    assert segment_of(contract("MCX", InstrumentKind.FUTURE, "CRUDEOIL")) == "MCX.future"
    assert segment_of(SHARE) == "NSE.equity"
    assert {
        segment_of(one) for one in (INDEX_OPTION, STOCK_OPTION, INDEX_FUTURE, STOCK_FUTURE, SHARE)
    } <= set(SEGMENTS)


@pytest.mark.parametrize(
    ("kind", "instrument", "day", "form"),
    [
        (OrderKind.MARKET, INDEX_OPTION, date(2026, 3, 31), Form.AS_SENT),
        (OrderKind.MARKET, INDEX_OPTION, date(2026, 4, 1), Form.PROTECTED),
        (OrderKind.MARKET, SHARE, date(2026, 4, 1), Form.PROTECTED),
        (
            OrderKind.MARKET,
            contract("MCX", InstrumentKind.OPTION, "CRUDEOIL"),
            date(2025, 1, 1),
            Form.PROTECTED,
        ),
        (OrderKind.SL_M, INDEX_OPTION, date(2021, 9, 26), Form.AS_SENT),
        (OrderKind.SL_M, INDEX_OPTION, date(2021, 9, 27), Form.PROTECTED),
        (OrderKind.SL_M, STOCK_OPTION, date(2021, 9, 27), Form.PROTECTED),
        (OrderKind.SL_M, INDEX_FUTURE, date(2026, 3, 31), Form.AS_SENT),
        (OrderKind.SL_M, INDEX_FUTURE, date(2026, 4, 1), Form.PROTECTED),
        (OrderKind.SL_M, contract("BSE", InstrumentKind.EQUITY, "TCS"), date(2023, 10, 8), Form.AS_SENT),
        (OrderKind.SL_M, contract("BSE", InstrumentKind.EQUITY, "TCS"), date(2023, 10, 9), Form.PROTECTED),
        (OrderKind.LIMIT, INDEX_OPTION, TODAY, Form.AS_SENT),
        (OrderKind.SL, INDEX_OPTION, TODAY, Form.AS_SENT),
    ],
)
def test_what_goes_out_without_a_limit_depends_on_the_day(
    rules: OrderRules, kind: OrderKind, instrument: Instrument, day: date, form: Form
) -> None:
    assert rules.form(kind, instrument, day) is form


@pytest.mark.parametrize(
    ("instrument", "price", "hundredths"),
    [
        (INDEX_OPTION, 9_95, 5_00),
        (INDEX_OPTION, 10_00, 3_00),
        (INDEX_OPTION, 99_95, 3_00),
        (INDEX_OPTION, 100_00, 2_00),
        (INDEX_OPTION, 500_00, 1_00),
        (SHARE, 99_95, 2_00),
        (SHARE, 499_95, 1_00),
        (INDEX_FUTURE, 24_500_00, 50),
    ],
)
def test_the_protection_narrows_with_the_price(
    rules: OrderRules, instrument: Instrument, price: Paise, hundredths: int
) -> None:
    assert rules.protection(instrument, price, TODAY) == hundredths


@pytest.mark.parametrize(
    ("underlying", "lot", "day", "most"),
    [
        ("NIFTY", 50, date(2021, 8, 20), 2800),
        ("NIFTY", 65, TODAY, 1755),
        ("BANKNIFTY", 25, date(2021, 8, 20), 1200),
        ("BANKNIFTY", 35, date(2025, 7, 1), 595),
        ("BANKNIFTY", 35, date(2025, 9, 1), 875),
        ("BANKNIFTY", 30, TODAY, 600),
        ("FINNIFTY", 60, date(2026, 2, 28), 1800),
        ("FINNIFTY", 60, date(2026, 3, 2), 1200),
        ("MIDCPNIFTY", 120, date(2025, 3, 3), 4200),
        ("MIDCPNIFTY", 120, TODAY, 2760),
        ("NIFTYNXT50", 25, TODAY, 600),
    ],
)
def test_the_freeze_quantity_is_of_its_day_and_in_whole_lots(
    rules: OrderRules, underlying: str, lot: Units, day: date, most: Units
) -> None:
    option = contract("NFO", InstrumentKind.OPTION, underlying, lot=lot)

    assert rules.freeze_qty(option, 100_00, day) == most


def test_what_the_contract_says_itself_comes_before_the_file(rules: OrderRules) -> None:
    told = contract("NFO", InstrumentKind.OPTION, freeze=1301)

    assert rules.freeze_qty(told, 100_00, TODAY) == 1300


def test_a_share_whose_freeze_quantity_nobody_tells_is_limited_by_value(rules: OrderRules) -> None:
    # Rs 2.5 crore at a strike of Rs 1,500 are 16,666 units, 33 lots of 500.
    assert rules.freeze_qty(STOCK_OPTION, 20_00, TODAY) == 16_500
    assert rules.freeze_qty(STOCK_FUTURE, 2_500_00, TODAY) == 10_000
    # One lot can always be asked for.
    assert rules.freeze_qty(STOCK_FUTURE, 1_00_000_00, TODAY) == 500


def test_shares_and_unlisted_commodities_have_no_freeze_quantity(rules: OrderRules) -> None:
    assert rules.freeze_qty(SHARE, 1_500_00, TODAY) is None
    assert (
        rules.freeze_qty(contract("MCX", InstrumentKind.FUTURE, "GOLD", lot=100), 1_00_000_00, TODAY) is None
    )


@pytest.mark.parametrize(
    ("instrument", "side", "reference", "day", "low", "high"),
    [
        (INDEX_OPTION, Side.BUY, 100_00, date(2022, 10, 30), None, None),
        (INDEX_OPTION, Side.BUY, 100_00, TODAY, None, 140_00),
        (INDEX_OPTION, Side.SELL, 100_00, TODAY, 60_00, None),
        (INDEX_OPTION, Side.BUY, 30_00, TODAY, None, 50_00),
        (INDEX_FUTURE, Side.BUY, 24_000_00, date(2022, 1, 3), 21_600_00, 26_400_00),
        (INDEX_FUTURE, Side.BUY, 24_000_00, date(2024, 1, 3), 21_600_00, 24_720_00),
        (INDEX_FUTURE, Side.SELL, 24_000_00, TODAY, 23_520_00, 26_400_00),
        (INDEX_FUTURE, Side.BUY, 8_000_00, TODAY, 7_200_00, 8_200_00),
        (STOCK_FUTURE, Side.BUY, 1_000_00, TODAY, 900_00, 1_030_00),
        (SHARE, Side.BUY, 1_000_00, TODAY, 800_00, 1_200_00),
        (
            contract("BFO", InstrumentKind.OPTION, "SENSEX"),
            Side.BUY,
            100_00,
            date(2025, 11, 30),
            None,
            160_00,
        ),
        (contract("BFO", InstrumentKind.OPTION, "SENSEX"), Side.BUY, 100_00, date(2025, 12, 1), None, 140_00),
    ],
)
def test_where_a_limit_may_lie(  # noqa: PLR0917  (a table's columns)
    rules: OrderRules,
    instrument: Instrument,
    side: Side,
    reference: Paise,
    day: date,
    low: Paise | None,
    high: Paise | None,
) -> None:
    bounds = rules.bounds(instrument, side, reference, day)

    assert (bounds.low, bounds.high) == (low, high)


def test_circuit_limits_replace_the_range_and_hold_without_a_price(rules: OrderRules) -> None:
    future = contract("NFO", InstrumentKind.FUTURE, low=23_000_00, high=24_100_00)

    assert rules.bounds(future, Side.BUY, 24_000_00, TODAY)[:2] == (23_000_00, 24_100_00)
    assert rules.bounds(future, Side.BUY, None, TODAY)[:2] == (23_000_00, 24_100_00)
    assert rules.day_range(INDEX_FUTURE, None, TODAY)[:2] == (None, None)


def test_products_slices_and_immediate_orders(rules: OrderRules) -> None:
    assert rules.products(SHARE, TODAY) == {Product.MIS, Product.NRML}
    assert rules.most_slices(TODAY) == 10
    assert rules.may_be_immediate(OrderKind.LIMIT, TODAY)
    assert not rules.may_be_immediate(OrderKind.SL, TODAY)


def test_an_exchange_of_which_nothing_is_said_is_free(rules: OrderRules) -> None:
    elsewhere = contract("NCDEX", InstrumentKind.FUTURE, "CHANA", lot=10)

    assert rules.form(OrderKind.MARKET, elsewhere, TODAY) is Form.AS_SENT
    assert rules.protection(elsewhere, 100_00, TODAY) == 0
    assert rules.bounds(elsewhere, Side.BUY, 100_00, TODAY)[:2] == (None, None)
    assert rules.products(elsewhere, TODAY) == frozenset(Product)


@pytest.mark.parametrize(
    ("find", "replace", "says"),
    [
        ("form: protected", "form: naked", "forms.0.market.1.form"),
        ("segments: [MCX.option]", "segments: [MCX.options]", "unknown segment 'MCX.options'"),
        ('percent: "40"', 'percent: "forty"', "bands.0.limits.0.beyond.percent: 'forty' is not a percentage"),
        ('percent: "40"', 'percent: "0.001"', "at most two decimals"),
        ("units: 2800", "units: none", "freeze.NIFTY.0.units"),
        ("  NIFTY:", "  NIFTEE:", "unknown underlying 'NIFTEE'"),
        ("since: 2022-10-31", "since: 2022-13-31", "bands.0.limits.0.since"),
        ("most: 10", "most: 0", "slices.0.most"),
        ('{percent: "0.5"}', '{percent: "0.5", below: "900"}', "the last step, alone, has none"),
        ("[MCX.future, MCX.option]", "[MCX.future]", "products: MCX.option is missing"),
        (
            "[MCX.future, MCX.option]",
            "[MCX.future, MCX.option, NSE.equity]",
            "products: NSE.equity stands twice",
        ),
    ],
)
def test_a_broken_file_names_the_key(tmp_path: Path, find: str, replace: str, says: str) -> None:
    text = (MARKET / "order_rules.yaml").read_text(encoding="utf-8")
    assert find in text
    (tmp_path / "order_rules.yaml").write_text(text.replace(find, replace, 1), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"order_rules\.yaml") as caught:
        load_order_rules(tmp_path)
    assert says in str(caught.value)


def test_a_file_that_is_not_there_or_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_order_rules(tmp_path)
    (tmp_path / "order_rules.yaml").write_text("forms: [", encoding="utf-8")
    with pytest.raises(ConfigError, match="not readable as YAML"):
        load_order_rules(tmp_path)
    (tmp_path / "order_rules.yaml").write_text("- 1", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"order_rules\.yaml"):
        load_order_rules(tmp_path)
