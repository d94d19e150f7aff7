"""What one unit of a contract gains in each of SPAN's sixteen scenarios.

The scenarios move the price of the underlying by thirds of its scan range, with volatility up and down; the last two
move it far out, and a part of their loss counts. A day passes in each.
"""

from functools import lru_cache
from math import exp, sqrt
from typing import Final, NamedTuple, TypeAlias

from sauda.contracts import Right
from sauda.margin.black76 import delta, implied_vol, value, values
from sauda.margin.rules import Rates
from sauda.money import Paise, Units

_PARTS: Final = tuple(third / 3 for third in (0, 1, -1, 2, -2, 3, -3))
"""Moves in scan ranges; each is looked at with volatility up and down."""
_DAY: Final = 1 / 365
_LEAST_VOL: Final = 0.01
_LEAST_FORWARD: Final = 1.0
"""Paise: a scenario does not move a price below zero."""


class Leg(NamedTuple):
    """One contract of an underlying, held or wished for."""

    qty: Units
    """Signed."""
    expiry: str
    """`YYYY-MM-DD`."""
    forward: float
    """Price of the underlying for the leg's expiry, paise; a future's own price."""
    premium: float
    """What an option costs, paise; of no meaning for a future."""
    years: float
    """To expiry, above zero."""
    last_day: bool = False
    strike: Paise | None = None
    """None for a future."""
    right: Right | None = None

    @property
    def is_short_option(self) -> bool:
        """Is it an option that somebody else may exercise?"""
        return self.strike is not None and self.qty < 0


_Terms: TypeAlias = tuple[str, float, float, float, bool, Paise, Right | None]
"""A leg of an option without its quantity."""


class Scan(NamedTuple):
    """The scenarios of one unit."""

    gains: tuple[float, ...]
    """Paise, by scenario; of the extreme ones the part that counts."""
    delta: float
    """Units of the underlying that one unit of the contract is like."""


class Priced(NamedTuple):
    """A leg and what all of it gains."""

    leg: Leg
    gains: tuple[float, ...]
    """Paise, by scenario, of the whole quantity."""
    delta: float
    """As of `Scan`, of one unit."""


def priced(leg: Leg, move: float, rates: Rates) -> Priced:
    """Return *leg* with what all of it gains when the underlying moves by up to *move* paise."""
    of_one, qty = scan(leg, move, rates), leg.qty
    return Priced(leg, tuple([qty * gain for gain in of_one.gains]), of_one.delta)


def scan(leg: Leg, move: float, rates: Rates) -> Scan:
    """Return what a unit of *leg* gains when the underlying moves by up to *move* paise, the price scan range."""
    if leg.strike is None:
        return _future(move, rates.extreme_ranges, rates.extreme_share)
    return _option(leg[1:], move, rates)


@lru_cache(maxsize=256)
def _future(move: float, ranges: float, share: float) -> Scan:
    far = share * ranges * move
    return Scan((*(part * move for part in _PARTS for _ in (1, -1)), far, -far), 1.0)


@lru_cache(maxsize=4096)
def _option(terms: _Terms, move: float, rates: Rates) -> Scan:
    """Remembered, because within an order, and often between two, the legs' quotes stand still."""
    _, forward, premium, years, _, strike, right = terms
    call = right is Right.CALL
    vol = implied_vol(premium, forward, strike, years, rates.interest, call=call)
    shock = max(rates.vol_least, rates.vol_scan * vol)
    left = max(0.0, years - _DAY)
    root, discount = sqrt(left), exp(-rates.interest * left)
    far_move = rates.extreme_ranges * move
    near = [max(_LEAST_FORWARD, forward + part * move) for part in _PARTS]
    far = [max(_LEAST_FORWARD, forward + way * far_move) for way in (1, -1)]
    shocked = [max(_LEAST_VOL, vol + up * shock) * root for up in (1, -1)]
    if root > 0:
        grid = values(near, strike, shocked, discount, call=call)
        ends = values(far, strike, [max(_LEAST_VOL, vol) * root], discount, call=call)
    else:
        grid = [value(one, strike, 0.0, discount, call=call) for one in near for _ in shocked]
        ends = [value(one, strike, 0.0, discount, call=call) for one in far]
    gains = [one - premium for one in grid]
    gains += [rates.extreme_share * (one - premium) for one in ends]
    now = delta(forward, strike, vol * sqrt(years), exp(-rates.interest * years), call=call)
    return Scan(tuple(gains), now)
