"""Money is whole paise: what goes in as rupees comes out as the same rupees."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.errors import ContractError
from sauda.money import Rounding, to_indian, to_paise, to_rupees, to_tick


@pytest.mark.parametrize(
    ("rupees", "paise"),
    [
        pytest.param("24512.35", 24_512_35, id="text"),
        pytest.param(24512.35, 24_512_35, id="float"),
        pytest.param(Decimal("0.05"), 5, id="decimal"),
        pytest.param("-0.005", -1, id="half a paisa goes away from zero"),
        pytest.param("0.005", 1, id="half a paisa up"),
        pytest.param("0.0049", 0, id="less than half a paisa"),
        pytest.param("1e3", 1_000_00, id="scientific"),
    ],
)
def test_rupees_become_paise(rupees: str | float | Decimal, paise: int) -> None:
    assert to_paise(rupees) == paise


@pytest.mark.parametrize("text", ["abc", "", "NA", "nan", "inf", "-Infinity", "1,000"])
def test_what_is_not_a_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(ContractError, match="price is not"):
        to_paise(text)


@given(st.integers(-(10**15), 10**15))
def test_printing_and_reading_gives_the_amount_back(amount: int) -> None:
    assert to_paise(to_rupees(amount)) == amount
    assert to_paise(to_indian(amount).replace(",", "")) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0.00"),
        (99_999, "999.99"),
        (1_000_00, "1,000.00"),
        (123_456_50, "1,23,456.50"),
        (-10_000_000_00, "-1,00,00,000.00"),
    ],
)
def test_indians_group_by_two_above_the_thousand(amount: int, text: str) -> None:
    assert to_indian(amount) == text


@pytest.mark.parametrize(
    ("price", "rounding", "ticked"),
    [
        pytest.param(137.8125 * 100, Rounding.UP, 137_85, id="a stop above is never nearer than asked"),
        pytest.param(137.8125 * 100, Rounding.DOWN, 137_80, id="down"),
        pytest.param(137.825 * 100, Rounding.NEAREST, 137_85, id="half way goes up"),
        pytest.param(110.25 * 1.25 * 100, Rounding.NEAREST, 137_80, id="nearest"),
        pytest.param(0.1 * 3 * 100, Rounding.UP, 30, id="a float's last bit does not add a tick"),
    ],
)
def test_a_models_price_becomes_one_that_the_exchange_accepts(
    price: float, rounding: Rounding, ticked: int
) -> None:
    assert to_tick(price, 5, rounding) == ticked


@given(st.floats(0, 1e8), st.sampled_from([1, 5, 10, 20, 100]))
def test_a_ticked_price_is_a_multiple_of_the_tick_and_within_one_of_the_price(
    price: float, tick: int
) -> None:
    down, nearest, up = (
        to_tick(price, tick, rounding) for rounding in (Rounding.DOWN, Rounding.NEAREST, Rounding.UP)
    )

    assert down % tick == nearest % tick == up % tick == 0
    assert down <= nearest <= up <= down + tick
    assert abs(nearest - price) <= tick / 2 + 1e-6
