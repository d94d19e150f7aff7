"""The report of a real day: the same bytes each time, and figures that pandas finds in the files beside it."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.outcome import Outcome
from sauda.backtest.plan import planned, rules_in
from sauda.backtest.run import run
from sauda.calendar import load_calendar
from sauda.report import write
from sauda.settings import Settings

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
BARS = DATA / "nifty_weekly_1min_20210611_14/bars_1min_2021-06-11.parquet"


def a_real_run() -> Outcome:
    if not BARS.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{BARS} is missing: CI never skips")
        pytest.skip(f"{BARS} is missing: set SAUDA_TEST_DATA")
    settings = Settings(config=REPOSITORY / "config")
    name = "nifty_straddle"
    rules = {name: rules_in(REPOSITORY / f"config/strategies/{name}.yaml")}
    plan = planned(settings, rules, {"stop_loss_percentage": "15"})
    market = MarketData([BARS], load_calendar(settings.config / "market"))
    plan, assumed = fitted(plan, market)
    return run(plan, market, assumptions=assumed)


def test_the_report_of_a_real_day_is_the_same_each_time_and_adds_up(tmp_path: Path) -> None:
    one, two = (write(a_real_run(), tmp_path / name).files for name in ("one", "two"))

    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]
    result = json.loads((tmp_path / "one/result.json").read_text())
    desk = result["figures"]["ALL"]
    fills, trades, equity = (
        pd.read_parquet(tmp_path / f"one/{name}.parquet") for name in ("fills", "trades", "equity")
    )
    signed = fills.qty.where(fills.side == "BUY", -fills.qty)
    assert len(fills) == 4
    assert signed.sum() == 0
    worth, trading = desk["worth"], desk["trading"]
    assert worth["gross"] == -(signed * fills.price).sum() == trades.cash.sum()
    assert worth["net"] == worth["gross"] - fills.charges.sum() == trades.net.sum()
    lines = fills[[*worth["charge_lines"]]].sum()
    assert lines.to_dict() == worth["charge_lines"]
    assert lines.sum() == worth["charges"] == fills.charges.sum() > 0
    assert trading["turnover"] == (fills.qty * fills.price).sum()
    assert trading["hit_rate"] == (trades.net > 0).mean()
    desk_points = equity[equity.strategy == "ALL"]
    assert worth["max_drawdown"] == (desk_points.net.cummax().clip(lower=0) - desk_points.net).max()
    assert worth["max_drawdown"] == desk_points.drawdown.max() > 0
    assert worth["return_on_margin"] == worth["net"] / desk_points.margin.max()
    held = fills.event_ns.max() - fills.event_ns.min()
    assert trading["exposure"] == pytest.approx(
        held / (result["data"]["last_ns"] - result["data"]["first_ns"])
    )
    assert worth["sharpe"] is None
