"""A made-up morning as a recording, and a straddle that trades it: what the tests of the backtest play."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from sauda.backtest.data import MarketData
from sauda.backtest.plan import Plan, planned
from sauda.calendar import load_calendar
from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs
from sauda.contracts import Plain, Tick
from sauda.instruments import split_instrument
from sauda.settings import Settings
from sauda.testing.market import MadeUpMarket

CONFIG = Path(__file__).parents[3] / "config"
CALENDAR = load_calendar(CONFIG / "market")
FIRST_DAY = date(2026, 11, 23)
"""A Monday; the exchange is closed on the Tuesday."""

STRADDLE: dict[str, Plain] = {
    "kind": "short_straddle",
    "tsymbol": "NIFTY",
    "quantity": 1,
    "stop_loss_percentage": 2,
    "entry_time": "09:17",
    "exit_time": "09:22",
}


def rows(ticks: int, seed: int = 1, days: int = 1) -> list[dict[str, Any]]:
    """Return *ticks* of each of *days* as rows, no two of one instant and none at a whole second."""
    found: list[dict[str, Any]] = []
    day = FIRST_DAY - timedelta(days=1)
    for number in range(days):
        day = CALENDAR.next_trading_day("NSE", day + timedelta(days=1))
        market = MadeUpMarket(day=day, strikes=4, volatility=4_00, seed=seed + number)
        for second in market.seconds(ticks):
            heard = [one for one in second if isinstance(one, Tick)]
            found += [row_of(one, one.recv_ns + (at + 1) * 200 * NS_PER_MS) for at, one in enumerate(heard)]
    return found


def row_of(tick: Tick, at_ns: UnixNs) -> dict[str, Any]:
    """Return *tick* as a row of a recording."""
    exchange, symbol = split_instrument(tick.instrument)
    return {
        "ts_utc_ns": at_ns,
        "exchange": exchange,
        "trading_symbol": symbol,
        "ltp": tick.ltp / 100,
        "bid": None if tick.bid is None else tick.bid / 100,
        "ask": None if tick.ask is None else tick.ask / 100,
        "bid_qty": tick.bid_qty,
        "ask_qty": tick.ask_qty,
    }


def bars_of(ticks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the one-minute bars of rows of ticks, in the order of their start."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for row in ticks:
        start = row["ts_utc_ns"] // (60 * NS_PER_S) * 60 * NS_PER_S
        key, price = (start, row["trading_symbol"]), row["ltp"]
        bar = found.setdefault(
            key,
            {
                "ts_utc_ns": start,
                "exchange": row["exchange"],
                "trading_symbol": row["trading_symbol"],
                "open": price,
                "high": price,
                "low": price,
            },
        )
        bar |= {"high": max(bar["high"], price), "low": min(bar["low"], price), "close": price}
    return [found[key] for key in sorted(found)]


def written(path: Path, some: list[dict[str, Any]]) -> Path:
    """Write rows as Parquet."""
    parquet.write_table(pa.Table.from_pylist(some), path)
    return path


def settings(folder: Path, **values: Any) -> Settings:
    """Return the default settings, with a history of their own."""
    return Settings(config=CONFIG, history=folder / "history", strategies=folder / "none", **values)


def straddle(folder: Path, changes: dict[str, str] | None = None, **rules: Plain) -> Plan:
    """Return a plan with one straddle."""
    return planned(settings(folder), {"tight": {**STRADDLE, **rules}}, changes or {})


def opened(path: Path, **options: Any) -> MarketData:
    """Open a recording."""
    return MarketData([path], CALENDAR, **options)
