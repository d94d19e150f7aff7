"""SPAN-like margin of all contracts on one underlying, without the clearing house's file.

SPAN = the worst of sixteen scenarios over all legs together, less the net option value, never below zero. So options
of one expiry hedge each other. On top comes exposure, flat and never netted: on each future and each short option,
and more on a short option's last day. A bought option alone needs its premium and nothing else.

Sources: nseclearing.in, SPAN Risk Parameters; docs/margin.md says what is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from operator import mul
from typing import Any, Final

import msgspec

from sauda.margin.rules import Rates
from sauda.margin.scan import Leg, Scan, scan
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
    priced = [(leg, scan(leg, rates.price_scan * spot, rates)) for leg in legs if leg.qty]
    if not priced:
        return NOTHING
    shorts = sum(-leg.qty for leg, _ in priced if leg.is_short_option)
    risk = sum(_group_risk(group, rates) for group in _groups(priced, rates))
    risk = max(risk, rates.short_option_minimum * spot * shorts)
    option_value = sum(leg.qty * leg.premium for leg, _ in priced if leg.strike is not None)
    last_day_shorts = sum(-leg.qty for leg, _ in priced if leg.is_short_option and leg.last_day)
    return Requirement(
        span=_rupees_up(max(0.0, risk - option_value)),
        exposure=_rupees_up(_notional(spot, priced) * rates.exposure),
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
    risky = [leg for leg in waiting if leg.strike is None or leg.qty < 0]
    found = requirement(spot, held, rates) if of_held is None else of_held
    if not risky:
        return found
    bullish = [leg for leg in risky if _gains_upwards(leg)]
    bearish = [leg for leg in risky if not _gains_upwards(leg)]
    for part in (risky, bullish, bearish) if bullish and bearish else (risky,):
        other = requirement(spot, netted([*held, *part]), rates)
        found = other if other.total > found.total else found
    return found


def netted(legs: Iterable[Leg]) -> list[Leg]:
    """Return *legs* with equal contracts put together, without those that cancel out."""
    sums: dict[tuple[Any, ...], Units] = {}
    for leg in legs:
        terms = leg[1:]
        sums[terms] = sums.get(terms, 0) + leg.qty
    return [Leg(qty, *terms) for terms, qty in sums.items() if qty]


def _gains_upwards(leg: Leg) -> bool:
    is_put = leg.right is not None and leg.right.value == "PE"
    return (leg.qty > 0) is not is_put


def _groups(priced: Sequence[tuple[Leg, Scan]], rates: Rates) -> list[list[tuple[Leg, Scan]]]:
    """Return the legs that may offset each other: all, or from some date on those that expire today apart."""
    if rates.spread_on_expiry_day:
        return [list(priced)]
    groups = ([one for one in priced if one[0].last_day is today] for today in (True, False))
    return [group for group in groups if group]


def _group_risk(group: Sequence[tuple[Leg, Scan]], rates: Rates) -> float:
    quantities = [leg.qty for leg, _ in group]
    by_scenario = zip(*(scanned.gains for _, scanned in group), strict=True)
    worst_gain: float = min(sum(map(mul, quantities, gains)) for gains in by_scenario)
    return max(0.0, -worst_gain) + _calendar_charge(group, rates)


def _calendar_charge(group: Sequence[tuple[Leg, Scan]], rates: Rates) -> float:
    """Return the price of trusting that two expiries move together: a share of the far one, for each delta that offsets."""
    if len({leg.expiry for leg, _ in group}) < 2:
        return 0.0
    deltas: dict[str, float] = defaultdict(float)
    forwards: dict[str, float] = {}
    for leg, scanned in group:
        deltas[leg.expiry] += leg.qty * scanned.delta
        forwards[leg.expiry] = max(leg.forward, forwards.get(leg.expiry, 0.0))
    bought = sum(one for one in deltas.values() if one > 0)
    sold = -sum(one for one in deltas.values() if one < 0)
    far = max(forwards.items(), default=("", 0.0))[1]
    return rates.calendar_spread * min(bought, sold) * far


def _notional(spot: float, priced: Sequence[tuple[Leg, Scan]]) -> float:
    futures = sum(abs(leg.qty) * leg.forward for leg, _ in priced if leg.strike is None)
    return futures + spot * sum(-leg.qty for leg, _ in priced if leg.is_short_option)


def _rupees_up(paise: float) -> Paise:
    return ceil(round(paise / _RUPEE, _HAIR)) * _RUPEE
