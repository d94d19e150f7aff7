"""The settlement price is the average of the closing window, each price for as long as it stood."""

from hypothesis import given
from hypothesis import strategies as st

from sauda.clock import NS_PER_MS, NS_PER_S
from sauda.testing.builders import NOW
from sauda_execution.life.closing import Closing

MINUTE = 60 * NS_PER_S
WINDOW = Closing(NOW, NOW + 30 * MINUTE)


def average(*seen: tuple[float, int]) -> int | None:
    """Return the average when each price was seen so many minutes after the window began."""
    closing = WINDOW
    for minute, price in seen:
        closing = closing.seen(price, NOW + round(minute * MINUTE))
    return closing.average()


def test_nothing_seen_is_no_price() -> None:
    assert average() is None


def test_a_price_counts_for_as_long_as_it_stood() -> None:
    assert average((0, 100_00), (10, 130_00)) == 120_00


def test_a_price_from_before_stands_when_the_window_begins() -> None:
    assert average((-120, 100_00), (15, 200_00)) == 150_00


def test_what_was_not_seen_does_not_count() -> None:
    assert average((20, 100_00), (25, 200_00)) == 150_00


def test_a_price_from_after_the_window_does_not_count() -> None:
    assert average((0, 100_00), (30, 900_00)) == 100_00


def test_a_price_seen_in_the_last_instant_alone_is_all_there_is() -> None:
    assert WINDOW.seen(77_00, WINDOW.to_ns - 1).average() == 77_00


def test_the_average_is_rounded_to_the_nearest_paisa_halves_up() -> None:
    assert average((0, 100_00), (15, 100_01)) == 100_01
    assert average((0, 100_00), (20, 100_01)) == 100_00


def test_a_tick_that_comes_late_counts_from_the_one_before_it() -> None:
    assert average((10, 100_00), (5, 200_00)) == 200_00


prices = st.lists(
    st.tuples(st.integers(0, 30 * 60_000 - 1), st.integers(1, 100_000_00)), min_size=1, max_size=30
)


@given(prices)
def test_it_is_the_average_over_every_millisecond_that_was_seen(seen: list[tuple[int, int]]) -> None:
    seen.sort(key=lambda one: one[0])
    closing = WINDOW
    for millisecond, price in seen:
        closing = closing.seen(price, NOW + millisecond * NS_PER_MS)
    ends = [millisecond for millisecond, _ in seen[1:]] + [30 * 60_000]
    weights = [end - start for (start, _), end in zip(seen, ends, strict=True)]
    total = sum(price * weight for (_, price), weight in zip(seen, weights, strict=True))

    assert closing.average() == (2 * total + sum(weights)) // (2 * sum(weights))
    assert min(price for _, price in seen) <= (closing.average() or 0) <= max(price for _, price in seen)
