"""Packs a slice of a record into one file. Nothing of the desk is touched."""

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Final

import msgspec

from sauda.archive.days import by_day
from sauda.archive.naming import Segment
from sauda.archive.segment import Row, pack
from sauda.bundle.manifest import BOOK, BOOK_FILE, CONFIG, MANIFEST, Book, BundleError, Manifest
from sauda.bundle.slicing import Slice, Standing, as_kept
from sauda.clock import UnixNs
from sauda.errors import SaudaError
from sauda.log import Entry, Loaded, Position
from sauda.merge import id_parts
from sauda.record import Record
from sauda.rerun.rerun import MakeUnit, Rerun

AT_ONCE: Final = 100_000
"""Entries in one file of a bundle at the most: what packing holds in memory."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a bundle says of where it comes from."""

    desk: str
    book: str
    made_ns: UnixNs
    version: str
    settings: Mapping[str, str | int | float | None]
    config: Mapping[str, bytes]
    """file -> content, `strategies/nifty_straddle.yaml`"""


@dataclass(slots=True)
class Packing:
    """Packs one slice of one record."""

    record: Record
    """The desk's record from its beginning."""
    part: Slice
    """What of it."""
    facts: Facts
    make: Callable[[str], MakeUnit]
    """Makes a unit as it was recorded, to find out how it stood at the cuts."""
    tell: Callable[[str], None] = lambda _stream: None
    """Is told each stream before it is packed."""
    notes: list[str] = field(default_factory=list)
    _digests: dict[str, str] = field(default_factory=dict)
    _entries: dict[str, int] = field(default_factory=dict)

    def write(self, out: Path) -> Manifest:
        """Write the bundle to *out*, whole or not at all; a file that is there is replaced.

        Raises:
            BundleError: *out* cannot be written.
        """
        half = out.with_name(f".{out.name}.part")
        try:
            with zipfile.ZipFile(half, "w", zipfile.ZIP_STORED) as file:
                manifest = self._fill(file)
            half.replace(out)
        except OSError as error:
            raise BundleError(f"{out} cannot be written: {error.strerror or error}") from error
        finally:
            half.unlink(missing_ok=True)
        return manifest

    def _fill(self, file: zipfile.ZipFile) -> Manifest:
        book = self._standings()
        for stream, span in self.part.spans().items():
            self.tell(stream)
            before = self.part.opened if stream == "journal" else []
            self._add_stream(file, stream, chain(before, self.record.forwards(stream, span.start, span.end)))
        self._add(file, BOOK_FILE, msgspec.json.encode(book))
        for name, data in self.facts.config.items():
            self._add(file, CONFIG + name, data)
        manifest = self._manifest()
        file.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        return manifest

    def _manifest(self) -> Manifest:
        return Manifest(
            desk=self.facts.desk,
            book=self.facts.book,
            from_id=self.part.journal.start.decode(),
            to_id=self.part.journal.end.decode(),
            made_ns=self.facts.made_ns,
            version=self.facts.version,
            settings=dict(self.facts.settings),
            units=sorted(self.part.units),
            entries=self._entries,
            files=self._digests,
            notes=self.notes,
        )

    def _standings(self) -> Book:
        starts: dict[str, dict[str, str]] = {}
        ends: dict[str, dict[str, str]] = {}
        for name, unit in self.part.units.items():
            try:
                if unit.began:
                    state = _state_at(self.record, name, unit.start, self.make(name))
                    starts[name] = as_kept(unit.start, state)
                ends[name] = as_kept(unit.end, _end_of(self.record, name, unit, self.make))
            except SaudaError as error:
                self.notes.append(f"{name} cannot be run again here, so its state is missing: {error}")
        return Book(starts=starts, units=ends)

    def _add_stream(self, file: zipfile.ZipFile, stream: str, entries: Iterable[Entry]) -> None:
        self._entries[stream] = 0
        for segment, rows, times in _segments(stream, entries):
            self._add(file, BOOK + segment.path, pack(stream, rows, times))
            self._entries[stream] += len(rows)

    def _add(self, file: zipfile.ZipFile, name: str, data: bytes) -> None:
        file.writestr(name, data)
        self._digests[name] = hashlib.sha256(data).hexdigest()


def _end_of(
    record: Record, name: str, unit: Standing, make: Callable[[str], MakeUnit]
) -> Mapping[bytes, bytes]:
    """Return the state that was recorded, where the unit still stands at the slice's end; else find it out."""
    committed: Loaded | None = record.committed(name)
    if committed is not None and all(
        committed.positions[stream].id.decode() == entry_id
        for stream, entry_id in unit.end.items()
        if stream in committed.positions
    ):
        return committed.state
    return _state_at(record, name, unit.end, make(name))


def _state_at(
    record: Record, name: str, positions: Mapping[str, str], make: MakeUnit
) -> Mapping[bytes, bytes]:
    until = {stream: Position(entry_id.encode(), 0) for stream, entry_id in positions.items()}
    rerun = Rerun(record, name, make, until=until)
    for _ in rerun.worked():
        pass
    return rerun.state


def _segments(
    stream: str, entries: Iterable[Entry]
) -> Iterator[tuple[Segment, list[Row], list[UnixNs | None]]]:
    """Cut a stream into files: by length, and by trading date as the archive does."""
    day: date | None = None
    left = iter(entries)
    while batch := [(entry.id, _fields(entry)) for entry in islice(left, AT_ONCE)]:
        for part in by_day(stream, batch, day):
            day = part.day
            first, last = (id_parts(part.rows[place][0]) for place in (0, -1))
            yield Segment(first, last, day, stream), part.rows, part.times


def _fields(entry: Entry) -> list[bytes]:
    if entry.raw is None:
        return [b"d", entry.data, b"c", entry.cause]
    return [part for pair in entry.raw.items() for part in pair]
