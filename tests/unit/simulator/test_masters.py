"""The symbol masters look like the broker's, quirks included."""

import csv
import io
import zipfile
from datetime import date

import pytest

from sauda.calendar import Calendar
from sauda.errors import ConfigError
from sauda.instruments import parse_symbol
from sauda_simulator.market.day import MarketDay, trading_day
from sauda_simulator.masters import HEADERS, master_text, master_zip


@pytest.mark.parametrize("exchange", HEADERS)
def test_every_line_ends_with_a_comma(market_day: MarketDay, exchange: str) -> None:
    lines = master_text(exchange, market_day.contracts).splitlines()

    assert lines[0].startswith("Exchange,Token,LotSize,")
    assert all(line.endswith(",") for line in lines)


@pytest.mark.parametrize("exchange", ["MCX", "BFO", "CDS", "BSE"])
def test_exchanges_that_are_not_simulated_list_nothing(market_day: MarketDay, exchange: str) -> None:
    assert len(master_text(exchange, market_day.contracts).splitlines()) == 1


def test_nfo_begins_with_placeholder_rows(market_day: MarketDay) -> None:
    lines = master_text("NFO", market_day.contracts).splitlines()

    assert lines[1] == "NFO,48577,,,,,,,0,0,"
    assert lines[18].endswith(",,,,,,,0,0,")
    assert lines[19].startswith("NFO,")
    assert "NIFTY" in lines[19]


def test_an_index_has_two_names_and_no_tick(market_day: MarketDay) -> None:
    assert (
        "NSE,26000,1,Nifty 50,NIFTY INDEX,INDEX,0," in master_text("NSE", market_day.contracts).splitlines()
    )


def test_rows_read_like_the_real_ones(market_day: MarketDay) -> None:
    rows = list(csv.DictReader(io.StringIO(master_text("NFO", market_day.contracts))))
    future = next(row for row in rows if row["TradingSymbol"] == "NIFTY29DEC26F")
    option = next(row for row in rows if row["Instrument"] == "OPTIDX" and row["Symbol"] == "BANKNIFTY")

    assert (future["StrikePrice"], future["OptionType"], future["TickSize"]) == ("-0.01", "XX", "0.1")
    assert (future["LotSize"], future["Expiry"], future["Instrument"]) == ("65", "29-DEC-2026", "FUTIDX")
    assert (option["LotSize"], option["TickSize"], option["Expiry"]) == ("30", "0.05", "29-DEC-2026")
    assert option["StrikePrice"].isdigit()


def test_the_zip_holds_one_text_file(market_day: MarketDay) -> None:
    with zipfile.ZipFile(io.BytesIO(master_zip("NFO", market_day.contracts))) as archive:
        assert archive.namelist() == ["NFO_symbols.txt"]
        assert archive.read("NFO_symbols.txt").decode() == master_text("NFO", market_day.contracts)


def test_each_expiry_has_twenty_strikes_on_either_side_of_the_open(market_day: MarketDay) -> None:
    chain = [c for c in market_day.contracts if c.underlying == "NIFTY" and c.expiry == date(2026, 12, 1)]
    strikes = sorted({c.strike for c in chain if c.strike is not None})

    assert len(strikes) == 41
    assert abs(strikes[20] - market_day.spot("NIFTY", 0)) <= 25_00
    assert strikes[1] - strikes[0] == 50_00


def test_nifty_has_weekly_and_monthly_expiries_and_banknifty_monthly_ones(market_day: MarketDay) -> None:
    def expiries(name: str) -> list[str]:
        found = {c.expiry for c in market_day.contracts if c.underlying == name and c.strike and c.expiry}
        return [f"{expiry:%d%b}" for expiry in sorted(found)]

    assert expiries("NIFTY")[:5] == ["01Dec", "08Dec", "15Dec", "22Dec", "29Dec"]
    assert len(expiries("NIFTY")) == 7
    assert expiries("BANKNIFTY")[0] == "29Dec"
    assert len(expiries("BANKNIFTY")) == 4


def test_every_index_with_options_on_nfo_can_be_simulated(calendar: Calendar) -> None:
    names = ["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY"]
    day = MarketDay(7, trading_day(calendar, date(2025, 8, 29)), names, calendar)

    assert {one.underlying for one in day.contracts} == set(names)
    assert len(day.by_key) == len(day.contracts) == len(day.by_symbol)


def test_chains_reach_as_far_as_they_are_asked_to(calendar: Calendar, market_day: MarketDay) -> None:
    hours, names = trading_day(calendar, date(2026, 11, 30)), ["NIFTY", "BANKNIFTY"]
    wide = MarketDay(1, hours, names, calendar, strikes_each_side=90)

    def strikes(day: MarketDay) -> int:
        return len({c.strike for c in day.contracts if c.underlying == "NIFTY" and c.strike})

    assert (strikes(market_day), strikes(wide)) == (41, 181)
    assert {c.key for c in market_day.contracts} < {c.key for c in wide.contracts}


@pytest.mark.parametrize("name", ["SENSEX", "CRUDEOIL", "NIFTYNXT50"])
def test_what_cannot_be_simulated_is_named(calendar: Calendar, name: str) -> None:
    with pytest.raises(ConfigError, match=f"SAUDA_UNDERLYINGS.*{name}"):
        MarketDay(1, trading_day(calendar, date(2026, 11, 30)), [name], calendar)


def test_tokens_are_unique_and_last_as_long_as_the_contract(
    calendar: Calendar, market_day: MarketDay
) -> None:
    later = MarketDay(1, trading_day(calendar, date(2026, 12, 1)), ["NIFTY", "BANKNIFTY"], calendar)
    today = {c.trading_symbol: c.token for c in market_day.contracts}
    common = [c for c in later.contracts if c.trading_symbol in today]

    assert len(set(today.values())) == len(today) == len(market_day.by_key)
    assert len(common) > 500
    assert all(today[c.trading_symbol] == c.token for c in common)


def test_trading_symbols_can_be_parsed_back(market_day: MarketDay) -> None:
    for contract in market_day.contracts:
        parsed = parse_symbol(contract.exchange, contract.trading_symbol)
        assert (parsed.underlying, parsed.kind) == (contract.underlying, contract.kind)
        assert (parsed.expiry, parsed.strike, parsed.right) == (
            contract.expiry,
            contract.strike,
            contract.right,
        )
