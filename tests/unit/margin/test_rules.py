"""The dated rules of margins.yaml: what holds when, for whom, and what a broken file is told."""

from datetime import date
from pathlib import Path

import pytest

from sauda.errors import ConfigError
from sauda.margin import MarginBook, load_margins, max_quantity

MARKET = Path(__file__).parents[3] / "config" / "market"
DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def book() -> MarginBook:
    return load_margins(MARKET)


def broken(folder: Path, old: str, new: str) -> Path:
    text = (MARKET / "margins.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "margins.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("underlying", "is_commodity", "name"),
    [
        ("NIFTY", False, "index"),
        ("SENSEX", False, "index"),
        ("RELIANCE", False, "stock"),
        ("GOLDM", True, "commodity_low"),
        ("CRUDEOIL", True, "energy"),
        ("CARDAMOM", True, "commodity_high"),
    ],
)
def test_every_underlying_follows_a_class_of_rules(
    book: MarginBook, underlying: str, is_commodity: bool, name: str
) -> None:
    assert book.class_of(underlying, is_commodity=is_commodity) == name
    assert book.rates(underlying, DAY, is_commodity=is_commodity).price_scan > 0


def test_before_the_first_rule_the_first_one_holds(book: MarginBook) -> None:
    assert book.rates("NIFTY", date(2009, 1, 1)) == book.rates("NIFTY", date(2016, 1, 1))


def test_shares_are_paid_in_full_or_need_a_fifth_within_the_day(book: MarginBook) -> None:
    assert book.share_need(1_000_01, DAY, intraday=False) == 1_000_01
    assert book.share_need(1_000_01, DAY, intraday=True) == 200_01


def test_a_broker_blocks_a_little_more_than_its_calculator_says(book: MarginBook) -> None:
    assert book.broker_blocks(2_02_898_00, DAY) == 2_04_725_00


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            'percent: "7.1"', 'percent: "much"', "classes.index.price_scan.0.percent", id="no number"
        ),
        pytest.param("least_points", "points", "classes.index.volatility_scan.0", id="unknown key"),
        pytest.param(
            "GOLD: commodity_low", "GOLD: shiny", "'shiny' is not among classes", id="unknown class"
        ),
        pytest.param(
            "GOLD: commodity_low", "GULD: commodity_low", "commodities.GULD", id="unknown underlying"
        ),
        pytest.param("since: 2024-11-20", "since: 2015-11-20", "must ascend", id="not in order"),
        pytest.param("classes:", "classes: [", "not readable as YAML", id="no YAML"),
    ],
)
def test_a_broken_file_is_named_with_the_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_margins(broken(tmp_path, old, new))

    assert str(error.value).startswith(str(tmp_path / "margins.yaml"))
    assert said in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"margins\.yaml: cannot be read"):
        load_margins(tmp_path)


@pytest.mark.parametrize(
    ("available", "one_lot", "most_lots", "units"),
    [
        pytest.param(10_00_000_00, 2_09_575_00, None, 4 * 65, id="four lots fit"),
        pytest.param(2_09_575_00, 2_09_575_00, None, 65, id="exactly one"),
        pytest.param(2_09_574_99, 2_09_575_00, None, 0, id="a paisa short"),
        pytest.param(10_00_000_00, 2_09_575_00, 2, 2 * 65, id="another limit is lower"),
        pytest.param(-1, 1, None, 0, id="the account is overdrawn"),
        pytest.param(100_00, 0, 3, 3 * 65, id="it needs nothing"),
        pytest.param(100_00, 0, None, 0, id="nothing known of it"),
    ],
)
def test_the_largest_quantity_is_whole_lots_within_what_is_available(
    available: int, one_lot: int, most_lots: int | None, units: int
) -> None:
    assert max_quantity(available, one_lot, 65, most_lots=most_lots) == units
