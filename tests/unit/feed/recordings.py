"""Small recordings for tests: a few rows, written the way real ones are."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import csv, parquet

from sauda.clock import NS_PER_S, UnixNs
from sauda.recordings.timeline import Recording
from sauda.testing.builders import at

DAY = date(2025, 8, 29)
OPEN: UnixNs = at("09:15:00", DAY)
CALL = "NIFTY02SEP25C24500"
PUT = "NIFTY02SEP25P24500"

Row = Mapping[str, Any]


class Hours(NamedTuple):
    """The hours of a short day."""

    close_ns: UnixNs


class ShortDay:
    """A calendar of days that close a minute after the open."""

    def lot_size(self, underlying: str, day: date) -> int:
        """Return 75, whatever is asked."""
        return 75

    def session(self, exchange: str, day: date) -> Hours | None:
        """Return hours that end a minute after the open."""
        return Hours(at("09:16:00", day))


def row(second: float = 0, symbol: str = CALL, **columns: Any) -> Row:
    """Build a row so many seconds after the open."""
    exchange = "NSE" if symbol.startswith("Nifty") else "NFO"
    stamp = OPEN + round(second * NS_PER_S)
    return {"ts_utc_ns": stamp, "exchange": exchange, "trading_symbol": symbol, **columns}


def write(path: Path, rows: Sequence[Row]) -> Path:
    """Write *rows* as Parquet, or as CSV if the name says so."""
    names = list(dict.fromkeys(name for one in rows for name in one))
    table = pa.Table.from_pylist([{name: one.get(name) for name in names} for one in rows])
    if path.suffix == ".csv":
        csv.write_csv(table, path)
    else:
        parquet.write_table(table, path)
    return path


def recording(folder: Path, rows: Sequence[Row], underlyings: Sequence[str] = ("NIFTY",)) -> Recording:
    """Write *rows* and open them."""
    path = write(folder / "recording.parquet", rows)
    return Recording(path, frozenset(underlyings), ShortDay())
