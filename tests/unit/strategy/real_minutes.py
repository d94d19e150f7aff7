"""Real bars for the tests: a month of index minutes of 2024, in paise."""

import os
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from sauda.contracts import Bar

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
MINUTES = DATA / "index_1min_2024/NIFTY_1min_2024_odd_months.parquet"
_MINUTE_NS = 60_000_000_000


def real(path: Path) -> Path:
    """Return *path*; the test is skipped where it is missing, and fails in CI, which never skips."""
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is missing: CI never skips")
        pytest.skip(f"{path} is missing: set SAUDA_TEST_DATA")
    return path


@cache
def minutes(count: int = 8_000) -> pd.DataFrame:
    """Return the first *count* minutes: ns, open, high, low, close in paise, and a volume (the index has none)."""
    rows = pd.read_parquet(real(MINUTES)).head(count)
    prices = {name: (rows[name] * 100).round().astype("int64") for name in ("open", "high", "low", "close")}
    return pd.DataFrame({"ns": rows.ts_utc_ns, **prices, "volume": made_up_volume(len(rows))})


def made_up_volume(count: int) -> list[int]:
    """Return volumes that differ, some of them nothing."""
    return [(number * 7919) % 5_000 * (number % 11 > 0) for number in range(count)]


@cache
def minute_bars(count: int = 8_000) -> list[Bar]:
    """Return the same as bars."""
    return [
        Bar(
            "NSE:Nifty 50",
            "1m",
            int(row.ns),
            int(row.ns) + _MINUTE_NS,
            int(row.open),
            int(row.high),
            int(row.low),
            int(row.close),
            int(row.volume),
        )
        for row in minutes(count).itertuples()
    ]
