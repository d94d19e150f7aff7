"""The page about six expiries shows what the backtest makes of them, and the fills are prices that the file has."""

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.expiries import EXPIRIES, STRADDLE, TABLES, file_of, main, played
from sauda.contracts import Side
from sauda_strategy.option_kinds import ShortStraddleRules
from sauda_strategy.rule_files import load_rules

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
PAGE = REPOSITORY / "docs/examples/straddle-2025-expiries.md"


@pytest.fixture
def data() -> Path:
    missing = [str(one) for day in EXPIRIES if not (one := file_of(DATA, day)).exists()]
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing[0]} is missing: CI never skips")
    if missing:
        pytest.skip(f"{missing[0]} is missing: set SAUDA_TEST_DATA")
    return DATA


@pytest.mark.slow
def test_the_page_shows_what_the_expiries_make(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(str(data))
    printed, text = capsys.readouterr().out, PAGE.read_text()

    for table in TABLES:
        shown = "\n".join(table(data))
        assert shown in printed
        assert shown in text, f"docs/examples/straddle-2025-expiries.md should show\n{shown}"


def test_the_straddle_of_the_page_is_the_one_that_a_new_desk_trades_but_for_its_entry() -> None:
    shipped = load_rules(REPOSITORY / "config/strategies").rules["nifty_straddle"]

    assert ShortStraddleRules.model_validate({**STRADDLE, "entry_time": "09:20"}) == shipped


@pytest.mark.parametrize("expiry", EXPIRIES, ids=str)
def test_what_was_traded_stands_in_the_file(data: Path, expiry: date) -> None:
    """The strike is at the money; sold near the open of 09:30, bought within the range of its bar."""
    bars = pd.read_parquet(file_of(data, expiry))
    # The index stands beside the bar at whose end it stood so: behind 09:15 is the one of 09:30.
    index = bars[bars.ts_ist == f"{expiry}T09:15:00.000000+05:30"].spot.iloc[0]
    bars["symbol"] = "NFO:" + bars.trading_symbol
    fills = played(STRADDLE, file_of(data, expiry), expiry, expiry).fills

    assert len(fills) == 4
    for fill in fills:
        mine = bars[(bars.symbol == fill.instrument) & (bars.ts_utc_ns <= fill.event_ns)].iloc[-1]
        # Half a spread beside the bar is what the exchange assumes where none is shown.
        assert mine.low * 0.97 - 0.1 <= fill.price / 100 <= mine.high * 1.03 + 0.1
        if fill.side is Side.SELL:
            assert mine.ts_ist.endswith("T09:30:00.000000+05:30")
            assert fill.price / 100 == pytest.approx(mine.open, rel=0.02)
            assert abs(mine.strike - index) < 55  # A step is 50; at 09:20 it was two.
