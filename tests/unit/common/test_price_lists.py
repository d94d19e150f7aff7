"""The price lists are read whole or not at all, and what is wrong is named by file and key."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from sauda.charge_rules import LEVIED, Levied
from sauda.errors import ConfigError
from sauda.price_lists import load_price_lists
from sauda.segments import Segment

MARKET = Path(__file__).parents[3] / "config/market"
EXCHANGES = ("NSE", "BSE", "NFO", "BFO", "MCX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("charges.yaml", "brokerage.yaml"):
        shutil.copy(MARKET / name, tmp_path / name)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_every_segment_has_a_table_and_every_plan_a_price() -> None:
    for plan in ("flat_20", "flat_5", "share_005", "free"):
        lists = load_price_lists(MARKET, plan)
        for segment in Segment:
            assert any(lists.charges.knows(segment, exchange) for exchange in EXCHANGES)
            assert lists.plan.fees[segment]


@pytest.mark.parametrize("line", LEVIED)
def test_an_option_on_nse_pays_every_line_today(line: Levied) -> None:
    charges = load_price_lists(MARKET, "free").charges
    assert charges.levy(Segment.INDEX_OPTION, "NFO", line, date(2026, 11, 23)) is not None


def test_a_rate_is_read_as_written_and_never_through_a_float() -> None:
    charges = load_price_lists(MARKET, "free").charges
    levy = charges.levy(Segment.INDEX_OPTION, "NFO", "exchange", date(2026, 11, 23))
    assert levy is not None
    assert levy.buy == 350_300  # billionths


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("charges.yaml", "sell: 0.0625", "sell: cheap", r"charges\.yaml: rates\.stt_option\.1\.sell: 'cheap' is no percentage"),
        ("charges.yaml", "sell: 0.0625", "sell: -1", r"charges\.yaml: rates\.stt_option\.1\.sell: "),
        ("charges.yaml", "sell: 0.0625", "sell: 101", r"charges\.yaml: rates\.stt_option\.1\.sell: "),
        ("charges.yaml", "sell: 0.0625", "sell: 0.00000001", r"rates\.stt_option\.1\.sell: .*at most seven decimals"),
        ("charges.yaml", "sell: 0.0625", "sel: 0.0625", r"charges\.yaml: rates\.stt_option\.1\.sel: "),
        ("charges.yaml", "since: 2023-04-01", "since: 2019-01-01", r"rates\.stt_option: `since` must ascend"),
        ("charges.yaml", "{stt: stt_option", "{stt: stt_opt", r"segments\.index_option\.NFO\.stt: 'stt_opt' is not among"),
        ("charges.yaml", "  index_option:\n    NFO", "  indx_option:\n    NFO", r"charges\.yaml: segments\.indx_option: "),
        ("charges.yaml", "gst:", "gst_: []\ngst:", r"charges\.yaml: gst_: "),
        ("charges.yaml", "on: [brokerage, exchange]", "on: [stt]", r"charges\.yaml: gst\.0\.on\.0: "),
        ("charges.yaml", "rates:", "rates: [", r"charges\.yaml: not readable as YAML"),
        ("brokerage.yaml", "flat: 20", "flat: -20", r"brokerage\.yaml: plans\.flat_20\.fees\.index_option\.0\.flat: "),
        ("brokerage.yaml", "          percent: 0.05\n", "", r"plans\.share_005\.fees\.index_option\.0: neither"),
        ("brokerage.yaml", "      mcx_option: *nothing\n", "", r"brokerage\.yaml: plans\.free: no fee for mcx_option"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_and_key(
    folder: Path, name: str, old: str, new: str, message: str
) -> None:
    change(folder / name, old, new)
    with pytest.raises(ConfigError, match=message):
        load_price_lists(folder, "free")


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "brokerage.yaml").unlink()
    with pytest.raises(ConfigError, match=r"brokerage\.yaml: cannot be read: No such file"):
        load_price_lists(folder, "free")


def test_an_unknown_plan_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no plan 'flat_10'; there are flat_20, flat_5, share_005, free"):
        load_price_lists(MARKET, "flat_10")
