"""The margin recipe, against figures of a real SPAN file (NIFTY, 2026-05-29) and simple laws."""

from math import exp

import pytest

from sauda.contracts import InstrumentKind, Right
from sauda_simulator.market.black76 import RATE
from sauda_simulator.span import Leg, span_and_exposure

SPOT, FORWARD, LOT = 23_547_75.0, 23_748_00.0, 65
YEARS = 32 / 365


def option(
    right: Right, premium: float, strike: int = 23_700_00, qty: int = -LOT, *, last_day: bool = False
) -> Leg:
    return Leg(qty, InstrumentKind.OPTION, FORWARD, premium, YEARS, strike, right, last_day)


CALL = option(Right.CALL, 437_65.0)
# By parity with the call.
PUT = option(Right.PUT, 437_65.0 - exp(-RATE * YEARS) * (FORWARD - 23_700_00))


def test_a_short_call_needs_about_what_the_exchange_says() -> None:
    span, exposure = span_and_exposure(SPOT, [CALL])

    assert span == pytest.approx(1_41_673_00, rel=0.05)
    assert exposure == pytest.approx(30_612_00, rel=0.01)


def test_a_short_straddle_needs_hardly_more_span_than_one_leg() -> None:
    span, exposure = span_and_exposure(SPOT, [CALL, PUT])

    assert span == pytest.approx(1_41_674_00, rel=0.06)
    assert exposure == pytest.approx(61_224_00, rel=0.01)


def test_a_future_needs_the_scan_range() -> None:
    future = Leg(LOT, InstrumentKind.FUTURE, FORWARD, FORWARD, YEARS)
    span, exposure = span_and_exposure(SPOT, [future])

    assert span == pytest.approx(1_43_720_00, rel=0.02)
    assert exposure == pytest.approx(30_873_00, rel=0.02)


def test_a_long_option_needs_its_premium_alone() -> None:
    assert span_and_exposure(SPOT, [option(Right.CALL, 437_65.0, qty=LOT)]) == (0, 0)


def test_a_bought_wing_makes_a_short_straddle_cheaper() -> None:
    wings = [option(Right.CALL, 150_00.0, 24_300_00, LOT), option(Right.PUT, 160_00.0, 23_100_00, LOT)]

    assert span_and_exposure(SPOT, [CALL, PUT, *wings])[0] < 0.5 * span_and_exposure(SPOT, [CALL, PUT])[0]


def test_on_the_last_day_a_short_option_pays_exposure_twice() -> None:
    usual, last = option(Right.CALL, 437_65.0), option(Right.CALL, 437_65.0, last_day=True)

    assert span_and_exposure(SPOT, [last])[1] == pytest.approx(2 * span_and_exposure(SPOT, [usual])[1], abs=1)


def test_no_position_needs_no_margin() -> None:
    assert span_and_exposure(SPOT, []) == (0, 0)
