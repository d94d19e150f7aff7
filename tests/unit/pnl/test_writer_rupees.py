"""Rupees as text: exactly what the float of the amount would say."""

from hypothesis import example, given
from hypothesis import strategies as st

from sauda_pnl.writers.rupees import rupees


@given(st.integers(-(10**17), 10**17))
@example(0)
@example(-1)
@example(10**15 - 1)
@example(10**15)
@example(-(10**15))
@example(10**19)
def test_an_amount_is_named_as_its_float_is(amount: int) -> None:
    assert rupees(amount) == str(amount / 100)


def test_every_number_of_paise_is_named_as_its_float_is() -> None:
    for amount in range(-1_000, 1_001):
        assert rupees(amount) == str(amount / 100)
