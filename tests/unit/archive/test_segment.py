"""One file of the archive gives back exactly what was put in, and says so when it cannot."""

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.archive.segment import DamagedError, Row, SegmentFile, pack
from sauda.archive.span import HIGHEST, LOWEST, Span
from sauda.log import Entry
from sauda.merge import IdParts

EVERYTHING = Span(LOWEST, HIGHEST)
numbers = st.integers(0, 2**64 - 1)
plain = st.tuples(st.binary(max_size=40), st.binary(max_size=20)).map(lambda dc: [b"d", dc[0], b"c", dc[1]])
foreign = st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=9)), min_size=1, max_size=4).map(
    lambda pairs: [part for pair in pairs for part in pair]
)


@st.composite
def streams(draw: st.DrawFn) -> list[Row]:
    ids = sorted(draw(st.sets(st.tuples(numbers, numbers), min_size=1, max_size=30)))
    return [(b"%d-%d" % entry_id, draw(st.one_of(plain, foreign))) for entry_id in ids]


def written(rows: list[Row]) -> SegmentFile:
    return SegmentFile(pack("ticks", rows), "a file")


def as_entry(row: Row) -> Entry:
    entry_id, fields = row
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    is_plain = len(fields) == 4 and [fields[0], fields[2]] == [b"d", b"c"]
    return Entry("ticks", entry_id, named.get(b"d", b""), named.get(b"c", b""), None if is_plain else named)


def many(count: int) -> list[Row]:
    return [(b"%d-%d" % (1000 + n // 3, n % 3), [b"d", b"tick %d" % n, b"c", b""]) for n in range(count)]


@settings(deadline=None)  # it reads and writes files
@given(streams())
def test_every_entry_comes_back_byte_for_byte(rows: list[Row]) -> None:
    file = written(rows)

    file.check()

    assert [entry for piece in file.forwards(file.place_of(EVERYTHING)) for entry in piece] == [
        as_entry(row) for row in rows
    ]
    assert file.facts.entries == len(rows)


@settings(deadline=None)  # it reads and writes files
@given(streams(), st.tuples(numbers, numbers), st.tuples(numbers, numbers))
def test_a_part_is_the_entries_between_two_ids(
    rows: list[Row], one: tuple[int, int], other: tuple[int, int]
) -> None:
    file = written(rows)
    span = Span(IdParts(*min(one, other)), IdParts(*max(one, other)))
    wanted = [
        entry.id
        for entry in map(as_entry, rows)
        if span.low <= tuple(map(int, entry.id.split(b"-"))) <= span.high
    ]

    places = file.place_of(span)

    assert [entry.id for piece in file.forwards(places) for entry in piece] == wanted
    assert [entry.id for piece in file.backwards(places) for entry in piece] == wanted[::-1]


def test_parts_over_several_row_groups_join() -> None:
    rows = many(40_000)
    file = written(rows)
    span = Span(IdParts(1003, 1), IdParts(14_000, 0))
    inside = [row[0] for row in rows if span.low <= tuple(map(int, row[0].split(b"-"))) <= span.high]

    places = file.place_of(span)

    assert [entry.id for piece in file.forwards(places) for entry in piece] == inside
    assert [entry.id for piece in file.backwards(places) for entry in piece] == inside[::-1]
    assert file.entry(places.start).id == inside[0]


def test_a_foreign_entry_keeps_its_fields_in_order_even_those_that_repeat() -> None:
    fields = [b"d", b"1", b"x", b"\xff\x00", b"x", b"again"]
    file = written([(b"5-0", fields)])

    (entry,) = next(file.forwards(range(1)))

    assert entry.raw == {b"d": b"1", b"x": b"again"}
    table = pq.read_table(io.BytesIO(pack("ticks", [(b"5-0", fields)])))
    assert table["raw"].to_pylist() == [fields]


def test_anybody_can_read_the_file_with_pandas(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    (tmp_path / "x.parquet").write_bytes(pack("ticks", many(3)))

    frame = pandas.read_parquet(tmp_path / "x.parquet")

    assert frame["d"].tolist() == [b"tick 0", b"tick 1", b"tick 2"]
    assert frame["ms"].tolist() == [1000, 1000, 1000]
    assert frame["seq"].tolist() == [0, 1, 2]


def test_a_flipped_bit_anywhere_is_noticed() -> None:
    whole = pack("ticks", many(200))
    unnoticed = []
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0x10
        try:
            file = SegmentFile(bytes(broken), "a file")
            file.check()
            given = [entry for piece in file.forwards(range(200)) for entry in piece]
        except DamagedError:
            continue
        if given != [as_entry(row) for row in many(200)]:
            unnoticed.append(at)
    assert unnoticed == []


@pytest.mark.parametrize("length", [0, 3, 100, -1])
def test_a_file_that_was_cut_off_is_refused_by_name(length: int) -> None:
    with pytest.raises(DamagedError, match="live/1/ticks"):
        SegmentFile(pack("ticks", many(50))[:length], "live/1/ticks/x.parquet")


def test_the_checksum_is_over_the_content_not_over_the_layout() -> None:
    rows = many(100)
    changed = [*rows[:50], (rows[50][0], [b"d", b"tick 50", b"c", b"ticks 1-0"]), *rows[51:]]

    assert written(rows).facts.sha256 == written(list(rows)).facts.sha256
    assert written(rows).facts.sha256 != written(changed).facts.sha256
    assert written(rows).facts.sha256 != written(rows[:-1]).facts.sha256
