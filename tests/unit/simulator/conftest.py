"""The real calendar and one prepared day of the market: NIFTY on the last Monday before a monthly expiry."""

from datetime import date
from pathlib import Path

import pytest

from sauda.calendar import Calendar, load_calendar
from sauda_simulator.market.day import MarketDay, trading_day

MONDAY = date(2026, 11, 30)


@pytest.fixture(scope="session")
def calendar() -> Calendar:
    return load_calendar(Path(__file__).parents[3] / "config" / "market")


@pytest.fixture(scope="session")
def market_day(calendar: Calendar) -> MarketDay:
    return MarketDay(1, trading_day(calendar, MONDAY), ["NIFTY", "BANKNIFTY"], calendar)
