"""The symbol masters: what is listed, as zipped text files with all their quirks.

Every line ends with a comma, the header too; NFO begins with placeholder rows; a future's strike is
-0.01; an index has tick 0 and two names that differ.
"""

import io
import zipfile
from collections.abc import Iterable

from sauda.contracts import InstrumentKind
from sauda_simulator.market.listing import Contract
from sauda_simulator.wire import INSTRUMENT_NAMES, expiry_text, option_type, plain

_CASH = "Exchange,Token,LotSize,Symbol,TradingSymbol,Instrument,TickSize,"
_DERIVATIVES = (
    "Exchange,Token,LotSize,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,"
)
HEADERS = {
    "NSE": _CASH,
    "BSE": _CASH,
    "NFO": _DERIVATIVES,
    "BFO": _DERIVATIVES,
    "MCX": "Exchange,Token,LotSize,GNGD,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,",
    "CDS": "Exchange,Token,LotSize,Precision,Multiplier,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,",
}
"""Exchange -> first line of its file."""

_NSE_ROWS = (
    "NSE,26000,1,Nifty 50,NIFTY INDEX,INDEX,0,",
    "NSE,26009,1,Nifty Bank,NIFTY BANK,INDEX,0,",
    "NSE,26017,1,INDIAVIX,INDIA VIX,INDEX,0,",
    "NSE,26037,1,Nifty Fin Services,FINNIFTY,INDEX,0,",
    "NSE,26074,1,NIFTY MID SELECT,MIDCPNIFTY,INDEX,0,",
    "NSE,26013,1,Nifty Next 50,NIFTYNXT50,INDEX,0,",
    "NSE,2885,1,RELIANCE,RELIANCE-EQ,EQ,0.1,",
)
"""The real file's indices, all of them whatever is simulated, and a share, so that a reader meets one."""

_PLACEHOLDERS = 18
_FIRST_PLACEHOLDER = 48_577


def master_text(exchange: str, contracts: Iterable[Contract]) -> str:
    """Return the file of *exchange*, which must be one of `HEADERS`."""
    lines = [HEADERS[exchange]]
    if exchange == "NSE":
        lines.extend(_NSE_ROWS)
    if exchange == "NFO":
        lines.extend(f"NFO,{_FIRST_PLACEHOLDER + row},,,,,,,0,0," for row in range(_PLACEHOLDERS))
        lines.extend(_derivative(one) for one in contracts if one.exchange == exchange)
    return "\n".join(lines) + "\n"


def master_zip(exchange: str, contracts: Iterable[Contract]) -> bytes:
    """Return the file of *exchange* in a zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{exchange}_symbols.txt", master_text(exchange, contracts))
    return packed.getvalue()


def _derivative(contract: Contract) -> str:
    strike = "-0.01" if contract.kind is InstrumentKind.FUTURE else plain(contract.strike or 0)
    fields = (
        contract.exchange,
        contract.token,
        str(contract.lot_size),
        contract.underlying,
        contract.trading_symbol,
        expiry_text(contract.expiry) if contract.expiry else "",
        INSTRUMENT_NAMES[contract.kind],
        option_type(contract),
        strike,
        plain(contract.tick_size),
    )
    return ",".join(fields) + ","
