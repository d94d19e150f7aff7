"""What docs/writing-strategies.md shows is run: its strategies, its rules files and its commands, on a real day."""

import json
import os
import re
import shlex
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.outcome import Outcome
from sauda.backtest.plan import planned, rules_in
from sauda.backtest.run import run
from sauda.calendar import load_calendar
from sauda.cli.__main__ import run as sauda
from sauda.contracts import Side, Signal
from sauda.settings import load_settings
from sauda_strategy.loading import load_kinds
from sauda_strategy.rule_files import load_rules
from sauda_strategy.trading_rules import TradingRules

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
PAGE = (REPOSITORY / "docs/writing-strategies.md").read_text()
FILE = "nifty50_index_1s_2022/nifty50_1s.parquet"


class Block(NamedTuple):
    """A block of the page."""

    language: str
    text: str

    @property
    def path(self) -> str:
        """Return the file that its first line names."""
        return self.text.partition("\n")[0].removeprefix("# ")


BLOCKS = [Block(*found) for found in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)]
COMMANDS = [line for block in BLOCKS if block.language == "sh" for line in block.text.splitlines()]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's files and a real recording, as a reader has it."""
    path = DATA / FILE
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is missing: CI never skips")
        pytest.skip(f"{path} is missing: set SAUDA_TEST_DATA")
    (tmp_path / "config/strategies").mkdir(parents=True)
    (tmp_path / "strategies").mkdir()
    for shared in ("market", "risk.yaml"):
        (tmp_path / "config" / shared).symlink_to(REPOSITORY / "config" / shared)
    (tmp_path / path.name).symlink_to(path)
    for block in BLOCKS:
        if block.language in ("python", "yaml"):
            (tmp_path / block.path).write_text(block.text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def played(place: Path, instance: str, rules: Path, **changes: str) -> Outcome:
    """Return the backtest of one rules file on the first recorded day."""
    settings = load_settings()
    calendar = load_calendar(settings.config / "market")
    data = MarketData(
        [place / Path(FILE).name], calendar, date(2022, 8, 10), date(2022, 8, 10), trade_index=True
    )
    plan, assumptions = fitted(planned(settings, {instance: rules_in(rules)}, changes), data)
    return run(plan, data, assumptions=assumptions)


def test_every_block_is_a_file_or_commands() -> None:
    assert {block.language for block in BLOCKS} == {"python", "yaml", "sh"}
    paths = [block.path for block in BLOCKS if block.language != "sh"]
    assert len(set(paths)) == len(paths) == 4
    assert all(line.startswith("sauda backtest ") for line in COMMANDS)
    trend = BLOCKS[0].text.splitlines()
    assert (
        len([line for line in trend if line.strip()]) <= 33
    )  # "some thirty lines" is what the page promises


def test_the_strategies_of_the_page_are_kinds_and_its_rules_files_are_right(place: Path) -> None:
    kinds = load_kinds(place / "strategies")
    book = load_rules(place / "config/strategies", kinds)

    assert not kinds.broken
    assert not book.broken
    assert {name: rules.kind for name, rules in book.rules.items()} == {
        "morning_trend": "trend",
        "counting_nifty": "counting",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_page_runs(place: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = sauda(shlex.split(command)[1:])

    said = capsys.readouterr()
    assert code == 0, said.err
    if "--json" in command:
        assert json.loads(said.out)["rules"]["morning_trend"]["fast"] == 13
    else:
        assert "1 day, " in said.out + said.err


def test_the_trend_is_followed_with_the_rules_lots_and_stop(place: Path) -> None:
    outcome = played(place, "morning_trend", place / "config/strategies/morning_trend.yaml")

    entries = [one for one in outcome.orders if one.side is Side.BUY]
    assert entries
    assert {one.qty for one in entries} == {100}  # two lots of 50, as they were then
    assert all(one.stop_loss is not None for one in entries)
    means = [one.reason for one in outcome.signals if one.reason.startswith("means ")]
    assert means
    # In rupees: the index stood near 17 500 that day.
    assert all(re.fullmatch(r"means 17\d{3}\.\d\d and 17\d{3}\.\d\d", one) for one in means)
    held = sum(fill.signed_qty for fill in outcome.fills)
    assert held == 0  # closed by `exit_time`, or by what the mean said
    assert not outcome.stopped
    assert not outcome.parked


def test_the_count_is_told_at_its_time_and_nothing_is_placed(place: Path) -> None:
    outcome = played(place, "counting_nifty", place / "config/strategies/counting_nifty.yaml")

    (opinion,) = [one for one in outcome.signals if isinstance(one, Signal)]
    found = re.fullmatch(r"(\d+) bars rose, (\d+) fell", opinion.reason)
    assert found is not None
    # 25 bars of a quarter of an hour make a day; the one that ends at 15:30 comes after 15:25.
    assert 20 <= int(found[1]) + int(found[2]) <= 24
    assert not outcome.orders


def test_the_table_of_rules_names_every_one() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.partition("## Rules")[2].partition("## What it remembers")[0]))

    assert set(TradingRules.model_fields) - {"kind"} <= named


def test_the_example_in_the_folder_trades_the_first_break_of_the_range(place: Path) -> None:
    (place / "strategies/opening_range.py").write_text(
        (REPOSITORY / "strategies/opening_range.py").read_text()
    )
    rules = place / "config/strategies/range.yaml"
    rules.write_text((REPOSITORY / "strategies/opening_range.example.yaml").read_text())
    outcome = played(place, "range", rules)

    (signal,) = outcome.signals
    high, low, close = range_and_break(place)
    assert signal.reason == f"close {close / 100:.2f} outside {low / 100:.2f} to {high / 100:.2f}"
    assert signal.side is (Side.BUY if close > high else Side.SELL)
    assert sum(fill.signed_qty for fill in outcome.fills) == 0


def range_and_break(place: Path) -> tuple[int, int, int]:
    """Return the range of 09:15 to 09:30 and the first minute's close outside it, by pandas, in paise."""
    import pandas as pd

    rows = pd.read_parquet(place / Path(FILE).name, columns=["ts_utc_ns", "ltp"])
    at = pd.to_datetime(rows["ts_utc_ns"], utc=True).dt.tz_convert("Asia/Kolkata")
    prices = pd.Series((rows["ltp"] * 100).round().astype(int).to_numpy(), index=pd.DatetimeIndex(at))
    day = prices[prices.index.date == date(2022, 8, 10)]
    first = day.between_time("09:15", "09:30", inclusive="left")
    closes = day.between_time("09:30", "15:30", inclusive="left").resample("1min").last()
    high, low = int(first.max()), int(first.min())
    return high, low, int(closes[(closes > high) | (closes < low)].iloc[0])
