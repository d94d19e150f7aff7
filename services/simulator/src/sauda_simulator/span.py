"""SPAN-like margin of a set of index futures and options: what SpanCalc answers. Pure.

Sixteen scenarios move the underlying and its volatility together for all legs of an underlying; SPAN
is the worst loss less the net option value. Exposure is 2 % of the notional of each short option and
each future, and as much again for a short option on its last day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt

from sauda.contracts import InstrumentKind, Right
from sauda.money import Paise
from sauda_simulator.market.black76 import RATE, implied_vol, value

PRICE_SCAN = 0.093
"""How far an index may move, as a share of its price: the exchange's floor for index derivatives."""
EXPOSURE = 0.02
_MIN_VOL_SHOCK, _VOL_SHOCK = 0.04, 0.25
_DAY = 1 / 365
_SCENARIOS = [(third / 3, vol, 1.0) for third in (0, 1, -1, 2, -2, 3, -3) for vol in (1, -1)] + [
    (move, 0, 0.35) for move in (2.0, -2.0)
]
"""(move in scan ranges, direction of volatility, share of the loss that counts)."""


@dataclass(frozen=True)
class Leg:
    """One position of an underlying."""

    qty: int
    """Units, signed."""
    kind: InstrumentKind
    forward: float
    """Price of the underlying for the leg's expiry, paise."""
    premium: float
    """What the leg costs now, paise; the forward itself for a future."""
    years: float
    """Time to expiry."""
    strike: Paise | None = None
    right: Right | None = None
    last_day: bool = False


def span_and_exposure(spot: float, legs: Sequence[Leg]) -> tuple[Paise, Paise]:
    """Return (SPAN, exposure) of all *legs* on one underlying at *spot*, paise."""
    priced = [(leg, _vol(leg)) for leg in legs]
    worst = max(
        (
            share * sum(-leg.qty * _change(leg, vol, move * PRICE_SCAN * spot, up) for leg, vol in priced)
            for move, up, share in _SCENARIOS
        ),
        default=0.0,
    )
    option_value = sum(leg.qty * leg.premium for leg in legs if leg.strike is not None)
    span = max(0.0, worst - option_value)
    exposure = sum(_exposure(leg, spot) for leg in legs)
    return round(span), round(exposure)


def _vol(leg: Leg) -> float:
    if leg.strike is None or leg.years <= 0:
        return 0.0
    return implied_vol(leg.premium, leg.forward, leg.strike, leg.years, call=leg.right is Right.CALL)


def _change(leg: Leg, vol: float, move: float, up: int) -> float:
    """Return what a unit of *leg* gains when the market moves and a day passes."""
    if leg.strike is None:
        return move
    years = max(0.0, leg.years - _DAY)
    shocked = max(0.01, vol + up * max(_MIN_VOL_SHOCK, _VOL_SHOCK * vol))
    forward = max(1.0, leg.forward + move)
    deviation, discount = shocked * sqrt(years), exp(-RATE * years)
    return value(forward, leg.strike, deviation, discount, call=leg.right is Right.CALL) - leg.premium


def _exposure(leg: Leg, spot: float) -> float:
    if leg.kind is InstrumentKind.OPTION and leg.qty >= 0:
        return 0.0
    share = EXPOSURE * (2 if leg.last_day and leg.kind is InstrumentKind.OPTION else 1)
    return share * spot * abs(leg.qty)
