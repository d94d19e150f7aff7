"""State tables know what changed, and a loaded state is the stored one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.errors import InvariantError
from sauda.state import State


class Row(msgspec.Struct, frozen=True):
    """A row for these tests."""

    number: int


KEYS = st.text("ab/é:", min_size=1, max_size=3)
MOVES = st.lists(st.tuples(KEYS, st.none() | st.integers(-5, 5)))


@given(MOVES, st.lists(KEYS))
def test_many_rows_are_looked_up_as_each_by_itself(
    moves: list[tuple[str, int | None]], asked: list[str]
) -> None:
    rows = State().table("rows", Row)
    for key, number in moves:
        if number is None:
            rows.drop(key)
        else:
            rows.put(key, Row(number))

    assert rows.get_all(asked) == [rows.get(key) for key in asked]


@given(MOVES, st.integers(1, 5))
def test_stored_changes_rebuild_the_state(moves: list[tuple[str, int | None]], every: int) -> None:
    state = State()
    rows = state.table("rows", Row)
    stored: dict[bytes, bytes] = {}
    for turn, (key, number) in enumerate(moves):
        if number is None:
            rows.drop(key)
        else:
            rows.put(key, Row(number))
        if turn % every == 0:
            for field, value in state.take_changes().items():
                if value is None:
                    stored.pop(field, None)
                else:
                    stored[field] = value
    for field, value in state.take_changes().items():
        if value is None:
            stored.pop(field, None)
        else:
            stored[field] = value
    again = State()
    loaded = again.table("rows", Row)
    again.load(stored)

    assert list(loaded.items()) == list(rows.items())
    assert list(rows) == sorted(rows)


def test_nothing_changed_means_nothing_to_store() -> None:
    state = State()
    rows = state.table("rows", Row)
    rows.put("a", Row(1))
    state.take_changes()

    assert state.take_changes() == {}


def test_a_row_of_an_unknown_table_is_an_impossible_state() -> None:
    with pytest.raises(InvariantError, match="does not know"):
        State().load({b"gone/a": b"1"})


def test_a_row_that_cannot_be_read_is_an_impossible_state() -> None:
    state = State()
    state.table("rows", Row)

    with pytest.raises(InvariantError, match="rows"):
        state.load({b"rows/a": b'{"number":"many"}'})
