"""Putting few entries between those of a long stream is the same as sorting all of them."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.columns import Columns, columns_of
from sauda.log import Entry
from sauda.merge import id_parts, merge

ids = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), unique=True, max_size=4).map(sorted)
long_ids = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), unique=True, min_size=20).map(sorted)


def stream(name: str, found: list[tuple[int, int]]) -> list[Entry]:
    return [Entry(name, b"%d-%d" % parts, b"", b"") for parts in found]


def in_columns(entries: list[Entry]) -> Sequence[Entry]:
    """The same as a server's log reads them."""
    rows = [[entry.id, [b"d", entry.data, b"c", entry.cause]] for entry in entries]
    return columns_of(entries[0].stream, rows) or () if entries else ()


def sorted_all(streams: list[list[Entry]], count: int) -> list[Entry]:
    """By entry id, ties in the order of the streams, nothing beyond the end of a stream that was cut."""
    ends = [id_parts(one[-1].id) for one in streams if one and len(one) >= count]
    entries = [entry for one in streams for entry in one]
    within = [entry for entry in entries if not ends or id_parts(entry.id) <= min(ends)]
    return sorted(within, key=lambda entry: id_parts(entry.id))


@settings(max_examples=500, deadline=None)
@given(ids, long_ids, ids, st.integers(1, 60))
def test_the_order_is_that_of_a_stable_sort(
    before: list[tuple[int, int]], middle: list[tuple[int, int]], after: list[tuple[int, int]], count: int
) -> None:
    streams = [stream("a", before[:count]), stream("b", middle[:count]), stream("c", after[:count])]

    assert merge(streams, count) == sorted_all(streams, count)
    assert merge([in_columns(one) for one in streams], count) == sorted_all(streams, count)


@pytest.mark.parametrize("raw", [None, {b"x": b"y"}])
def test_few_entries_between_columns_are_columns_unless_one_of_them_is_foreign(
    raw: dict[bytes, bytes] | None,
) -> None:
    many = stream("b", [(at, 0) for at in range(20)])
    one = Entry("a", b"7-3", b"data", b"cause", raw)

    merged = merge([[one], in_columns(many)], 99)

    assert merged == [*many[:8], one, *many[8:]]
    assert isinstance(merged, Columns) is (raw is None)
