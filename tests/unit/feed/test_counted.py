"""A recording in lots is read in units: its own numbers tell which it is."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.calendar import load_calendar
from sauda.contracts import Tick
from sauda.recordings.counted import LEAST
from sauda.recordings.timeline import Recording
from tests.unit.feed.recordings import CALL, PUT, recording, row

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
LOT = 75
ENOUGH = range(1, LEAST + 1)


def ticks(opened: Recording) -> list[Tick]:
    return [message for message in opened.messages() if isinstance(message, Tick)]


def numbered(folder: Path, numbers: Any, **more: Any) -> Recording:
    """Write a row a second, its volume counted as in *numbers*."""
    return recording(folder, [row(n, CALL, ltp=10.0, volume=v, **more) for n, v in enumerate(numbers)])


def test_numbers_that_no_lot_divides_are_lots(tmp_path: Path) -> None:
    opened = numbered(tmp_path, ENOUGH, oi=LOT, bid=9.9, bid_qty=150)

    assert opened.in_lots == {"volume"}
    assert [tick.volume for tick in ticks(opened)] == [n * LOT for n in ENOUGH]
    # What is in units stays as it is, and so do quantities of the book.
    assert {(tick.oi, tick.bid_qty) for tick in ticks(opened)} == {(LOT, 150)}


def test_multiples_of_the_lot_are_units(tmp_path: Path) -> None:
    opened = numbered(tmp_path, [n * LOT for n in ENOUGH])

    assert opened.in_lots == frozenset()
    assert [tick.volume for tick in ticks(opened)] == [n * LOT for n in ENOUGH]


@given(lot=st.integers(2, 200), broken=st.integers(1, 10**6))
def test_one_broken_number_does_not_turn_units_into_lots(
    tmp_path_factory: pytest.TempPathFactory, lot: int, broken: int
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    numbers = [*(n * lot for n in ENOUGH), broken]

    assert numbered(folder, numbers, lot_size=lot).in_lots == frozenset()


def test_a_lot_that_we_know_wrongly_does_not_turn_units_into_lots(tmp_path: Path) -> None:
    assert numbered(tmp_path, [n * 65 for n in ENOUGH], lot_size=LOT).in_lots == frozenset()


@pytest.mark.parametrize("numbers", [range(1, LEAST), [0] * 200, [None] * 200, [float("nan")] * 200])
def test_numbers_that_say_nothing_are_left_alone(tmp_path: Path, numbers: Any) -> None:
    opened = numbered(tmp_path, numbers)

    assert opened.in_lots == frozenset()


def test_a_bars_lots_become_units_before_they_are_added_up(tmp_path: Path) -> None:
    bar = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0}
    rows = [row(n, CALL, **bar, volume=n + 1) for n in range(LEAST)]
    volumes = [tick.volume for tick in ticks(recording(tmp_path, rows))]

    assert max(volumes, key=lambda one: one or 0) == LOT * sum(ENOUGH)


def test_an_index_has_no_lots_and_tells_nothing(tmp_path: Path) -> None:
    rows = [row(n, "Nifty 50", ltp=24_500.0, volume=n) for n in range(200)]
    opened = recording(tmp_path, [*rows, row(200, PUT, ltp=10.0)])

    assert opened.in_lots == frozenset()
    assert ticks(opened)[100].volume == 100


# The real files.


def real(file: str, underlying: str) -> Recording:
    path = DATA / file
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is missing: CI never skips")
        pytest.skip(f"{path} is missing: set SAUDA_TEST_DATA")
    return Recording(path, frozenset({underlying}), load_calendar(REPOSITORY / "config/market"))


def test_the_exchanges_own_chain_counts_lots_and_quotes_units() -> None:
    opened = real("nse_chain_snapshots_202508/NIFTY_chain_2025-08-29.parquet", "NIFTY")
    found = ticks(opened)

    assert opened.in_lots == {"volume", "oi"}
    for count in ("volume", "oi", "bid_qty", "ask_qty"):
        numbers = [getattr(tick, count) for tick in found]
        assert {number % LOT for number in numbers if number is not None} == {0}, count
    assert max(tick.volume or 0 for tick in found) == 8_897_528 * LOT


def test_a_day_of_ticks_carries_five_levels_in_units() -> None:
    opened = real("kite_ticks_banknifty_20210820/ticks_2021-08-20.parquet", "BANKNIFTY")
    found = ticks(opened)
    levels = Counter((len(tick.depth.bids), len(tick.depth.asks)) for tick in found if tick.depth)

    assert opened.in_lots == frozenset()
    # One line has no offers, one half a book, one none at all.
    assert levels == {(5, 5): 17_995, (5, 0): 1, (2, 3): 1}
    assert len(found) == 17_998
    books = [tick.depth for tick in found if tick.depth]
    assert all(
        one.price > two.price for book in books for one, two in zip(book.bids, book.bids[1:], strict=False)
    )
    assert all(
        one.price < two.price for book in books for one, two in zip(book.asks, book.asks[1:], strict=False)
    )
    assert {level.qty % 25 for book in books for level in (*book.bids, *book.asks)} == {0}
    assert all(level.orders > 0 for book in books for level in (*book.bids, *book.asks))
