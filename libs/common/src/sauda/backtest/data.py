"""The data of a backtest: one file of market data, several, or a folder of them, as ticks in the order of time."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, time
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import Final

from sauda.backtest.index_future import IndexFutures
from sauda.calendar import Calendar
from sauda.clock import UnixNs, from_ist, ist_date
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Tick
from sauda.errors import ConfigError
from sauda.instruments import underlyings
from sauda.recordings.timeline import Recording, Steps, ticks_in

_by_time = attrgetter("recv_ns")
_ENDINGS: Final = (".parquet", ".csv", ".csv.gz")


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return the files that *paths* name, those of folders by name.

    Raises:
        ConfigError: there is no such file, or a folder holds none that can be read.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.name.endswith(_ENDINGS))
            if not inside:
                raise ConfigError(
                    f"--data {path}: the folder holds no file that ends with {', '.join(_ENDINGS)}"
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigError(f"--data {path}: there is no such file or folder")
    return list(dict.fromkeys(found))


class MarketData:
    """Files of market data, opened."""

    def __init__(
        self,
        files: Sequence[Path],
        calendar: Calendar,
        from_day: date | None = None,
        to_day: date | None = None,
        *,
        trade_index: bool = False,
    ) -> None:
        """Survey the *files*; play them from the beginning of *from_day* to the end of *to_day* (IST).

        Args:
            files: Parquet or CSV, in any order.
            calendar: Knows hours, lots and expiries.
            from_day: The first day.
            to_day: The last day.
            trade_index: Whether indices are given futures, see `sauda.backtest.index_future`.

        Raises:
            ConfigError: a file cannot be played, or nothing is known of its contracts; names it and what is wrong.
        """
        self.files = list(files)
        self.from_ns: UnixNs = -(2**63) if from_day is None else from_ist(from_day, time())
        self.to_ns: UnixNs = 2**63 - 1 if to_day is None else from_ist(to_day, time()) + 86_400 * 10**9
        every = frozenset(one.name for one in underlyings())
        self.recordings = [_opened(path, every, calendar) for path in files]
        self.recordings.sort(key=lambda one: one.first_ns)
        self.calendar = calendar
        self.futures: IndexFutures | None = None
        if trade_index:
            names = {one.underlying for one in self._defined() if one.kind is InstrumentKind.INDEX}
            self.futures = IndexFutures(sorted(names), calendar, *self.span)
        self._exchanges = sorted({one.exchange for one in self.instruments})

    @property
    def name(self) -> str:
        """Return the names of the files, or how many there are."""
        names = [path.name for path in self.files]
        return names[0] if len(names) == 1 else f"{len(names)} files: {names[0]} to {names[-1]}"

    @property
    def fingerprint(self) -> str:
        """Return a short text that is another one for other bytes."""
        found = hashlib.blake2b(digest_size=8)
        for path in self.files:
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "blake2b").digest())
        return found.hexdigest()

    @property
    def span(self) -> tuple[UnixNs, UnixNs]:
        """Return from when to when there are prices in the interval, as far as the files' ends tell."""
        first_ns = min((one.first_ns for one in self.recordings), default=0)
        last_ns = max((one.last_ns for one in self.recordings), default=0)
        return max(self.from_ns, first_ns), min(self.to_ns, last_ns)

    @property
    def bar_ns(self) -> int:
        """Return how long the longest bar lasts; 0 for data that has none."""
        return max((one.bar_ns for one in self.recordings), default=0)

    @property
    def instruments(self) -> list[Instrument]:
        """Return the definitions of all contracts, each once."""
        return self._defined() + (self.futures.instruments if self.futures else [])

    def source_of(self, instrument: InstrumentId) -> InstrumentId:
        """Return whose rows tell the prices of *instrument*: its own, or the index's of a future made of it."""
        return self.futures.sources.get(instrument, instrument) if self.futures else instrument

    @property
    def indices(self) -> frozenset[InstrumentId]:
        """Return the indices: they are delivered whether anybody asks or not."""
        return frozenset(one.instrument for one in self.instruments if one.kind is InstrumentKind.INDEX)

    @property
    def tradable(self) -> bool:
        """Return whether anything in it can be bought or sold."""
        return any(one.kind is not InstrumentKind.INDEX for one in self.instruments)

    def close_ns(self, last_ns: UnixNs) -> UnixNs:
        """Return when the last of the exchanges closed on the day of *last_ns*; 0 if none was open."""
        day = ist_date(last_ns)
        hours = (self.calendar.session(exchange, day) for exchange in self._exchanges)
        return max((one.close_ns for one in hours if one is not None), default=0)

    def ticks(self) -> Iterator[list[Tick]]:
        """Yield the ticks of the interval in the order of time, many at once."""
        batches = map(ticks_in, self._batches())
        return self.futures.joined(batches) if self.futures else batches

    def steps(self) -> Iterator[Steps]:
        """Yield what `ticks` does, and bars that lie apart as bars."""
        return self.ticks() if self.futures else self._batches()

    def _defined(self) -> list[Instrument]:
        every: dict[InstrumentId, Instrument] = {}
        for recording in self.recordings:
            for one in recording.instruments:
                every.setdefault(one.instrument, one)
        return [every[name] for name in sorted(every)]

    def _batches(self) -> Iterator[Steps]:
        waiting: list[Recording] = []
        end_ns = 0
        for recording in self.recordings:
            # Files that lie apart are read one after the other; those that overlap are threaded into each other.
            if waiting and recording.first_ns > end_ns:
                yield from self._threaded(waiting)
                waiting = []
            waiting.append(recording)
            end_ns = max(end_ns, recording.last_ns + recording.bar_ns)
        yield from self._threaded(waiting)

    def _threaded(self, recordings: Sequence[Recording]) -> Iterator[Steps]:
        if len(recordings) == 1:
            yield from recordings[0].steps(self.from_ns, self.to_ns)
            return
        flat = (_flat(one.batches(self.from_ns, self.to_ns)) for one in recordings)
        batch: list[Tick] = []
        for tick in merge(*flat, key=_by_time):
            batch.append(tick)
            if len(batch) >= 4096:
                yield batch
                batch = []
        yield batch


def _flat(batches: Iterator[list[Tick]]) -> Iterator[Tick]:
    for batch in batches:
        yield from batch


def _opened(path: Path, names: frozenset[str], calendar: Calendar) -> Recording:
    try:
        return Recording(path, names, calendar)
    except ConfigError as error:
        raise ConfigError(f"--data {error}") from error
