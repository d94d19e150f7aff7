"""Symbol masters with all their quirks become definitions of what a desk trades."""

import os
import zipfile
from datetime import date
from pathlib import Path

import pytest

from sauda.contracts import Instrument, InstrumentKind, Right
from sauda.instruments import underlying
from sauda_feed.noren_masters import definitions

DATA = Path(os.environ.get("SAUDA_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
NFO_HEAD = "Exchange,Token,LotSize,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,"
NFO = "\n".join(
    [
        NFO_HEAD,
        "NFO,48577,,,,,,,0,0,",
        "NFO,61471,65,NIFTY,NIFTY23NOV26F,23-NOV-2026,FUTIDX,XX,-0.01,0.1,",
        "NFO,44594,65,NIFTY,NIFTY01DEC26C24500,01-DEC-2026,OPTIDX,CE,24500,0.05,",
        "NFO,44595,65,NIFTY,NIFTY01DEC26P24500,01-DEC-2026,OPTIDX,PE,24500,0.05,",
        "NFO,44590,65,NIFTY,NIFTY17NOV26C24500,17-NOV-2026,OPTIDX,CE,24500,0.05,",
        *(
            f"NFO,{50000 + day},65,NIFTY,NIFTY{day:02d}DEC26C24500,{day:02d}-DEC-2026,OPTIDX,CE,24500,0.05,"
            for day in (8, 15, 22)
        ),
        "NFO,156870,900,ZYDUSLIFE,ZYDUSLIFE29SEP26C1600,29-SEP-2026,OPTSTK,CE,1600,0.05,",
        "NFO,70000,120,NIFTYNXT50,NIFTYNXT5029DEC26C70000,29-DEC-2026,OPTIDX,CE,70000,0.05,",
        "NFO,70001,abc,NIFTY,NIFTY01DEC26C24600,01-DEC-2026,OPTIDX,CE,24600,0.05,",
    ]
)
NSE = "Exchange,Token,LotSize,Symbol,TradingSymbol,Instrument,TickSize,\nNSE,26000,1,Nifty 50,NIFTY INDEX,INDEX,0,\n"
TODAY = date(2026, 11, 23)


def defined(texts: dict[str, str], *names: str, today: date = TODAY) -> dict[str, Instrument]:
    found = definitions(texts, [underlying(name) for name in names], today)
    return {one.instrument: one for one in found}


def test_a_desk_gets_the_index_all_futures_and_the_nearest_three_expiries() -> None:
    found = defined({"NFO": NFO, "NSE": NSE}, "NIFTY")

    assert set(found) == {
        "NSE:Nifty 50", "NFO:NIFTY23NOV26F", "NFO:NIFTY01DEC26C24500", "NFO:NIFTY01DEC26P24500",
        "NFO:NIFTY08DEC26C24500", "NFO:NIFTY15DEC26C24500",
    }  # fmt: skip


def test_a_definition_has_money_in_paise_and_dates_in_iso() -> None:
    found = defined({"NFO": NFO, "NSE": NSE}, "NIFTY")

    assert found["NFO:NIFTY01DEC26P24500"] == Instrument(
        "NFO:NIFTY01DEC26P24500", "NFO", "44595", "NIFTY", InstrumentKind.OPTION, 65, 5, "2026-12-01", 24500_00, Right.PUT
    )  # fmt: skip
    future = found["NFO:NIFTY23NOV26F"]
    assert (future.kind, future.tick_size, future.strike) == (InstrumentKind.FUTURE, 10, None)
    assert (found["NSE:Nifty 50"].token, found["NSE:Nifty 50"].kind) == ("26000", InstrumentKind.INDEX)


def test_an_mcx_lot_is_what_a_price_is_multiplied_with() -> None:
    head = "Exchange,Token,LotSize,GNGD,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,\n"
    rows = "MCX,1,100,1,CRUDEOIL,CRUDEOIL18DEC26,18-DEC-2026,FUTCOM,XX,0,1,\nMCX,2,100,0.1,GOLDM,GOLDM04DEC26,04-DEC-2026,FUTCOM,XX,0,1,\n"  # fmt: skip
    found = defined({"MCX": head + rows}, "CRUDEOIL", "GOLDM")

    assert {name: (one.lot_size, one.tick_size) for name, one in found.items()} == {
        "MCX:CRUDEOIL18DEC26": (100, 100),
        "MCX:GOLDM04DEC26": (10, 100),
    }


def test_bse_writes_the_underlying_into_the_trading_symbol_alone() -> None:
    rows = (
        "BFO,884141,75,SX50OPT,SENSEX5026DEC26900PE,24-DEC-2026,OPTIDX,PE,26900,0.05,\n"
        "BFO,884142,20,BSXOPT,SENSEX26DEC91000PE,31-DEC-2026,OPTIDX,PE,91000,0.05,\n"
    )
    found = defined({"BFO": f"{NFO_HEAD}\n{rows}"}, "SENSEX")

    assert set(found) == {"BFO:SENSEX26DEC91000PE", "BSE:SENSEX"}
    assert found["BFO:SENSEX26DEC91000PE"].expiry == "2026-12-31"


@pytest.mark.skipif(not DATA.is_dir(), reason="SAUDA_TEST_DATA is not there")
def test_a_real_master_gives_what_an_independent_count_gives() -> None:
    with zipfile.ZipFile(DATA / "symbol_masters" / "shoonya_NFO_symbols_2025-10-07.txt.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()

    found = defined({"NFO": text, "NSE": NSE}, "NIFTY", "BANKNIFTY", today=date(2025, 10, 7))

    options = [line.split(",") for line in text.splitlines() if ",OPTIDX," in line]
    for name, lot in (("NIFTY", 75), ("BANKNIFTY", 35)):
        mine = [one for one in found.values() if one.underlying == name and one.kind is InstrumentKind.OPTION]
        near = sorted({one.expiry or "" for one in mine})
        months = {"OCT": "10", "NOV": "11", "DEC": "12"}
        iso = [
            (f"{e[7:]}-{months.get(e[3:6], '99')}-{e[:2]}", row)
            for row in options
            if row[3] == name
            for e in (row[5],)
        ]
        assert near == sorted({day for day, _ in iso})[:3]
        assert len(mine) == sum(day in near for day, _ in iso)
        assert {one.lot_size for one in mine} == {lot}
