"""Names of what is traded: every broker's spelling leads to one name, and symbols are read as they are written."""

import csv
import gzip
import io
import os
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import InstrumentKind, Right
from sauda.errors import ConfigError, ContractError
from sauda.instruments import (
    ParsedSymbol,
    canonical,
    format_symbol,
    index_instrument,
    parse_symbol,
    split_instrument,
    underlying,
    underlyings,
)
from sauda.money import to_paise

REPOSITORY = Path(__file__).parents[3]
MASTERS = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data")) / "symbol_masters"
FUTURE, OPTION = InstrumentKind.FUTURE, InstrumentKind.OPTION


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NIFTY", "NIFTY"),
        ("Nifty 50", "NIFTY"),
        ("NIFTY INDEX", "NIFTY"),
        (" nifty  50 ", "NIFTY"),
        ("Nifty Bank", "BANKNIFTY"),
        ("NIFTY BANK", "BANKNIFTY"),
        ("Nifty Fin Services", "FINNIFTY"),
        ("NIFTY MID SELECT", "MIDCPNIFTY"),
        ("BSXOPT", "SENSEX"),
        ("crudeoilm", "CRUDEOILM"),
    ],
)
def test_an_underlying_has_one_name(name: str, expected: str) -> None:
    assert canonical(name) == expected


def test_an_unknown_underlying_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="unknown underlying 'NIFTI': take one of NIFTY, BANKNIFTY"):
        canonical("NIFTI")


def test_the_underlyings_of_the_desk_are_all_there() -> None:
    wanted = "NIFTY BANKNIFTY FINNIFTY MIDCPNIFTY SENSEX CRUDEOIL CRUDEOILM GOLD GOLDM SILVER SILVERM"

    assert {*wanted.split(), "COPPER", "NATURALGAS", "ZINC"} <= {one.name for one in underlyings()}


def test_an_index_is_quoted_under_the_feeds_name_and_a_commodity_has_none() -> None:
    assert index_instrument("NIFTY") == "NSE:Nifty 50"
    assert index_instrument("BANKNIFTY") == "NSE:Nifty Bank"
    assert index_instrument("SENSEX") == "BSE:SENSEX"
    assert index_instrument("GOLDM") is None
    assert underlying("SENSEX").exchange_derivatives == "BFO"
    assert underlying("Nifty 50").index_token == "26000"


@pytest.mark.parametrize(
    ("exchange", "symbol", "parsed"),
    [
        (
            "NFO",
            "NIFTY01DEC26C24500",
            ParsedSymbol("NIFTY", OPTION, date(2026, 12, 1), 24_500_00, Right.CALL),
        ),
        ("NFO", "NIFTY23NOV26F", ParsedSymbol("NIFTY", FUTURE, date(2026, 11, 23))),
        ("NFO", "NIFTYNXT5025NOV25F", ParsedSymbol("NIFTYNXT50", FUTURE, date(2025, 11, 25))),
        ("NFO", "M&M30DEC25P3517.5", ParsedSymbol("M&M", OPTION, date(2025, 12, 30), 3_517_50, Right.PUT)),
        ("MCX", "CRUDEOIL19AUG26", ParsedSymbol("CRUDEOIL", FUTURE, date(2026, 8, 19))),
        (
            "MCX",
            "CRUDEOILM15OCT26P3750",
            ParsedSymbol("CRUDEOILM", OPTION, date(2026, 10, 15), 3_750_00, Right.PUT),
        ),
        ("MCX", "ZINC24MAR26C297.5", ParsedSymbol("ZINC", OPTION, date(2026, 3, 24), 297_50, Right.CALL)),
        (
            "BFO",
            "SENSEX24N2273200PE",
            ParsedSymbol("SENSEX", OPTION, date(2024, 11, 22), 73_200_00, Right.PUT),
        ),
        (
            "BFO",
            "SENSEX2640992800CE",
            ParsedSymbol("SENSEX", OPTION, date(2026, 4, 9), 92_800_00, Right.CALL),
        ),
        ("BFO", "SENSEX26SEP91000PE", ParsedSymbol("SENSEX", OPTION, None, 91_000_00, Right.PUT, (2026, 9))),
        ("BFO", "SENSEX5026MARFUT", ParsedSymbol("SENSEX50", FUTURE, expiry_month=(2026, 3))),
        ("NSE", "Nifty 50", ParsedSymbol("NIFTY", InstrumentKind.INDEX)),
        ("NSE", "BAJAJ-AUTO-EQ", ParsedSymbol("BAJAJ-AUTO", InstrumentKind.EQUITY, series="EQ")),
        ("BSE", "SENSEX", ParsedSymbol("SENSEX", InstrumentKind.INDEX)),
    ],
)
def test_a_symbol_says_what_it_is(exchange: str, symbol: str, parsed: ParsedSymbol) -> None:
    assert parse_symbol(exchange, symbol) == parsed
    assert format_symbol(exchange, parsed) == symbol


