"""Symbol masters with all their quirks become definitions of what a desk trades."""

import io
import os
import threading
import zipfile
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sauda.contracts import Instrument, InstrumentKind, Right
from sauda.errors import TransientError
from sauda.instruments import underlying
from sauda_feed.noren_masters import Masters, definitions

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


class FilesServer(ThreadingHTTPServer):
    """Serves one file under any name, and says 304 to whoever has this version of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FileRequest)
        self.content = b""
        self.url = f"http://127.0.0.1:{self.server_port}"


class FileRequest(BaseHTTPRequestHandler):
    server: FilesServer

    def do_GET(self) -> None:
        if self.headers.get("If-None-Match") == "one version":
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", "one version")
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def files() -> Iterator[FilesServer]:
    with FilesServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def zipped(text: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("file.txt", text)
    return packed.getvalue()


def changed(content: bytes, at: int, to: bytes) -> bytes:
    return content[:at] + to + content[at + len(to) :]


WHOLE = zipped(NFO.encode())
IN_DIRECTORY = WHOLE.rindex(b"PK\x01\x02")
DAMAGED = {
    "a page instead": b"<html>busy</html>",
    "cut short": WHOLE[:-30],
    "nothing": b"",
    "bits turned": changed(WHOLE, 60, b"\xff" * 40),
    "another length": changed(WHOLE, IN_DIRECTORY + 20, b"\x10\x00"),
    "encrypted": changed(changed(WHOLE, 6, b"\x01"), IN_DIRECTORY + 8, b"\x01"),
    "an unknown method": changed(changed(WHOLE, 8, b"\x63"), IN_DIRECTORY + 10, b"\x63"),
    "not UTF-8": zipped(b"\xff\xfe" + NFO.encode()),
    "lzma that is none": changed(zipped(NFO.encode(), zipfile.ZIP_LZMA), 50, b"\xff" * 60),
    "a field without an end": zipped(f'{NFO_HEAD}\nNFO,"{"x" * 200_000}'.encode()),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_master_is_named_and_read_again_once_it_is_whole(
    files: FilesServer, content: bytes
) -> None:
    masters = Masters(files.url, ["NIFTY"])
    files.content = content

    with pytest.raises(TransientError, match=f"symbol master {files.url}/NFO_symbols.txt.zip .*[a-z]"):
        masters.read(TODAY)

    files.content = WHOLE
    assert "NFO:NIFTY01DEC26C24500" in {one.instrument for one in masters.read(TODAY)}


def test_a_master_that_has_not_changed_is_not_sent_again(files: FilesServer) -> None:
    masters = Masters(files.url, ["NIFTY"])
    files.content = WHOLE
    before = masters.read(TODAY)
    files.content = b"would be damaged"

    assert masters.read(TODAY) == before


@pytest.mark.parametrize(
    "line",
    [
        "NFO,1,65,NIFTY,NIFTY01DEC26C24700,01-DEC-2026,OPTIDX",
        "NFO,1,65,NIFTY,NIFTY01DEC26C24700,,OPTIDX,CE,24700,0.05,",
        "NFO,1,1e999,NIFTY,NIFTY01DEC26C24700,01-DEC-2026,OPTIDX,CE,24700,0.05,",
        "NFO,1,65,NIFTY,NIFTY01DEC26C24700,01-DEC-2026,OPTIDX,CE,24700,Infinity,",
    ],
)
def test_a_line_that_makes_no_sense_is_passed_over(line: str) -> None:
    found = defined({"NFO": f"{NFO}\n{line}\n", "NSE": "Instrument,\nINDEX,\n"}, "NIFTY")

    assert "NFO:NIFTY01DEC26C24500" in found
    assert "NFO:NIFTY01DEC26C24700" not in found
