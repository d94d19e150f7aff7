"""A future whose quotes are not seen is assumed a spread of its own: what is usual of an option would be 65 points of NIFTY."""

import os
from pathlib import Path

import pandas as pd
import pytest

from sauda.contracts import Instrument, InstrumentKind
from sauda.testing.builders import an_option
from sauda_execution.matching import half_spread
from sauda_execution.settings import HALF_SPREAD_BPS, HALF_SPREAD_FUTURE_BPS, Limits

DATA = Path(os.environ.get("SAUDA_TEST_DATA", Path(__file__).parents[4] / "shared/data"))
QUOTES = DATA / "nifty_futures_ticks_20251229_dhan/dhan_nifty_futures_ticks.csv"
FUTURE = Instrument("NFO:NIFTY30DEC25F", "NFO", "1", "NIFTY", InstrumentKind.FUTURE, 75, 5, "2025-12-30")
OURS = Limits(
    half_spread_ticks=1, half_spread_bps=HALF_SPREAD_BPS, half_spread_future_bps=HALF_SPREAD_FUTURE_BPS
)


@pytest.mark.parametrize(("ltp", "points"), [(21_700_00, 2_20), (100, 5)])
def test_a_future_has_its_own(ltp: int, points: int) -> None:
    assert half_spread(ltp, FUTURE, OURS) == points


def test_an_option_keeps_its_own() -> None:
    assert half_spread(100_00, an_option(), OURS) == 30


def test_without_one_of_its_own_it_has_that_of_everything_else() -> None:
    assert half_spread(1_000_00, FUTURE, Limits(half_spread_bps=30)) == 3_00


def test_it_is_what_a_real_future_shows_at_most() -> None:
    if not QUOTES.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{QUOTES} is missing: CI never skips")
        pytest.skip(f"{QUOTES} is missing: set SAUDA_TEST_DATA")
    quotes = pd.read_csv(QUOTES).query("type == 'full'")
    shown = (quotes.ask_price_1 - quotes.bid_price_1) / 2 / quotes.ltp * 10_000

    assert len(shown) == 355
    assert shown.median() == pytest.approx(0.48, abs=0.005)
    assert shown.quantile(0.75) < 0.79 < HALF_SPREAD_FUTURE_BPS
    assert shown.max() < 1.2
