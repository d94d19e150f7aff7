"""One file of the archive: entries of one stream as Parquet, readable by whatever reads Parquet.

Columns: `ms` and `seq`, the two numbers of the entry's id; `c`, its cause; `d`, its message, both as the bytes they were.
`raw` is empty but for entries of somebody else's writing (fields other than just `d` and `c`): all names and values in turn.
The file's metadata has a SHA-256 over exactly that content, and every page a checksum that is looked at when it is read.
"""

import hashlib
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, Final, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute

from sauda.archive.span import Id, Span, text_of
from sauda.clock import UnixNs
from sauda.errors import SaudaError
from sauda.log import Entry
from sauda.merge import id_parts

Row: TypeAlias = tuple[bytes, Sequence[bytes]]
"""An entry as Redis gives it: its id, its fields and values in turn."""

_GROUP: Final = 16_384
"""Entries in a row group: what one look at a single entry has to unpack."""
_LEVEL: Final = 3
"""Of zstd; 9 takes five times as long for 8 % less."""
_FACTS: Final = b"sauda"
_SCHEMA: Final = pa.schema(
    [
        pa.field("ms", pa.uint64(), nullable=False),
        pa.field("seq", pa.uint64(), nullable=False),
        pa.field("c", pa.binary(), nullable=False),
        pa.field("d", pa.binary(), nullable=False),
        pa.field("raw", pa.list_(pa.binary())),
    ]
)
_ENCODINGS: Final = {
    "ms": "DELTA_BINARY_PACKED",
    "seq": "DELTA_BINARY_PACKED",
    "c": "PLAIN",
    "d": "PLAIN",
    "raw.list.element": "PLAIN",
}


_UNREADABLE: Final = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, msgspec.MsgspecError)
"""What the reader raises at bytes that are no such file, or not any more."""


class DamagedError(SaudaError):
    """A file of the archive is not what was written."""


class Facts(msgspec.Struct, frozen=True):
    """What a file says of itself."""

    stream: str
    entries: int
    foreign: int
    """Entries with other fields than just `d` and `c`."""
    first_ns: UnixNs | None
    """The least market time in it."""
    last_ns: UnixNs | None
    sha256: str = ""
    """Over the entries, and over what is said above."""
    format: int = 1
    after: str | None = None
    """Id of the entry before the first, where the archiver knew it: a file that is missing between two shows by it."""


def pack(
    stream: str, rows: Sequence[Row], times: Sequence[UnixNs | None] = (), *, after: Id | None = None
) -> bytes:
    """Return *rows* as a file; *times* are the market times that they carry, *after* is the entry before them."""
    table = _table(rows)
    known = [at for at in times if at is not None]
    facts = Facts(
        stream,
        len(rows),
        len(rows) - table["raw"].null_count,
        min(known, default=None),
        max(known, default=None),
        after=text_of(after).decode() if after else None,
    )
    facts = msgspec.structs.replace(facts, sha256=_digest(facts, table))
    table = table.replace_schema_metadata({_FACTS: msgspec.json.encode(facts)})
    out = pa.BufferOutputStream()
    pq.write_table(
        table,
        out,
        row_group_size=_GROUP,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=False,
        column_encoding=_ENCODINGS,
        write_statistics=["ms", "seq"],
        write_page_checksum=True,
    )
    packed: bytes = out.getvalue().to_pybytes()
    return packed


def let_go() -> None:
    """Give the machine back what packing and checking needed: 35 MB of 245 after files of 50,000 ticks, measured."""
    pa.default_memory_pool().release_unused()


def _table(rows: Sequence[Row]) -> Any:
    ids = [row[0].split(b"-") for row in rows]
    fields = [row[1] for row in rows]
    raw: list[Sequence[bytes] | None] = [None if _is_plain(one) else list(one) for one in fields]
    if any(one is not None for one in raw):
        fields = [one if own is None else _as_plain(one) for one, own in zip(fields, raw, strict=True)]
    columns = (
        [int(one[0]) for one in ids],
        [int(one[1]) for one in ids],
        [one[3] for one in fields],
        [one[1] for one in fields],
        raw,
    )
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def _is_plain(fields: Sequence[bytes]) -> bool:
    return len(fields) == 4 and fields[0] == b"d" and fields[2] == b"c"


def _as_plain(fields: Sequence[bytes]) -> Sequence[bytes]:
    """Return what of foreign *fields* is called `d` and `c`, in the place of ours."""
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    return (b"d", named.get(b"d", b""), b"c", named.get(b"c", b""))


def _digest(facts: Facts, table: Any) -> str:
    """Hash ids, causes, messages and foreign fields; how the file is laid out does not matter to it."""
    whole = table.combine_chunks()
    said: list[object] = [facts.stream, facts.entries, facts.foreign, facts.first_ns, facts.last_ns]
    # Left out where it is not known, so that the checksum of older files stays what it was.
    said += [facts.after] if facts.after is not None else []
    digest = hashlib.sha256(msgspec.json.encode(said))
    for name in ("ms", "seq"):
        digest.update(pa.concat_arrays(whole[name].chunks).buffers()[1] or b"")
    for name in ("c", "d"):
        column = pa.concat_arrays(whole[name].chunks)
        digest.update(compute.binary_length(column).buffers()[1] or b"")
        digest.update(_bytes_of(column))
    if whole["raw"].null_count < len(whole):
        for place, fields in enumerate(whole["raw"].to_pylist()):
            if fields is not None:
                digest.update(struct.pack("<qq", place, len(fields)))
                for one in fields:
                    digest.update(struct.pack("<q", len(one)) + one)
    return digest.hexdigest()


