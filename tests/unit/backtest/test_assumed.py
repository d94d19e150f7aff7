"""What is assumed of bars: how often a run is valued, and that this changes nothing that is traded."""

from datetime import timedelta
from pathlib import Path

import pytest

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.plan import Plan, planned
from sauda.backtest.run import run
from sauda.clock import NS_PER_S
from sauda.contracts import Plain
from tests.unit.backtest.made_up import CALENDAR, FIRST_DAY, opened, settings, written

SYMBOL = "NIFTY29DEC26F"
NO_LIMIT = {"execution.paper.max_daily_loss": "null"}


def bars(folder: Path, days_apart: int) -> MarketData:
    """Return two hours of one-minute bars that rise and fall, on two days so far apart."""
    some = []
    for day in (FIRST_DAY - timedelta(days=days_apart), FIRST_DAY):
        hours = CALENDAR.session("NFO", day)
        assert hours is not None
        for minute in range(120):
            price = 24_500.0 + abs(minute % 40 - 20) * 5
            prices = {"open": price, "high": price + 2, "low": price - 2, "close": price + 1}
            stamp = hours.open_ns + minute * 60 * NS_PER_S
            some.append({"ts_utc_ns": stamp, "exchange": "NFO", "trading_symbol": SYMBOL} | prices)
    return opened(written(folder / f"{days_apart}.parquet", some))


def crossing(folder: Path, changes: dict[str, str]) -> Plan:
    rules: dict[str, Plain] = {
        "kind": "sma_crossover",
        "instrument": f"NFO:{SYMBOL}",
        "fast": 3,
        "slow": 9,
        "timeframe": "1m",
    }
    rules |= {"trade": "instrument", "warmup_bars": 0}
    return planned(settings(folder), {"cross": rules}, changes)


@pytest.mark.parametrize(
    ("days_apart", "changes", "grid_ms"),
    [
        pytest.param(7, NO_LIMIT, 60_000, id="a short time: every bar"),
        pytest.param(63, NO_LIMIT, 300_000, id="a long time: every fifth"),
        pytest.param(63, {}, 60_000, id="the desk has a loss limit"),
        pytest.param(
            63,
            NO_LIMIT | {"execution.paper.max_drawdown": "5000"},
            60_000,
            id="it may give back so much and no more",
        ),
        pytest.param(63, NO_LIMIT | {"pnl_grid_ms": "1000"}, 1_000, id="somebody asked for it"),
    ],
)
def test_a_long_run_without_a_loss_limit_is_valued_every_five_minutes(
    tmp_path: Path, days_apart: int, changes: dict[str, str], grid_ms: int
) -> None:
    plan, said = fitted(crossing(tmp_path, changes), bars(tmp_path, days_apart))

    assert plan.settings.pnl_grid_ms == grid_ms
    assert said[-1].startswith(f"Profit and loss is looked at every {grid_ms // 1000} s")


def test_how_often_it_is_valued_changes_nothing_that_is_traded(tmp_path: Path) -> None:
    data = bars(tmp_path, 63)
    seldom, _ = fitted(crossing(tmp_path, NO_LIMIT), data)
    often, _ = fitted(crossing(tmp_path, NO_LIMIT | {"pnl_grid_ms": "60000"}), data)

    rare, dense = run(seldom, data), run(often, data)

    assert len(rare.fills) > 4
    assert (rare.signals, rare.orders, rare.executions) == (dense.signals, dense.orders, dense.executions)
    assert len(rare.equity) < len(dense.equity)
