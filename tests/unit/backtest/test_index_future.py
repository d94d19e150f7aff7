"""An index that cannot be traded gets a future with its prices: the right contracts, lots and months of the day."""

from datetime import date
from pathlib import Path

import pytest

from sauda.backtest.index_future import IndexFutures
from sauda.contracts import Tick
from sauda.errors import ConfigError
from sauda.testing.builders import at
from tests.unit.backtest.made_up import CALENDAR, opened, written

NIFTY = "NSE:Nifty 50"


def futures(first: date, last: date, name: str = "NIFTY") -> IndexFutures:
    return IndexFutures([name], CALENDAR, at("09:15:00", first), at("15:30:00", last))


def test_contracts_expire_and_have_the_lots_of_their_day() -> None:
    found = futures(date(2024, 3, 1), date(2024, 5, 31))

    # The expiries and lots of NIFTY's futures of 2024, as the exchange had them.
    assert [(one.instrument, one.expiry, one.lot_size) for one in found.instruments] == [
        ("NFO:NIFTY28MAR24F", "2024-03-28", 50),
        ("NFO:NIFTY25APR24F", "2024-04-25", 50),
        ("NFO:NIFTY30MAY24F", "2024-05-30", 25),
        ("NFO:NIFTY27JUN24F", "2024-06-27", 25),
        ("NFO:NIFTY25JUL24F", "2024-07-25", 25),
    ]


@pytest.mark.parametrize(
    ("day", "there"),
    [
        (date(2024, 3, 27), ["NFO:NIFTY28MAR24F", "NFO:NIFTY25APR24F"]),
        (date(2024, 3, 28), ["NFO:NIFTY28MAR24F", "NFO:NIFTY25APR24F"]),
        (date(2024, 4, 1), ["NFO:NIFTY25APR24F", "NFO:NIFTY30MAY24F"]),
    ],
)
def test_two_months_trade_at_the_index_and_the_current_one_ends_with_its_expiry(
    day: date, there: list[str]
) -> None:
    found = futures(date(2024, 3, 1), date(2024, 5, 31))
    stamp = at("10:00:00", day)

    (batch,) = found.joined([[Tick(NIFTY, stamp, stamp, 22_000_05), Tick("NSE:Other", stamp, stamp, 1)]])

    assert [(one.instrument, one.ltp) for one in batch] == [
        (NIFTY, 22_000_05),
        *((name, 22_000_05) for name in there),
        ("NSE:Other", 1),
    ]


def test_what_was_read_once_is_read_again_from_its_first_month(tmp_path: Path) -> None:
    some = [
        {"ts_utc_ns": at("10:00:00", date(2024, month, 3)), "exchange": "NSE", "trading_symbol": "Nifty 50", "ltp": 22_000.0}
        for month in (4, 5, 6)
    ]  # fmt: skip
    data = opened(written(tmp_path / "index.parquet", some), trade_index=True)

    once, again = ([tick for batch in data.ticks() for tick in batch] for _ in range(2))

    assert once == again
    assert once[1].instrument == "NFO:NIFTY25APR24F"


def test_days_of_which_no_lot_is_known_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"lots of NIFTY are not known on 2009-05-18, only since .*: add them"
    ):
        futures(date(2009, 5, 18), date(2009, 5, 20))


def test_a_recording_of_an_index_alone_can_be_traded(tmp_path: Path) -> None:
    some = [
        {"ts_utc_ns": at(f"09:15:{second:02}", date(2022, 8, 10)), "exchange": "NSE", "trading_symbol": "Nifty 50", "ltp": 17_500 + second}
        for second in range(3)
    ]  # fmt: skip
    data = opened(written(tmp_path / "index.parquet", some), trade_index=True)

    ticks = [tick for batch in data.ticks() for tick in batch]

    assert [one.instrument for one in data.instruments] == [NIFTY, "NFO:NIFTY25AUG22F", "NFO:NIFTY29SEP22F"]
    assert [tick.ltp for tick in ticks if tick.instrument == "NFO:NIFTY25AUG22F"] == [
        17_500_00,
        17_501_00,
        17_502_00,
    ]
    assert data.source_of("NFO:NIFTY29SEP22F") == NIFTY
