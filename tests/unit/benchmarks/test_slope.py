"""The slope of memory: what is flat, what grows, and what cannot be told yet."""

import random
from math import isinf

import pytest

from benchmarks.slope import FLAT, GROWS, UNTOLD, Slope, slope

MB = 1e6


def readings(minutes: float, per_hour: float, noise: float, seed: int = 1) -> list[tuple[float, float]]:
    """Return a reading a second whose noise lasts, as a heap's does."""
    chance, off, found = random.Random(seed), 0.0, []
    for second in range(round(minutes * 60)):
        off = 0.98 * off + chance.gauss(0, noise)
        found.append((float(second), 60 * MB + per_hour * second / 3600 + off))
    return found


def test_a_leak_is_told_from_noise() -> None:
    found = slope(readings(24, 20 * MB, 0.02 * MB), 30)
    assert found.verdict(2 * MB) == GROWS
    assert found.per_hour == pytest.approx(20 * MB, abs=found.error)


def test_what_does_not_grow_is_flat() -> None:
    assert slope(readings(24, 0, 0.01 * MB), 30).verdict(2 * MB) == FLAT
    assert slope([(float(at), 5.0) for at in range(600)], 30) == Slope(5.0, 0.0, 0.0, 0.0, 0.0)


def test_too_short_or_too_noisy_is_said_to_be_so() -> None:
    assert slope(readings(2, 0, 0.5 * MB), 10).verdict(2 * MB) == UNTOLD
    assert isinf(slope(readings(1, 0, 0.1 * MB), 30).error)


def test_the_error_covers_the_truth_where_readings_hang_together() -> None:
    tries = [slope(readings(10, 5 * MB, 0.05 * MB, seed), 15) for seed in range(40)]
    covered = sum(abs(one.per_hour - 5 * MB) <= one.error for one in tries)
    assert covered >= 34


def test_a_cycle_shorter_than_the_window_is_no_slope() -> None:
    teeth = [(float(at), 50 * MB + (at % 10) * MB) for at in range(900)]
    assert slope(teeth, 30).verdict(2 * MB) == FLAT


def test_nothing_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="no readings"):
        slope([], 10)