@pytest.mark.parametrize(
    ("exchange", "symbol"),
    [
        pytest.param("NFO", "NIFTY", id="no expiry"),
        pytest.param("NFO", "", id="empty"),
        pytest.param("NFO", "NIFTY19AUG26", id="a future of NFO ends with F"),
        pytest.param("MCX", "CRUDEOIL19AUG26F", id="a future of MCX does not"),
        pytest.param("NFO", "NIFTY31NOV26F", id="a day that does not exist"),
        pytest.param("NFO", "NIFTY01DEC26C", id="no strike"),
        pytest.param("NFO", "NIFTY01DEC26C024500", id="a strike that nobody writes so"),
        pytest.param("NFO", "SENSEX26SEP91000PE", id="another exchange's grammar"),
        pytest.param("BFO", "SENSEX26X0991000PE", id="no such month"),
        pytest.param("BFO", "SENSEX2643191000PE", id="31 April"),
        pytest.param("CDS", "GBPUSD29DEC26P1.495", id="a strike finer than a paisa"),
        pytest.param("NSE", "", id="an empty equity"),
        pytest.param("LSE", "VOD", id="unknown exchange"),
    ],
)
def test_what_is_no_symbol_of_an_exchange_is_refused_by_name(exchange: str, symbol: str) -> None:
    with pytest.raises(ContractError) as refusal:
        parse_symbol(exchange, symbol)
    assert repr(symbol) in str(refusal.value) or exchange in str(refusal.value)


def test_a_contract_that_an_exchange_cannot_write_is_refused() -> None:
    weekly_future = ParsedSymbol("SENSEX", FUTURE, date(2026, 4, 9))

    with pytest.raises(ContractError, match="BFO writes no symbol"):
        format_symbol("BFO", weekly_future)


def test_an_instrument_is_an_exchange_and_a_symbol() -> None:
    assert split_instrument("NFO:NIFTY01DEC26C24500") == ("NFO", "NIFTY01DEC26C24500")
    for wrong in ("NIFTY", ":NIFTY", "NFO:", ""):
        with pytest.raises(ContractError, match="EXCHANGE:TRADINGSYMBOL"):
            split_instrument(wrong)


BASES = st.sampled_from([one.name for one in underlyings()]) | st.from_regex(r"[A-Z&-]{1,12}", fullmatch=True)
EXPIRIES = st.dates(date(2000, 1, 1), date(2099, 12, 31))
STRIKES = st.integers(1, 10_000_000_00)
MONTHS = st.tuples(st.integers(2000, 2099), st.integers(1, 12))


def _dated(base: str, expiry: date, strike: int | None, right: Right) -> ParsedSymbol:
    if strike is None:
        return ParsedSymbol(base, FUTURE, expiry)
    return ParsedSymbol(base, OPTION, expiry, strike, right)


@given(
    st.sampled_from(["NFO", "MCX", "CDS"]),
    st.builds(_dated, BASES, EXPIRIES, st.none() | STRIKES, st.sampled_from(Right)),
)
def test_a_dated_symbol_is_read_as_it_was_written(exchange: str, symbol: ParsedSymbol) -> None:
    assert parse_symbol(exchange, format_symbol(exchange, symbol)) == symbol


def _monthly(base: str, month: tuple[int, int], strike: int | None, right: Right) -> ParsedSymbol:
    if strike is None:
        return ParsedSymbol(base, FUTURE, expiry_month=month)
    return ParsedSymbol(base, OPTION, None, strike, right, month)


