"""Rupees as text: exactly what the float of the amount would say."""

from hypothesis import example, given
from hypothesis import strategies as st

from sauda_pnl.writers.rupees import number, rupees


@given(st.integers(-(10**17), 10**17))
@example(0)
@example(-1)
@example(10**18 - 1)
@example(10**18)
@example(-(10**18))
@example(10**19)
def test_an_amount_is_named_as_its_float_is(amount: int) -> None:
    assert rupees(amount) == str(amount / 100)


def test_every_number_of_paise_is_named_as_its_float_is() -> None:
    for amount in range(-1_000, 1_001):
        assert rupees(amount) == str(amount / 100)


@given(st.floats() | st.floats(-1_000, 1_000) | st.integers(-(10**9), 10**9).map(lambda cents: cents / 100))
@example(0.0)
@example(-0.0)
@example(1e-4)
@example(9.999e-5)
@example(1e16)
@example(-9999999999999998.0)
def test_a_number_is_named_as_python_names_it(value: float) -> None:
    assert number(value) == str(value)
