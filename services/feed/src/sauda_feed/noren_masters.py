"""The broker's symbol masters: fetched over HTTP, cut down to what a desk trades, made into definitions.

Each is a zip with one CSV of up to 85,000 lines; every line ends in a comma, some are placeholders. Read by the names of the columns: files
of different exchanges have different ones.
"""

import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

import requests

from sauda.contracts import Instrument, InstrumentKind
from sauda.errors import ContractError, TransientError
from sauda.instruments import Underlying, index_instrument, parse_symbol, underlying
from sauda.money import Paise, to_paise

EXPIRIES: Final = 3
"""Options are defined for so many expiries, the nearest ones; futures for all."""
_KINDS: Final = frozenset({"FUTIDX", "OPTIDX", "FUTCOM", "OPTFUT"})
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_TIMEOUT_S: Final = (5, 30)
_DEFAULT_TICK: Final[Paise] = 5
_MAX_BYTES: Final = 200_000_000
_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    # Encrypted, or packed in a way unknown here (NotImplementedError); wrong offsets and wrong letters (UnicodeError).
    *(RuntimeError, ValueError, ArithmeticError, MemoryError),
)
"""What `zipfile` and its unpackers raise for a file that is none, or not whole."""
_BAD_ROW: Final = (ContractError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What a line raises whose fields are missing or not what they should be."""


class _Fetched(NamedTuple):
    text: str
    conditions: dict[str, str]
    """Headers that ask for the file only if it has changed since."""


class Masters:
    """Fetches the files; what has not changed is not sent again."""

    def __init__(self, base_url: str, underlyings: Iterable[str]) -> None:
        self._base_url = base_url.rstrip("/")
        self._underlyings = [underlying(name) for name in underlyings]
        self._fetched: dict[str, _Fetched] = {}
        """exchange -> its file as fetched last"""

    def read(self, today: date) -> list[Instrument]:
        """Return all definitions of the underlyings, sorted.

        Args:
            today: The market's date: what expired before it is left out.

        Raises:
            TransientError: a file cannot be had now, or is damaged; the message names its address.
        """
        texts = {exchange: self._fetch(exchange) for exchange in self._exchanges()}
        try:
            return definitions(texts, self._underlyings, today)
        except ContractError as error:
            # It may have been damaged on its way: it must not be "unchanged since" when it is asked for again.
            self._fetched.clear()
            raise TransientError(f"symbol master {self._base_url}/{error}") from error

    def _exchanges(self) -> list[str]:
        wanted = {one.exchange_derivatives for one in self._underlyings}
        return sorted(wanted | {"NSE" for one in self._underlyings if one.exchange_index == "NSE"})

    def _fetch(self, exchange: str) -> str:
        url = f"{self._base_url}/{_file(exchange)}"
        before = self._fetched.get(exchange)
        try:
            reply = requests.get(url, timeout=_TIMEOUT_S, headers=before.conditions if before else {})
            if reply.status_code == 304 and before is not None:
                return before.text
            if reply.status_code != 200:
                raise TransientError(f"symbol master {url} answers HTTP {reply.status_code}")
            text = _unzipped(reply.content)
        except requests.RequestException as error:
            raise TransientError(f"symbol master {url} cannot be had: {error}") from error
        except _DAMAGED as error:
            raise TransientError(
                f"symbol master {url} is damaged: {type(error).__name__}: {error}"
            ) from error
        self._fetched[exchange] = _Fetched(text, _conditions(reply.headers))
        return text


def _file(exchange: str) -> str:
    return f"{exchange}_symbols.txt.zip"


def _conditions(headers: Mapping[str, str]) -> dict[str, str]:
    pairs = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
    return {ask: headers[told] for ask, told in pairs if told in headers}


def _unzipped(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) != 1 or members[0].file_size > _MAX_BYTES:
            raise zipfile.BadZipFile(f"holds {len(members)} files, expected one of sensible size")
        return archive.read(members[0]).decode("utf-8")


def definitions(texts: Mapping[str, str], underlyings: Iterable[Underlying], today: date) -> list[Instrument]:
    """Return what *texts* (exchange -> file) define for *underlyings*, sorted by instrument.

    A line that makes no sense is passed over: some are placeholders.

    Raises:
        ContractError: a file is not CSV; the message begins with its name.
    """
    wanted = {one.name: one for one in underlyings}
    derivatives = [
        found
        for exchange, text in texts.items()
        if exchange != "NSE"
        for found in _derivatives(exchange, text, wanted)
        if (found.expiry or "") >= today.isoformat()
    ]
    near = _nearest(derivatives)
    kept = [
        one
        for one in derivatives
        if one.kind is InstrumentKind.FUTURE or (one.underlying, one.expiry) in near
    ]
    tokens = _index_tokens("NSE", texts.get("NSE", ""))
    return sorted([*kept, *_indices(wanted.values(), tokens)], key=lambda one: one.instrument)


def _nearest(derivatives: Iterable[Instrument]) -> set[tuple[str, str | None]]:
    """Return (underlying, expiry) of the nearest expiries that have options."""
    expiries: dict[str, set[str]] = {}
    for one in derivatives:
        if one.kind is InstrumentKind.OPTION and one.expiry:
            expiries.setdefault(one.underlying, set()).add(one.expiry)
    return {(name, expiry) for name, found in expiries.items() for expiry in sorted(found)[:EXPIRIES]}


def _rows(exchange: str, text: str) -> Iterator[dict[str, str]]:
    try:
        yield from csv.DictReader(io.StringIO(text))
    except csv.Error as error:
        raise ContractError(f"{_file(exchange)} is not CSV: {error}") from error


def _derivatives(exchange: str, text: str, wanted: Mapping[str, Underlying]) -> Iterator[Instrument]:
    prefixes = tuple(wanted)
    for row in _rows(exchange, text):
        symbol = row.get("TradingSymbol") or ""
        # Most lines are shares' contracts: they are passed over before anything costly is done.
        if row.get("Instrument") not in _KINDS or not symbol.startswith(prefixes):
            continue
        try:
            parsed = parse_symbol(exchange, symbol)
            if parsed.underlying not in wanted or wanted[parsed.underlying].exchange_derivatives != exchange:
                continue
            yield Instrument(
                instrument=f"{exchange}:{symbol}",
                exchange=exchange,
                token=row["Token"],
                underlying=parsed.underlying,
                kind=parsed.kind,
                lot_size=_lot_size(row),
                tick_size=to_paise(row["TickSize"]) or _DEFAULT_TICK,
                expiry=_iso_date(row["Expiry"]),
                strike=parsed.strike,
                right=parsed.right,
            )
        except _BAD_ROW:
            continue


def _lot_size(row: Mapping[str, str]) -> int:
    """Return units in a lot: on MCX, lot size times the general numerator, so that units x price is money."""
    return round(int(row["LotSize"]) * float(row.get("GNGD") or 1))


def _iso_date(text: str) -> str:
    """`01-DEC-2026` is `2026-12-01`."""
    day, month, year = text.split("-")
    return date(int(year), _MONTHS.index(month.upper()) + 1, int(day)).isoformat()


def _index_tokens(exchange: str, text: str) -> dict[str, str]:
    """Return the index's name in the feed -> its token, as the file of *exchange* says."""
    rows = (row for row in _rows(exchange, text) if row.get("Instrument") == "INDEX")
    return {row.get("Symbol") or "": row.get("Token") or "" for row in rows}


def _indices(wanted: Iterable[Underlying], tokens: Mapping[str, str]) -> Iterator[Instrument]:
    for one in wanted:
        name = index_instrument(one.name)
        token = tokens.get(one.index_symbol or "") or one.index_token
        if name and token and one.exchange_index:
            yield Instrument(name, one.exchange_index, token, one.name, InstrumentKind.INDEX)
