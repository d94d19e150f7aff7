"""The margin recipe, against figures of a real SPAN file (NIFTY, 2026-05-29) and its laws."""

from datetime import date
from math import exp, sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import Right
from sauda.margin import NOTHING, Leg, Rates, Requirement, load_margins, netted, requirement, worst
from sauda.margin.black76 import value

BOOK = load_margins(Path(__file__).parents[3] / "config" / "market")
DAY = date(2026, 5, 29)
RATES = BOOK.rates("NIFTY", DAY)
SPOT, FORWARD, LOT = 23_547_75.0, 23_748_00.0, 65
YEARS = 32 / 365
JUNE, JULY = "2026-06-30", "2026-07-28"


def option(
    right: Right,
    premium: float,
    strike: int = 23_700_00,
    qty: int = -LOT,
    *,
    expiry: str = JUNE,
    last_day: bool = False,
) -> Leg:
    return Leg(qty, expiry, FORWARD, premium, YEARS, last_day, strike, right)


def model_premium(right: Right, strike: int, vol: float = 0.15) -> float:
    discount = exp(-RATES.interest * YEARS)
    return value(FORWARD, strike, vol * sqrt(YEARS), discount, call=right is Right.CALL)


def future(qty: int = LOT, *, expiry: str = JUNE, price: float = FORWARD) -> Leg:
    return Leg(qty, expiry, price, price, YEARS)


CALL = option(Right.CALL, 437_65.0)
# By parity with the call.
PUT = option(Right.PUT, 437_65.0 - exp(-RATES.interest * YEARS) * (FORWARD - 23_700_00))


def need(*legs: Leg, rates: Rates = RATES) -> Requirement:
    return requirement(SPOT, legs, rates)


# The reference: what the clearing house's file of 2026-05-29 gives.


@pytest.mark.parametrize(
    ("legs", "span", "exposure", "total"),
    [
        pytest.param([future()], 143_720_00, 30_873_00, 174_593_00, id="a future"),
        pytest.param([CALL], 141_673_00, 30_612_00, 172_285_00, id="a short call"),
        pytest.param([CALL, PUT], 141_674_00, 61_224_00, 202_898_00, id="a short straddle"),
    ],
)
def test_the_margin_is_within_5_percent_of_the_clearing_house(
    legs: list[Leg], span: int, exposure: int, total: int
) -> None:
    found = need(*legs)

    assert found.total == pytest.approx(total, rel=0.05)
    assert found.span == pytest.approx(span, rel=0.05)
    # The file rounds each leg down, we round up.
    assert found.exposure == pytest.approx(exposure, abs=2_00)


@pytest.mark.parametrize("vol", [0.12, 0.15, 0.20])
def test_a_future_with_a_bought_put_needs_what_the_put_leaves_open(vol: float) -> None:
    put = option(Right.PUT, model_premium(Right.PUT, 23_000_00, vol), 23_000_00, LOT)

    assert need(future(), put).total == pytest.approx(78_904_00, rel=0.05)


# What follows from the rules.


def test_no_position_needs_no_margin() -> None:
    assert need() == NOTHING


def test_a_bought_option_needs_its_premium_alone() -> None:
    assert need(option(Right.CALL, 437_65.0, qty=LOT)) == NOTHING


def test_a_condor_needs_far_less_than_the_naked_strangle_inside_it() -> None:
    inner = [
        option(right, model_premium(right, strike), strike)
        for right, strike in ((Right.CALL, 24_000_00), (Right.PUT, 23_400_00))
    ]
    wings = [
        option(right, model_premium(right, strike), strike, LOT)
        for right, strike in ((Right.CALL, 24_200_00), (Right.PUT, 23_200_00))
    ]

    condor, naked = need(*inner, *wings), need(*inner)

    assert condor.exposure == naked.exposure
    assert condor.total < 0.45 * naked.total


def test_on_its_last_day_a_short_option_pays_exposure_again_hedged_or_not() -> None:
    last = option(Right.CALL, 437_65.0, last_day=True)
    hedge = option(Right.CALL, 1_00.0, 23_750_00, LOT, last_day=True)

    assert need(last).expiry == need(CALL).exposure
    assert need(last, hedge).expiry == need(last).expiry
    assert need(hedge).expiry == 0


def test_there_was_no_addition_on_the_last_day_before_20_november_2024() -> None:
    last = option(Right.CALL, 437_65.0, last_day=True)

    assert need(last, rates=BOOK.rates("NIFTY", date(2024, 11, 19))).expiry == 0
    assert need(last, rates=BOOK.rates("NIFTY", date(2024, 11, 20))).expiry > 0


def test_futures_of_two_months_offset_each_other_for_a_charge_on_the_far_one() -> None:
    far = 23_900_00.0

    spread = need(future(), future(-LOT, expiry=JULY, price=far))

    assert spread.span == pytest.approx(0.0175 * LOT * far, abs=100)
    assert spread.exposure == pytest.approx(0.02 * LOT * (FORWARD + far), abs=200)


def test_since_february_2025_nothing_that_expires_today_offsets_later_contracts() -> None:
    today, later = future()._replace(last_day=True), future(-LOT, expiry=JULY)

    assert need(today, later).span == pytest.approx(need(today).span + need(later).span, abs=200)
    assert need(today, later, rates=BOOK.rates("NIFTY", date(2025, 1, 31))).span < need(today).span


def test_since_may_2026_nothing_of_a_share_that_expires_today_offsets_later_contracts() -> None:
    today, later = future()._replace(last_day=True), future(-LOT, expiry=JULY)
    before, since = (BOOK.rates("RELIANCE", date(2026, 5, day)) for day in (4, 5))

    alone = need(today, rates=since).span + need(later, rates=since).span
    assert need(today, later, rates=since).span == pytest.approx(alone, abs=200)
    assert need(today, later, rates=before).span < need(today, rates=before).span