@given(st.builds(_monthly, BASES, MONTHS, st.none() | STRIKES, st.sampled_from(Right)))
def test_a_monthly_symbol_of_bfo_is_read_as_it_was_written(symbol: ParsedSymbol) -> None:
    assert parse_symbol("BFO", format_symbol("BFO", symbol)) == symbol


@given(st.builds(_dated, st.sampled_from(["SENSEX", "BANKEX"]), EXPIRIES, STRIKES, st.sampled_from(Right)))
def test_a_weekly_symbol_of_bfo_is_read_as_it_was_written(symbol: ParsedSymbol) -> None:
    assert parse_symbol("BFO", format_symbol("BFO", symbol)) == symbol


def _rows(name: str) -> Iterator[dict[str, str]]:
    if not MASTERS.is_dir() and not os.environ.get("CI"):
        pytest.skip(f"no symbol masters at {MASTERS}: set SAUDA_TEST_DATA")
    path = MASTERS / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode()
    else:
        text = gzip.decompress(path.read_bytes()).decode()
    yield from csv.DictReader(io.StringIO(text))


@cache
def _expiry(text: str) -> date:
    return datetime.strptime(text.title(), "%d-%b-%Y").date()  # noqa: DTZ007  (a date has no zone)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("shoonya_NFO_symbols_2025-10-07.txt.zip", 83_945),
        ("shoonya_BFO_symbols_2026-03.txt.gz", 42_361),
        ("shoonya_MCX_symbols_2026-03.txt.gz", 34_143),
    ],
)
def test_every_derivative_of_the_real_masters_is_read_as_its_columns_say(name: str, least: int) -> None:
    seen = 0
    for row in _rows(name):
        exchange, symbol = row["Exchange"], row["TradingSymbol"]
        parsed = parse_symbol(exchange, symbol)
        expiry = _expiry(row["Expiry"])
        seen += 1

        assert format_symbol(exchange, parsed) == symbol
        assert parsed.expiry in (expiry, None), symbol
        assert parsed.expiry or parsed.expiry_month == (expiry.year, expiry.month), symbol
        assert (parsed.right.value if parsed.right else "XX") == row["OptionType"], symbol
        assert parsed.strike is None or parsed.strike == to_paise(row["StrikePrice"]), symbol
        assert exchange == "BFO" or parsed.underlying == row["Symbol"], symbol
    assert seen == least


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("shoonya_NSE_symbols_2026-01.txt.gz", 8_634),
        ("shoonya_NSE_symbols_2023-10.txt.gz", 5_784),
        ("shoonya_BSE_symbols_2023-10.txt.gz", 11_151),
    ],
)
def test_every_line_of_the_real_cash_masters_is_read_as_it_is_written(name: str, least: int) -> None:
    symbols = [
        # The feed names an index by its Symbol, everything else by its TradingSymbol.
        (row["Exchange"], row["Symbol"] if row["Instrument"] == "INDEX" else row["TradingSymbol"])
        for row in _rows(name)
    ]

    assert len(symbols) == least
    for exchange, symbol in symbols:
        assert format_symbol(exchange, parse_symbol(exchange, symbol)) == symbol


def test_currency_contracts_are_read_unless_their_strike_is_finer_than_a_paisa() -> None:
    refused = set()
    for row in _rows("shoonya_CDS_symbols_2026-03.txt.gz"):
        if row["Instrument"] == "UNDCUR":
            continue
        try:
            symbol = parse_symbol("CDS", row["TradingSymbol"])
        except ContractError:
            refused.add(row["Symbol"])
            assert len(row["StrikePrice"].partition(".")[2]) > 2, row
        else:
            assert format_symbol("CDS", symbol) == row["TradingSymbol"]
    assert refused <= {"GBPUSD", "EURUSD", "USDINR"}


@pytest.mark.parametrize("name", ["shoonya_NSE_symbols_2026-01.txt.gz", "shoonya_NSE_symbols_2023-10.txt.gz"])
def test_the_indices_have_the_masters_tokens(name: str) -> None:
    tokens = {row["Symbol"]: row["Token"] for row in _rows(name) if row["Instrument"] == "INDEX"}
    ours = {one.index_symbol: one.index_token for one in underlyings() if one.exchange_index == "NSE"}

    listed = {symbol: token for symbol, token in ours.items() if symbol in tokens}
    assert len(listed) >= 4  # the master of 2023 has no Nifty Next 50
    assert listed.items() <= tokens.items()
