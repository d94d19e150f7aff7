"""The pages about the EMA scalper and the momentum show what the data make, and pandas makes the same of the fills."""

from functools import cache

import pandas as pd
import pytest

from benchmarks.directional import REPOSITORY, RUNS, Run, played, tables
from sauda.backtest.outcome import Outcome
from sauda.money import to_indian
from tests.unit.strategy.real_minutes import DATA, MINUTES, real

pytestmark = pytest.mark.slow
runs = pytest.mark.parametrize("run", RUNS, ids=lambda run: run.kind)


@cache
def outcome_of(run: Run) -> Outcome:
    real(DATA / run.data)
    return played(run, DATA)


def page_of(run: Run) -> str:
    return (REPOSITORY / "docs/examples" / run.page).read_text()


def shown(run: Run, name: str) -> str:
    """Return the figure *name* of the page."""
    [line] = [line for line in page_of(run).splitlines() if line.startswith(f"| {name} |")]
    return line.split("|")[2].strip()


def fills_of(run: Run) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at": pd.Timestamp(fill.event_ns, tz="UTC").tz_convert("Asia/Kolkata"),
            "instrument": fill.instrument,
            "signed": fill.side.sign * fill.qty,
            "price": fill.price,
            "charges": fill.charges,
        }
        for fill in outcome_of(run).fills
    )


@runs
def test_the_page_shows_what_the_data_make(run: Run) -> None:
    for table in tables(outcome_of(run)):
        text = "\n".join(table)
        assert text in page_of(run), f"docs/examples/{run.page} should show\n{text}"


@runs
def test_pandas_makes_the_same_of_the_fills(run: Run) -> None:
    fills = fills_of(run)
    cash = -fills.signed * fills.price
    # One position at a time: a trade ends where nothing is held any more.
    trade = (fills.signed.cumsum() == 0).shift(fill_value=False).cumsum()
    nets = (cash - fills.charges).groupby(trade).sum()

    assert fills.signed.sum() == 0
    assert shown(run, "Before charges") == to_indian(int(cash.sum()))
    assert shown(run, "Charges") == to_indian(int(fills.charges.sum()))
    assert shown(run, "Net profit") == to_indian(int(nets.sum()))
    assert shown(run, "Trades") == f"{len(nets):,}"
    assert shown(run, "Hit rate") == f"{100 * (nets > 0).mean():.2f} %"
    assert shown(run, "Profit factor") == f"{nets[nets > 0].sum() / -nets[nets < 0].sum():.2f}"
    assert shown(run, "Turnover") == to_indian(int(cash.abs().sum()))
    assert shown(run, "Days") == f"{len(outcome_of(run).data.sessions)}"


@runs
def test_the_drawdown_is_that_of_the_equity_curve(run: Run) -> None:
    points = pd.Series([point.net for point in outcome_of(run).equity if point.strategy == "ALL"])
    fall = (points.cummax().clip(lower=0) - points).max()
    assert shown(run, "Max drawdown") == to_indian(int(fall))


@runs
def test_the_spread_that_was_assumed_is_more_than_the_loss_before_charges(run: Run) -> None:
    fills = fills_of(run)
    cash = -fills.signed * fills.price
    assert -cash.sum() < cash.abs().sum() / 10_000


def test_the_scalper_paid_prices_of_the_file_and_the_spread() -> None:
    fills = fills_of(RUNS[0])
    rows = pd.read_parquet(real(MINUTES))
    rows.index = pd.DatetimeIndex(pd.to_datetime(rows.ts_utc_ns, utc=True)).tz_convert("Asia/Kolkata")
    minute = rows.loc[fills["at"].dt.floor("min")]
    # A hundredth of a percent beside the last price, in steps of 5 paise.
    away = fills.price * 0.0001 + 10
    assert (fills.price.to_numpy() <= (minute.high * 100).to_numpy() + away).all()
    assert (fills.price.to_numpy() >= (minute.low * 100).to_numpy() - away).all()
    assert sorted(fills.signed.abs().unique()) == [25, 50]