def test_the_framework_of_june_2020_asks_more_of_a_naked_future_and_less_of_a_hedged_option() -> None:
    before, since = (BOOK.rates("NIFTY", day) for day in (date(2020, 5, 29), date(2020, 6, 1)))
    hedged = (CALL, option(Right.CALL, 400_00.0, 23_750_00, LOT))

    assert need(future(), rates=before).span == pytest.approx(0.071 * SPOT * LOT, abs=100)
    assert need(future(), rates=since).span == pytest.approx(0.093 * SPOT * LOT, abs=100)
    # What short options needed at least, however well they were hedged.
    assert need(*hedged, rates=before).span >= 0.03 * SPOT * LOT
    assert need(*hedged, rates=since).total < 0.6 * need(*hedged, rates=before).total


def test_stocks_need_more_than_indices() -> None:
    stock = need(CALL, rates=BOOK.rates("RELIANCE", DAY))

    assert stock.span > need(CALL).span
    assert stock.exposure == pytest.approx(1.75 * need(CALL).exposure, abs=200)


def test_a_short_commodity_option_far_out_needs_the_minimum() -> None:
    far_out = option(Right.CALL, 1_00.0, 40_000_00)

    assert need(far_out, rates=BOOK.rates("GOLD", DAY, is_commodity=True)).span == pytest.approx(
        0.06 * SPOT * LOT + 1_00 * LOT, abs=100
    )


# Orders that wait.


def test_an_option_that_somebody_still_wants_to_buy_hedges_nothing() -> None:
    wing = option(Right.CALL, 150_00.0, 24_300_00, LOT)

    assert worst(SPOT, [CALL], [wing], RATES) == need(CALL)


def test_an_order_that_would_lessen_the_risk_frees_nothing_before_it_fills() -> None:
    assert worst(SPOT, [CALL], [CALL._replace(qty=LOT)], RATES) == need(CALL)
    assert worst(SPOT, [future()], [future(-LOT)], RATES) == need(future())


def test_of_orders_that_offset_each_other_the_worse_half_is_blocked() -> None:
    waiting = [future(), future(-LOT)]

    assert worst(SPOT, [], waiting, RATES) == need(future(-LOT))
    assert worst(SPOT, [future()], waiting, RATES) == need(future(2 * LOT))


# Laws.

STRIKES = st.integers(220, 250).map(lambda hundred: hundred * 100_00)


@st.composite
def legs(draw: st.DrawFn) -> Leg:
    qty = draw(st.sampled_from([-2, -1, 1, 2])) * LOT
    expiry = draw(st.sampled_from([JUNE, JULY]))
    if draw(st.booleans()):
        return future(qty, expiry=expiry, price=draw(st.sampled_from([FORWARD, FORWARD + 150_00])))
    return draw(options(qty, expiry))


@st.composite
def options(draw: st.DrawFn, qty: int, expiry: str = JUNE) -> Leg:
    right, strike = draw(st.sampled_from(Right)), draw(STRIKES)
    premium = model_premium(right, strike, draw(st.sampled_from([0.08, 0.15, 0.4])))
    quoted = max(5.0, premium * draw(st.sampled_from([0.9, 1.0, 1.1])))
    return option(right, quoted, strike, qty, expiry=expiry, last_day=draw(st.booleans()))


@given(st.lists(legs(), max_size=6))
def test_margin_is_whole_rupees_and_never_negative(held: list[Leg]) -> None:
    found = need(*held)

    assert min(found.span, found.exposure, found.expiry) >= 0
    assert all(part % 100 == 0 for part in (found.span, found.exposure, found.expiry))


@given(st.lists(options(-LOT), max_size=3), st.lists(options(LOT), max_size=3), options(LOT))
def test_a_bought_option_of_the_same_expiry_day_never_raises_the_margin(
    shorts: list[Leg], longs: list[Leg], more: Leg
) -> None:
    held = [leg._replace(last_day=False) for leg in (*shorts, *longs)]

    after = need(*held, more._replace(last_day=False))

    assert after.total <= need(*held).total


@given(st.lists(legs(), max_size=4), options(LOT, JULY))
def test_a_bought_option_of_another_expiry_costs_at_most_the_calendar_charge(
    held: list[Leg], more: Leg
) -> None:
    charge = RATES.calendar_spread * LOT * (FORWARD + 150_00)
    known = [leg._replace(last_day=False) for leg in held]

    after = need(*known, more._replace(last_day=False))

    # The far month may itself become the dearer one for what offset before.
    spread_before = sum(abs(leg.qty) for leg in known) * RATES.calendar_spread * 150_00
    assert after.span <= need(*known).span + charge + spread_before + 100


@given(st.lists(legs(), max_size=4))
def test_twice_the_position_never_needs_less(held: list[Leg]) -> None:
    assert need(*[leg._replace(qty=2 * leg.qty) for leg in held]).total >= need(*held).total


@given(st.lists(legs(), max_size=4), st.lists(legs(), max_size=3))
def test_with_orders_waiting_never_less_is_blocked_than_without(held: list[Leg], waiting: list[Leg]) -> None:
    assert worst(SPOT, held, waiting, RATES).total >= need(*held).total


@given(st.lists(legs(), max_size=4))
def test_what_is_closed_leaves_nothing(held: list[Leg]) -> None:
    closing = [leg._replace(qty=-leg.qty) for leg in held]

    assert netted([*held, *closing]) == []
