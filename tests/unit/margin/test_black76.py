"""Premium and volatility: one is the inverse of the other."""

from math import exp, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.margin.black76 import delta, implied_vol, value

RATE = 0.065
VOLS, YEARS, MONEYNESS = st.floats(0.05, 1.2), st.floats(0.01, 1.0), st.floats(0.85, 1.15)


@given(VOLS, YEARS, MONEYNESS, st.booleans())
def test_implied_volatility_is_the_inverse_of_the_price(
    vol: float, years: float, moneyness: float, call: bool
) -> None:
    forward, strike, discount = 100.0, 100.0 * moneyness, exp(-RATE * years)
    premium = value(forward, strike, vol * sqrt(years), discount, call=call)
    found = implied_vol(premium, forward, strike, years, RATE, call=call)

    assert value(forward, strike, found * sqrt(years), discount, call=call) == pytest.approx(
        premium, abs=1e-6
    )


@given(VOLS, YEARS, MONEYNESS)
def test_call_less_put_is_the_forward_less_the_strike(vol: float, years: float, moneyness: float) -> None:
    discount, deviation = exp(-RATE * years), vol * sqrt(years)
    call = value(100.0, 100.0 * moneyness, deviation, discount, call=True)
    put = value(100.0, 100.0 * moneyness, deviation, discount, call=False)

    assert call - put == pytest.approx(discount * 100.0 * (1 - moneyness), abs=1e-9)


@given(VOLS, YEARS, MONEYNESS, st.booleans())
def test_delta_is_the_slope_of_the_price(vol: float, years: float, moneyness: float, call: bool) -> None:
    strike, deviation, discount = 100.0 * moneyness, vol * sqrt(years), exp(-RATE * years)
    above, below = (value(100.0 + h, strike, deviation, discount, call=call) for h in (1e-4, -1e-4))

    assert delta(100.0, strike, deviation, discount, call=call) == pytest.approx(
        (above - below) / 2e-4, abs=1e-4
    )


@pytest.mark.parametrize(
    ("premium", "vol"),
    [
        pytest.param(0.0, 0.01, id="worth nothing"),
        pytest.param(9.0, 0.01, id="below what it is worth at once"),
        pytest.param(99.0, 3.0, id="dearer than any volatility makes it"),
    ],
)
def test_a_price_that_no_volatility_gives_gets_the_nearest(premium: float, vol: float) -> None:
    assert implied_vol(premium, 110.0, 100.0, 0.1, RATE, call=True) == vol


def test_at_expiry_an_option_is_worth_its_intrinsic_value() -> None:
    assert value(110.0, 100.0, 0.0, 1.0, call=True) == 10.0
    assert value(110.0, 100.0, 0.0, 1.0, call=False) == 0.0
    assert delta(110.0, 100.0, 0.0, 1.0, call=True) == 1.0
    assert delta(110.0, 100.0, 0.0, 1.0, call=False) == 0.0
