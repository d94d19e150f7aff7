"""Files of made-up market data for backtests: quote ticks of one future in one session, and a year of its minutes."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs, from_ist

SYMBOL: Final = "NIFTY29DEC26F"
EXPIRY: Final = "2026-12-29"
DAY: Final = date(2026, 12, 1)
LOT: Final = 65
CONFIG: Final = Path(__file__).parents[1] / "config"
_STEPS: Final = (-10, -5, -5, 0, 0, 5, 5, 10)
_EVERY_NS: Final = 40 * NS_PER_MS


def quote_ticks(path: Path, count: int) -> None:
    """Write *count* ticks of a random walk, 25 a second from 09:15 on; quotes a tick to either side of the last price.

    Raises:
        ValueError: a session is not long enough for them.
    """
    if count > 560_000:
        raise ValueError(f"{count} ticks: a session of 25 a second holds 560,000")
    dice, price, start_ns = Random(7), 24_500_00, from_ist(DAY, time(9, 15))
    prices = []
    for _ in range(count):
        price += dice.choice(_STEPS)
        prices.append(price)
    columns: dict[str, list[Any]] = {
        "ts_utc_ns": [start_ns + number * _EVERY_NS for number in range(count)],
        "ltp": [one / 100 for one in prices],
        "bid": [(one - 5) / 100 for one in prices],
        "ask": [(one + 5) / 100 for one in prices],
        "bid_qty": [10 * LOT] * count,
        "ask_qty": [10 * LOT] * count,
    }
    _write(path, columns)


def minutes_of_a_year(path: Path) -> int:
    """Write the one-minute bars of a random walk over the year before the contract's expiry; return how many."""
    columns: dict[str, list[Any]] = {name: [] for name in ("ts_utc_ns", "open", "high", "low", "close")}
    dice, price = Random(11), 24_500_00
    for start_ns in _minutes():
        path_of_price = [price := price + dice.choice(_STEPS) * 20 for _ in range(4)]
        columns["ts_utc_ns"].append(start_ns)
        for name, value in zip(
            ("open", "high", "low", "close"),
            (path_of_price[0], max(path_of_price), min(path_of_price), path_of_price[-1]),
            strict=True,
        ):
            columns[name].append(value / 100)
    _write(path, columns)
    return len(columns["ts_utc_ns"])


def _minutes() -> Iterator[UnixNs]:
    calendar, day = load_calendar(CONFIG / "market"), date(2026, 1, 1)
    while day.isoformat() < EXPIRY:
        session = calendar.session("NFO", day)
        if session is not None:
            yield from range(session.open_ns, session.close_ns, 60 * NS_PER_S)
        day += timedelta(days=1)


def _write(path: Path, columns: dict[str, list[Any]]) -> None:
    count = len(columns["ts_utc_ns"])
    same = {
        "exchange": "NFO",
        "trading_symbol": SYMBOL,
        "underlying": "NIFTY",
        "expiry": EXPIRY,
        "option_type": "FUT",
        "strike": 0.0,
    }
    pq.write_table(pa.table(columns | {name: [value] * count for name, value in same.items()}), path)
