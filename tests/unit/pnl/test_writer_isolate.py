"""The search for records that a database will never take."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.errors import TransientError
from sauda_pnl.writers.isolate import NeverError, write_the_rest


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_exactly_the_culprits_are_refused_and_exactly_the_rest_is_written(good: list[bool]) -> None:
    taken: set[int] = set()

    def write(batch: Sequence[tuple[int, bool]]) -> None:
        if not all(fine for _, fine in batch):
            raise NeverError("no")
        taken.update(number for number, _ in batch)

    refused = write_the_rest(list(enumerate(good)), write)

    assert taken == {number for number, fine in enumerate(good) if fine}
    assert [refusal.place for refusal in refused] == [n for n, fine in enumerate(good) if not fine]


def test_one_culprit_among_a_thousand_costs_about_twenty_writes() -> None:
    writes = 0

    def write(batch: Sequence[int]) -> None:
        nonlocal writes
        writes += 1
        if 617 in batch:
            raise NeverError("no")

    write_the_rest(range(1000), write)

    assert writes <= 2 * 10 + 1


def test_a_database_that_goes_away_in_the_search_ends_it() -> None:
    def write(batch: Sequence[int]) -> None:
        if len(batch) > 1:
            raise NeverError("no")
        raise TransientError("away")

    with pytest.raises(TransientError, match="away"):
        write_the_rest([1, 2], write)
