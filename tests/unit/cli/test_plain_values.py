"""What a number in a unit's mind is shown as: rupees, an instant, or itself."""

import pytest

from sauda.cli.plain_values import shown


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("order.limit_price", 112_30, "112.30"),
        ("arrives_ns", 1_795_405_800_250_000_000, "2026-11-23 09:20:00.250"),
        ("qty", -65, "-65"),
        # What a day's rounding has left over counts in parts of a paisa so small that it is as great as an instant.
        ("total", 212_345_678_901_234_567, "212345678901234567"),
        ("halted", None, "-"),
    ],
)
def test_a_number_is_shown_for_what_it_is(name: str, value: int | None, text: str) -> None:
    assert shown(name, value) == text
