"""What is typed on the command line becomes an order in paise, or is refused with the option's name."""

from typing import Any

import pytest

from sauda.contracts import OrderKind, Side, Validity
from sauda.hand.terms import Terms, TermsError, bps_of, check_change, new_id, price_of, same_order
from sauda.testing.builders import LOT, NOW, OPTION


def terms(**changes: Any) -> Terms:
    return Terms(**{"side": Side.BUY, "instrument": OPTION, "qty": LOT, "strategy": "hand", **changes})


@pytest.mark.parametrize(
    ("prices", "kind"),
    [
        ({}, OrderKind.MARKET),
        ({"limit": 540_00}, OrderKind.LIMIT),
        ({"trigger": 540_00}, OrderKind.SL_M),
        ({"trigger": 540_00, "limit": 541_00}, OrderKind.SL),
    ],
)
def test_the_prices_say_what_kind_of_order_it_is(prices: dict[str, int], kind: OrderKind) -> None:
    order = terms(**prices).order("hand-1", NOW)

    assert order.kind is kind
    assert (order.limit_price, order.trigger_price) == (prices.get("limit"), prices.get("trigger"))


@pytest.mark.parametrize(("text", "paise"), [("112.35", 112_35), ("24,500", 24_500_00), ("0.05", 5)])
def test_a_price_in_rupees_is_exact_paise(text: str, paise: int) -> None:
    assert price_of("--limit", text) == paise


@pytest.mark.parametrize("text", ["0", "-5", "1.005", "nan", "inf", "1e400", "five"])
def test_what_is_no_price_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(TermsError) as refused:
        price_of("--limit", text)

    assert refused.value.option == "--limit"


def test_a_percentage_is_kept_in_hundredths_of_a_percent() -> None:
    assert bps_of("--trail-percent", "1.25") == 125
    for text in ("0", "100", "0.001", "some"):
        with pytest.raises(TermsError):
            bps_of("--trail-percent", text)


@pytest.mark.parametrize(
    "contradiction",
    [
        {"trail_points": 5_00, "trail_bps": 100, "stop_loss": 90_00},
        {"trigger": 100_00, "validity": Validity.IOC},
    ],
)
def test_terms_that_contradict_themselves_are_refused(contradiction: dict[str, Any]) -> None:
    with pytest.raises(TermsError):
        terms(**contradiction).check()


def test_a_trailing_stop_and_a_trailing_bracket_are_sound() -> None:
    terms(trail_points=5_00, trigger=120_00).check()
    terms(trail_bps=100, stop_loss=90_00).check()


def test_a_change_of_nothing_is_no_change() -> None:
    with pytest.raises(TermsError):
        check_change(None, None)
    check_change(None, 5)


def test_the_id_is_made_of_the_markets_date_and_the_wish() -> None:
    assert new_id(b"1795580105123-4", NOW) == "hand-20261123-1795580105123-4"


def test_an_order_repeated_later_is_the_same_and_one_of_other_terms_is_not() -> None:
    first = terms().order("hand-1", NOW)

    assert same_order(first, terms().order("hand-1", NOW + 1))
    assert not same_order(first, terms(qty=2 * LOT).order("hand-1", NOW))
