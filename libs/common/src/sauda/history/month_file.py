"""One file of the store: the bars of one month, and which stretches of it were looked into. Bytes in, bytes out.

A file is a recording, too: its columns are those that `sauda.recordings` reads, prices in rupees as exact decimals. So what was
backfilled can be played and backtested as it lies there.
"""

import io
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sauda.contracts import InstrumentId, PastBar
from sauda.errors import SaudaError
from sauda.history.spans import Span

_RUPEES: Final = pa.decimal128(18, 2)
_SCHEMA: Final = pa.schema(
    [
        pa.field("ts_utc_ns", pa.int64(), nullable=False),
        pa.field("exchange", pa.string(), nullable=False),
        pa.field("trading_symbol", pa.string(), nullable=False),
        *(pa.field(name, _RUPEES, nullable=False) for name in ("open", "high", "low", "close")),
        pa.field("volume", pa.int64()),
        pa.field("oi", pa.int64()),
    ]
)
_ABOUT: Final = b"sauda.history"
_UNREADABLE: Final = (pa.ArrowException, OSError, KeyError, ValueError, struct.error, msgspec.MsgspecError)


class DamagedHistoryError(SaudaError):
    """A file of the store does not hold what was written."""


class About(msgspec.Struct, frozen=True):
    """What a file says of itself."""

    instrument: InstrumentId
    timeframe: str
    market: str
    looked: list[Span]
    """Where every bar that there is stands in the file; elsewhere some may be missing."""


class Month(NamedTuple):
    """The contents of a file."""

    about: About
    bars: Sequence[PastBar]
    """Oldest first, none twice."""


def packed(month: Month) -> bytes:
    """Return the file of *month*: Parquet, zstd, with a checksum for each page."""
    exchange, _, symbol = month.about.instrument.partition(":")
    bars, count = month.bars, len(month.bars)
    columns = [
        pa.array([bar.start_ns for bar in bars], pa.int64()),
        pa.array([exchange] * count, pa.string()),
        pa.array([symbol] * count, pa.string()),
        *(_rupees([getattr(bar, name) for bar in bars]) for name in ("open", "high", "low", "close")),
        pa.array([bar.volume for bar in bars], pa.int64()),
        pa.array([bar.oi for bar in bars], pa.int64()),
    ]
    about = {_ABOUT: msgspec.json.encode(month.about)}
    table = pa.Table.from_arrays(columns, schema=_SCHEMA.with_metadata(about))
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd", write_page_checksum=True)
    return file.getvalue()


def opened(data: bytes, name: str) -> Month:
    """Return what the file *name* holds.

    Raises:
        DamagedHistoryError: it is none of ours, or not what was written.
    """
    try:
        with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
            about = msgspec.json.decode(file.schema_arrow.metadata[_ABOUT], type=About)
            # One of the library's threads may still hold our bytes when the program ends, and would end it by an abort.
            table = file.read(use_threads=False)
        return Month(about, _bars(table.combine_chunks()))
    except (*_UNREADABLE, TypeError) as error:
        raise DamagedHistoryError(
            f"{name} is no file of bars, or a damaged one ({type(error).__name__}: {str(error)[:120]}): "
            "remove it and backfill again"
        ) from error


def _bars(table: Any) -> list[PastBar]:
    starts = table["ts_utc_ns"].to_pylist()
    prices = [_paise(table[name]) for name in ("open", "high", "low", "close")]
    counts = [table[name].to_pylist() for name in ("volume", "oi")]
    return [PastBar(*row) for row in zip(starts, *prices, *counts, strict=True)]


def _rupees(paise: list[int]) -> Any:
    """Return paise as decimals with two places: the same number, read differently."""
    low = np.array(paise, dtype="<i8")
    both = np.empty((len(paise), 2), dtype="<i8")
    both[:, 0], both[:, 1] = low, low >> 63
    return pa.Array.from_buffers(_RUPEES, len(paise), [None, pa.py_buffer(both.tobytes())])


def _paise(column: Any) -> list[int]:
    """Return decimals as paise."""
    # Prices fit in 64 bits, so the upper half of each 128 is its sign alone.
    found: list[int] = []
    for chunk in column.chunks:
        raw = np.frombuffer(chunk.buffers()[1], dtype="<i8").reshape(-1, 2)
        found += raw[chunk.offset : chunk.offset + len(chunk), 0].tolist()
    return found
