"""Plays real days to one of the strategies on a direction: the desk's own units, the paper exchange among them."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.outcome import Outcome
from sauda.backtest.plan import planned, rules_in
from sauda.backtest.run import run
from sauda.calendar import load_calendar
from sauda.contracts import Plain
from sauda.settings import Settings
from tests.unit.strategy.real_minutes import DATA, MINUTES, REPOSITORY, real

OPTIONS = DATA / "nifty_weekly_1min_20210611_14/bars_1min_2021-06-11.parquet"
"""Minutes of the index and of twelve options."""
SECONDS = DATA / "nifty50_index_1s_2022/nifty50_1s.parquet"
EXAMPLES = REPOSITORY / "config/strategies/examples"


def example(kind: str, **changes: Plain) -> dict[str, Plain]:
    """Return the rules of the example file of *kind*, with *changes*."""
    return {**rules_in(EXAMPLES / f"{kind}.yaml"), **changes}


def market(path: Path, first: str, last: str, *, trade_index: bool = True) -> MarketData:
    """Return the days from *first* to *last*."""
    days = date.fromisoformat(first), date.fromisoformat(last)
    return MarketData(
        [real(path)], load_calendar(REPOSITORY / "config/market"), *days, trade_index=trade_index
    )


def played(rules: Mapping[str, Plain], data: MarketData) -> Outcome:
    """Return what became of *data*."""
    settings = Settings(config=REPOSITORY / "config")
    plan, assumptions = fitted(planned(settings, {"it": dict(rules)}, {}), data)
    return run(plan, data, assumptions=assumptions)


@cache
def bars_of(length: str, first: str, last: str) -> pd.DataFrame:
    """Return the index' bars of the days from *first* to *last*, made by pandas: paise, by the instant of their end."""
    rows = pd.read_parquet(real(MINUTES))
    begins = pd.to_datetime(rows.ts_utc_ns, utc=True).dt.tz_convert("Asia/Kolkata")
    prices = {name: (rows[name] * 100).round().astype("int64") for name in ("open", "high", "low", "close")}
    frame = pd.DataFrame(prices).set_index(pd.DatetimeIndex(begins))
    frame = frame.loc[first:last].between_time("09:15", "15:29")
    how: dict[str, Any] = {"open": "first", "high": "max", "low": "min", "close": "last"}
    # 09:15 is a multiple of neither an hour nor a quarter of one beyond midnight but of both of these.
    joined = frame.resample(length, origin="start_day", offset="9h15min").agg(how).dropna()
    joined.index = joined.index + pd.Timedelta(length)
    return joined


def told(outcome: Outcome) -> list[tuple[str, str]]:
    """Return what was signalled: (IST, BUY or SELL)."""
    assert not outcome.parked, outcome.parked
    assert not outcome.stopped, outcome.stopped
    return [
        (ist(signal.event_ns), signal.side.value) for signal in outcome.signals if signal.side is not None
    ]


def ist(instant_ns: int) -> str:
    """Return an instant as `YYYY-MM-DD HH:MM:SS`."""
    return str(pd.Timestamp(instant_ns, tz="UTC").tz_convert("Asia/Kolkata"))[:19]
