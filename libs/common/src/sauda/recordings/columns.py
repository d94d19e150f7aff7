"""Reads a recording's file in pieces of bounded size: Parquet or CSV, only the columns that mean something to us."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv, parquet

from sauda.errors import ConfigError

PIECE_ROWS: Final = 65_536
"""Rows held at a time; within such a piece (or a smaller row group) unsorted rows are put in order."""

_LEVELS: Final = range(1, 6)
_NUMBERS: Final = ("ltp", "open", "high", "low", "close", "strike", "volume", "oi")
_TEXTS: Final = ("exchange", "trading_symbol", "expiry", "nse_time_ist")
_FLAGS: Final = ("preopen", "after_hours")
REQUIRED: Final = ("ts_utc_ns", "exchange", "trading_symbol")
BAR: Final = ("open", "high", "low", "close")


def level_name(name: str, level: int) -> str:
    """Return the column of a book level: `bid`, `bid2`, … `ask_qty5`."""
    return name if level == 1 else f"{name}{level}"


_BOOK: Final = tuple(
    level_name(name, level)
    for name in ("bid", "bid_qty", "bid_orders", "ask", "ask_qty", "ask_orders")
    for level in _LEVELS
)
KNOWN: Final = frozenset({"ts_utc_ns", "lot_size", *_NUMBERS, *_TEXTS, *_FLAGS, *_BOOK})


def column_names(path: Path) -> list[str]:
    """Return the names of the file's columns.

    Raises:
        ConfigError: there is no such file, or it is not a recording.
    """
    try:
        if _is_csv(path):
            with csv.open_csv(path) as reader:
                names: list[str] = reader.schema.names
        else:
            names = parquet.read_schema(path).names
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {path}") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise ConfigError(f"{path} cannot be read as Parquet or CSV: {error}") from error
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise ConfigError(f"{path} has no column {', '.join(missing)}")
    if "ltp" not in names and not set(BAR) <= set(names):
        raise ConfigError(f"{path} has neither a column ltp nor open, high, low and close")
    return names


def pieces(path: Path, names: list[str]) -> Iterator[pa.Table]:
    """Yield the file's rows in order, the columns *names* of at most `PIECE_ROWS` rows at a time."""
    if _is_csv(path):
        yield from _csv_pieces(path, names)
        return
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=PIECE_ROWS, columns=names):
                yield pa.Table.from_batches([batch])
    except (OSError, pa.ArrowInvalid) as error:
        raise ConfigError(f"{path} is damaged: {error}") from error


def fingerprint(path: Path) -> str:
    """Return a short text that tells this file from others: its size, its first and its last megabyte."""
    size = path.stat().st_size
    found = hashlib.blake2b(str(size).encode(), digest_size=8)
    with path.open("rb") as file:
        found.update(file.read(1 << 20))
        file.seek(max(0, size - (1 << 20)))
        found.update(file.read())
    return found.hexdigest()


def _is_csv(path: Path) -> bool:
    return ".csv" in path.suffixes


def _csv_pieces(path: Path, names: list[str]) -> Iterator[pa.Table]:
    # Told, not guessed: a guess is made from the first rows and fails on a later one.
    types: dict[str, Any] = {name: pa.float64() for name in names}
    types |= {name: pa.string() for name in names if name in _TEXTS}
    types |= {name: pa.bool_() for name in names if name in _FLAGS}
    types["ts_utc_ns"] = pa.int64()
    convert = csv.ConvertOptions(column_types=types, include_columns=names, strings_can_be_null=True)
    try:
        with csv.open_csv(path, convert_options=convert) as reader:
            for batch in reader:
                for start in range(0, batch.num_rows, PIECE_ROWS):
                    yield pa.Table.from_batches([batch.slice(start, PIECE_ROWS)])
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path} has a value of the wrong kind: {error}") from error