def _bytes_of(column: Any) -> memoryview:
    """Return the values of a binary column, one behind the other, without a copy."""
    _, offsets, values = column.buffers()
    if values is None:
        return memoryview(b"")
    at = memoryview(offsets).cast("i")
    return memoryview(values)[at[column.offset] : at[column.offset + len(column)]]


class SegmentFile:
    """A file that was read whole; its entries are unpacked as they are asked for."""

    def __init__(self, data: bytes, name: str) -> None:
        """Look at the file's end, which says what is in it.

        Raises:
            DamagedError: it is not a file of ours, or was cut off.
        """
        self.name = name
        self._unpacked: tuple[int, Any] | None = None
        """The row group that was looked at last."""
        self._ids: list[Id] | None = None
        try:
            self._file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
            schema = self._file.schema_arrow
            self.facts = msgspec.json.decode(schema.metadata[_FACTS], type=Facts)
        except _UNREADABLE as error:
            raise DamagedError(f"the archive's file {name} cannot be read: {error}") from error
        if not schema.equals(_SCHEMA) or self._file.metadata.num_rows != self.facts.entries:
            raise DamagedError(f"the archive's file {name} has other columns or another length than it says")

    @property
    def after(self) -> Id | None:
        """Return the id of the entry before the first, if the file tells."""
        return id_parts(self.facts.after.encode()) if self.facts.after else None

    @property
    def ids(self) -> list[Id]:
        """Return the ids of all entries, in order."""
        if self._ids is None:
            table = self._read(self._file.read, columns=["ms", "seq"])
            self._ids = list(map(Id, table["ms"].to_pylist(), table["seq"].to_pylist()))
        return self._ids

    @property
    def ends(self) -> tuple[Id, Id]:
        """Return the first and the last id."""
        return id_parts(self.entry(0).id), id_parts(self.entry(self.facts.entries - 1).id)

    def place_of(self, span: Span) -> range:
        """Return which of the entries lie in *span*."""
        return range(bisect_left(self.ids, span.low), bisect_right(self.ids, span.high))

    def forwards(self, places: range) -> Iterator[list[Entry]]:
        """Yield the entries at *places*, some thousand at a time."""
        for group in range(places.start // _GROUP, -(-places.stop // _GROUP) if places else 0):
            yield self._piece(group, places)

    def backwards(self, places: range) -> Iterator[list[Entry]]:
        """Yield the entries at *places*, the newest first."""
        if not places:
            return
        for group in range((places.stop - 1) // _GROUP, places.start // _GROUP - 1, -1):
            yield self._piece(group, places)[::-1]

    def entry(self, place: int) -> Entry:
        """Return the entry at *place*."""
        return self._piece(place // _GROUP, range(place, place + 1))[0]

    def check(self) -> None:
        """Compare everything in the file with its checksum.

        Raises:
            DamagedError: it is another content.
        """
        table = self._read(self._file.read)
        if len(table) != self.facts.entries or _digest(self.facts, table) != self.facts.sha256:
            raise DamagedError(
                f"the archive's file {self.name} does not hold what was written: checksum differs"
            )

    def _piece(self, group: int, places: range) -> list[Entry]:
        at = group * _GROUP
        start = max(places.start - at, 0)
        table = self._group(group).slice(start, min(places.stop - at, _GROUP) - start)
        ids = map(b"%d-%d".__mod__, zip(table["ms"].to_pylist(), table["seq"].to_pylist(), strict=True))
        columns = (table["d"].to_pylist(), table["c"].to_pylist())
        stream = self.facts.stream
        new = tuple.__new__  # half the cost of calling the named tuple; this runs once an entry
        plain = [
            new(Entry, values) for values in zip(repeat(stream), ids, *columns, repeat(None), strict=False)
        ]
        if not self.facts.foreign:
            return plain
        return [
            entry if fields is None else entry._replace(raw=dict(zip(fields[::2], fields[1::2], strict=True)))
            for entry, fields in zip(plain, table["raw"].to_pylist(), strict=True)
        ]

    def _group(self, group: int) -> Any:
        if self._unpacked is None or self._unpacked[0] != group:
            columns = ["ms", "seq", "d", "c", *(["raw"] if self.facts.foreign else [])]
            self._unpacked = group, self._read(self._file.read_row_group, group, columns=columns)
        return self._unpacked[1]

    def _read(self, read: Any, *args: Any, **options: Any) -> Any:
        # In this thread alone: one of the library's may still hold our bytes when the program ends, and would end it by an abort.
        try:
            return read(*args, use_threads=False, **options)
        except _UNREADABLE as error:
            raise DamagedError(f"the archive's file {self.name} is damaged: {error}") from error
