"""SPAN-like margin of all contracts on one underlying, without the clearing house's file.

SPAN = the worst of sixteen scenarios over all legs together, less the net option value, never below zero. So options
of one expiry hedge each other. On top comes exposure, flat and never netted: on each future and each short option,
and more on a short option's last day. A bought option alone needs its premium and nothing else.

Sources: nseclearing.in, SPAN Risk Parameters; docs/margin.md says what is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any, Final

import msgspec

from sauda.contracts import Right
from sauda.margin.rules import Rates
from sauda.margin.scan import Leg, Priced, priced
from sauda.money import Paise, Units

_RUPEE: Final = 100
_HAIR: Final = 4
"""Decimals of a rupee that count when rounding up: what lies behind them is a float's last bit."""


class Requirement(msgspec.Struct, frozen=True):
    """What must be blocked, whole rupees in paise."""

    span: Paise = 0
    exposure: Paise = 0
    expiry: Paise = 0
    """The addition for options on their last day."""

    @property
    def total(self) -> Paise:
        """Return the sum."""
        return self.span + self.exposure + self.expiry


NOTHING: Final = Requirement()


def requirement(spot: float, legs: Iterable[Leg], rates: Rates) -> Requirement:
    """Return what all *legs* on one underlying need together.

    Args:
        spot: The underlying's price, paise.
        legs: A contract may stand there more than once.
        rates: Of the underlying on that day.
    """
    return requirement_of(
        spot, [priced(leg, rates.price_scan * spot, rates) for leg in legs if leg.qty], rates
    )


def requirement_of(spot: float, legs: Sequence[Priced], rates: Rates) -> Requirement:
    """Return what *legs*, none of them empty, need together: `requirement`, for who has priced them already."""
    if not legs:
        return NOTHING
    shorts = last_day_shorts = 0
    futures, option_value = 0.0, 0.0
    for leg, _, _ in legs:
        if leg.strike is None:
            futures += abs(leg.qty) * leg.forward
        else:
            option_value += leg.qty * leg.premium
            if leg.qty < 0:
                shorts -= leg.qty
                last_day_shorts -= leg.qty if leg.last_day else 0
    risk = rates.short_option_minimum * spot * shorts
    risk = max(sum([_group_risk(group, rates) for group in _groups(legs, rates)]), risk)
    return Requirement(
        span=_rupees_up(max(0.0, risk - option_value)),
        exposure=_rupees_up((futures + spot * shorts) * rates.exposure),
        expiry=_rupees_up(spot * last_day_shorts * rates.expiry_day),
    )


def worst(
    spot: float,
    held: Sequence[Leg],
    waiting: Sequence[Leg],
    rates: Rates,
    of_held: Requirement | None = None,
) -> Requirement:
    """Return the most that *held*, which alone needs *of_held*, and what may fill of *waiting* can need.

    An option that somebody still wants to buy hedges nothing yet, so it is left out (its premium is blocked elsewhere).
    Of the rest all may fill, or those alone that lose when the market rises, or when it falls.
    """
    move = rates.price_scan * spot
    stand = [priced(leg, move, rates) for leg in held if leg.qty]
    return worst_of(spot, stand, [priced(leg, move, rates) for leg in waiting], rates, of_held)


def worst_of(
    spot: float,
    held: Sequence[Priced],
    waiting: Sequence[Priced],
    rates: Rates,
    of_held: Requirement | None = None,
) -> Requirement:
    """`worst`, for who has priced the legs already."""
    risky = [one for one in waiting if one.leg.strike is None or one.leg.qty < 0]
    found = requirement_of(spot, held, rates) if of_held is None else of_held
    if not risky:
        return found
    bullish, bearish = risky, risky[1:]
    if bearish:
        bullish = [one for one in risky if _gains_upwards(one.leg)]
        bearish = [one for one in risky if not _gains_upwards(one.leg)]
    for part in (risky, bullish, bearish) if bullish and bearish else (risky,):
        other = requirement_of(spot, _together(spot, held, part, rates), rates)
        found = other if other.total > found.total else found
    return found


def _together(spot: float, held: Sequence[Priced], part: Sequence[Priced], rates: Rates) -> list[Priced]:
    """Return both, with equal contracts put together."""
    both = [*held, *part]
    if len({(one.leg.strike, one.leg.premium) for one in both}) == len(both):
        return both  # No two are equal.
    known = {one.leg: one for one in both}
    move = rates.price_scan * spot
    return [known.get(leg) or priced(leg, move, rates) for leg in netted(one.leg for one in both)]


def netted(legs: Iterable[Leg]) -> list[Leg]:
    """Return *legs* with equal contracts put together, without those that cancel out."""
    sums: dict[tuple[Any, ...], Units] = {}
    for leg in legs:
        terms = leg[1:]
        sums[terms] = sums.get(terms, 0) + leg.qty
    return [Leg(qty, *terms) for terms, qty in sums.items() if qty]


def _gains_upwards(leg: Leg) -> bool:
    return (leg.qty > 0) is not (leg.right is Right.PUT)


def _groups(legs: Sequence[Priced], rates: Rates) -> list[Sequence[Priced]]:
    """Return the legs that may offset each other: all, or from some date on those that expire today apart."""
    ends_today = [one for one in legs if one.leg.last_day]
    if rates.spread_on_expiry_day or len(ends_today) in (0, len(legs)):
        return [legs]
    return [ends_today, [one for one in legs if not one.leg.last_day]]


def _group_risk(group: Sequence[Priced], rates: Rates) -> float:
    worst_gain: float = min(map(sum, zip(*[one.gains for one in group], strict=True)))
    return max(0.0, -worst_gain) + _calendar_charge(group, rates)


def _calendar_charge(group: Sequence[Priced], rates: Rates) -> float:
    """Return the price of trusting that two expiries move together: a share of the far one, for each delta that offsets."""
    if len({one.leg.expiry for one in group}) < 2:
        return 0.0
    deltas: dict[str, float] = defaultdict(float)
    forwards: dict[str, float] = {}
    for leg, _, delta in group:
        deltas[leg.expiry] += leg.qty * delta
        forwards[leg.expiry] = max(leg.forward, forwards.get(leg.expiry, 0.0))
    bought = sum(one for one in deltas.values() if one > 0)
    sold = -sum(one for one in deltas.values() if one < 0)
    far = max(forwards.items(), default=("", 0.0))[1]
    return rates.calendar_spread * min(bought, sold) * far


def _rupees_up(paise: float) -> Paise:
    return ceil(round(paise / _RUPEE, _HAIR)) * _RUPEE if paise else 0
