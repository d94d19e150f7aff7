"""The local store: bars of the past in files, one for each market, instrument, timeframe and month.

    var/history/real/NSE/Nifty%2050/1m/2026-11.parquet

A file is replaced whole or not at all, so a writer that is killed leaves what was there. Each says which stretches were looked
into: a minute without a bar in such a stretch had no trade, one outside is not known.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, time
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sauda.bars.timeframes import MINUTE
from sauda.clock import UnixNs, from_ist, ist_date
from sauda.contracts import InstrumentId, PastBar
from sauda.errors import SaudaError
from sauda.history.month_file import About, Month, opened, packed
from sauda.history.spans import Span, common, joined

_HALF: Final = ".half"
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})\.parquet")
_LONGEST_NAME: Final = 200
"""Bytes of a file's name that every file system takes."""


class HistoryStoreError(SaudaError):
    """The store cannot be written or read; what was there before still is."""


class HistoryStore:
    """The bars of one market."""

    def __init__(self, root: Path, market: str) -> None:
        """*root* is the setting `history`; nothing is made before something is written."""
        self.root = root / market
        self.market = market

    def read(self, instrument: InstrumentId, timeframe: str, span: Span) -> list[PastBar]:
        """Return the bars that begin in *span*, oldest first.

        Raises:
            HistoryStoreError: a file cannot be read.
            DamagedHistoryError: one holds something else than was written.
        """
        months = self._months(instrument, timeframe, span)
        return [bar for one in months for bar in one.bars if span.from_ns <= bar.start_ns < span.to_ns]

    def looked(self, instrument: InstrumentId, timeframe: str, span: Span) -> list[Span]:
        """Return the stretches of *span* of which all bars are here.

        Raises:
            HistoryStoreError, DamagedHistoryError: as `read`.
        """
        months = self._months(instrument, timeframe, span)
        return common(joined(one for month in months for one in month.about.looked), span)

    def first(self, instrument: InstrumentId) -> UnixNs | None:
        """Return the beginning of the first month of which bars are here, whatever their length; None: there are none.

        Raises:
            HistoryStoreError: the name cannot be one of a folder.
        """
        folder = self._folder(instrument, MINUTE).parent
        months = [path.stem for path in folder.glob("*/*.parquet") if _MONTH.fullmatch(path.name)]
        return from_ist(date.fromisoformat(f"{min(months)}-01"), time()) if months else None

    def add(
        self, instrument: InstrumentId, timeframe: str, bars: Iterable[PastBar], looked: Sequence[Span]
    ) -> None:
        """Keep *bars*, and that all there are in *looked* are among them; a bar that is here already is replaced.

        Raises:
            HistoryStoreError: the disk is full, or the folder is not ours to write; the month is as it was.
            DamagedHistoryError: what is here cannot be read.
        """
        by_month: dict[str, dict[UnixNs, PastBar]] = {}
        for bar in bars:
            by_month.setdefault(_month_of(bar.start_ns), {})[bar.start_ns] = bar
        parts = _by_month(looked)
        folder = self._folder(instrument, timeframe)
        for month in sorted(by_month.keys() | parts.keys()):
            with _complaints(folder), _alone(folder):
                self._merge(
                    folder / f"{month}.parquet",
                    About(instrument, timeframe, self.market, parts.get(month, [])),
                    by_month.get(month, {}),
                )

    def _merge(self, path: Path, about: About, bars: dict[UnixNs, PastBar]) -> None:
        before = opened(path.read_bytes(), str(path)) if path.exists() else None
        old = {bar.start_ns: bar for bar in before.bars} if before else {}
        looked = joined([*about.looked, *(before.about.looked if before else ())])
        new = {**old, **bars}
        if before is not None and new == old and looked == before.about.looked:
            return
        whole = About(about.instrument, about.timeframe, about.market, looked)
        _replace(path, packed(Month(whole, [new[start] for start in sorted(new)])))

    def _months(self, instrument: InstrumentId, timeframe: str, span: Span) -> Iterator[Month]:
        folder = self._folder(instrument, timeframe)
        with _complaints(folder):
            names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        first, last = (_month_of(at) for at in (span.from_ns, max(span.from_ns, span.to_ns - 1)))
        for name in names:
            if _MONTH.fullmatch(name) and first <= name[:7] <= last:
                with _complaints(folder):
                    data = (folder / name).read_bytes()
                yield opened(data, str(folder / name))

    def _folder(self, instrument: InstrumentId, timeframe: str) -> Path:
        exchange, _, symbol = instrument.partition(":")
        return self.root / safe_name(exchange) / safe_name(symbol) / safe_name(timeframe)


def safe_name(text: str) -> str:
    """Return *text* as a file may be called: `M%26M-EQ`, `Nifty%2050`; no two texts give one name.

    Raises:
        HistoryStoreError: it is empty, or too long for a name.
    """
    name = quote(text, safe="").replace(".", "%2E")
    if not name or len(name) > _LONGEST_NAME:
        raise HistoryStoreError(f"{text[:60]!r} cannot name a folder of the store")
    return name


def _by_month(spans: Sequence[Span]) -> dict[str, list[Span]]:
    """Return *spans* by the months in which they begin; one never lasts longer than a session."""
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(_month_of(span.from_ns), []).append(span)
    return found


def _month_of(instant_ns: UnixNs) -> str:
    day: date = ist_date(instant_ns)
    return f"{day:%Y-%m}"


def _replace(path: Path, data: bytes) -> None:
    half = path.with_name(f".{path.name}{_HALF}")
    try:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in *folder* durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one writer at a time into *folder*: the feed and `sauda backfill` may share a store."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


@contextmanager
def _complaints(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HistoryStoreError(
            f"the store of bars cannot be used: {error.strerror or error} ({error.filename or folder}); "
            "its place is the setting SAUDA_HISTORY"
        ) from error
