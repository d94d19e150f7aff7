"""Premium and volatility: one is the inverse of the other."""

from math import exp, log, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.margin.black76 import delta, implied_vol, value, values

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


@given(VOLS, st.sampled_from([1 / 8760, 0.02, 0.9]), MONEYNESS, st.booleans())
def test_all_scenarios_in_one_loop_are_what_each_is_alone_to_the_bit(
    vol: float, years: float, moneyness: float, call: bool
) -> None:
    forwards, strike = (70.0, 100.0, 131.0), 100.0 * moneyness
    deviations, discount = (vol * sqrt(years), 1.5 * vol * sqrt(years)), exp(-RATE * years)

    alone = [value(one, strike, dev, discount, call=call) for one in forwards for dev in deviations]

    assert values(forwards, strike, deviations, discount, call=call) == alone


@given(VOLS, st.sampled_from([1 / 8760, 0.02, 0.9]), MONEYNESS, st.booleans(), st.floats(0.0, 0.3))
def test_the_quick_search_for_the_volatility_is_the_plain_one_to_the_bit(
    vol: float, years: float, moneyness: float, call: bool, dearer: float
) -> None:
    strike = 100.0 * moneyness
    premium = dearer + value(100.0, strike, vol * sqrt(years), exp(-RATE * years), call=call)

    assert implied_vol(premium, 100.0, strike, years, RATE, call=call) == _plain_search(
        premium, strike, years, call
    )


def _plain_search(premium: float, strike: float, years: float, call: bool) -> float:
    """Newton's steps within a bracket, by nothing but `value` and its slope."""
    low, high, discount, root = 0.01, 3.0, exp(-RATE * years), sqrt(years)

    def missing(vol: float) -> float:
        return premium - value(100.0, strike, vol * root, discount, call=call)

    if missing(low) <= 0:
        return low
    if missing(high) >= 0:
        return high
    vol = 0.2
    for _ in range(60):
        low, high = (vol, high) if missing(vol) > 0 else (low, vol)
        d1 = log(100.0 / strike) / (vol * root) + 0.5 * vol * root
        vega = discount * 100.0 * root * (exp(-0.5 * d1 * d1) / sqrt(2.0 * pi))
        better = vol + missing(vol) / vega if vega > 1e-9 * 100.0 else 0.0
        if not low < better < high:
            better = 0.5 * (low + high)
        if abs(better - vol) < 1e-9:
            return better
        vol = better
    return vol
