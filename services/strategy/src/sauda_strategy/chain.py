"""Which strike is at the money? An underlying's nearest option expiry, its index and its future.

The steps between strikes come from the strikes themselves: they differ by underlying, by distance from the
money, and change over the years. Pure; all prices are paise.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import pairwise
from statistics import median_low, multimode
from typing import Final

from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Right
from sauda.money import Paise

_ODD_PERCENT: Final = 3
"""A pair whose forward lies further than this from the median of all is mislabelled or stale, not the money: recorded
chains hold such rows. Honest pairs of one moment agree within a fraction of it."""
_ENOUGH_TO_JUDGE: Final = 3
"""Of two pairs that contradict each other, nobody can say which is the odd one."""


class Chain:
    """The contracts of one underlying that matter on one day."""

    def __init__(self, instruments: Iterable[Instrument], day: str) -> None:
        """Sort out *instruments*, of one underlying, as they stand on *day* (`YYYY-MM-DD`)."""
        alive = [one for one in instruments if one.expiry is None or one.expiry >= day]
        options = [one for one in alive if one.kind is InstrumentKind.OPTION and one.expiry]
        self.expiry = min((one.expiry for one in options if one.expiry), default=None)
        """The nearest expiry; the expiry day itself counts."""
        self.options: dict[tuple[Paise, Right], Instrument] = {
            (one.strike, one.right): one
            for one in options
            if one.expiry == self.expiry and one.strike is not None and one.right is not None
        }
        self.strikes = sorted({strike for strike, _ in self.options})
        self._at_index = {strike: at for at, strike in enumerate(self.strikes)}
        """strike -> where it stands in `strikes`"""
        self.step = _usual_gap(self.strikes)
        # A chain of one strike has no step: a hundredth of it is as good a guess of "near" as any.
        self._margin = self.step or (self.strikes[0] // 100 if self.strikes else 0)
        self.index = next((one.instrument for one in alive if one.kind is InstrumentKind.INDEX), None)
        self.future = _future(alive, self.expiry)

    def nearest(self, price: Paise) -> Paise | None:
        """Return the strike nearest to *price*, the lower of two; None beyond the ends of the chain."""
        return _nearest(self.strikes, price, self._margin)

    def nearer_than_others(self, strike: Paise | None) -> tuple[Paise, Paise]:
        """Return the lowest and highest price to which *strike* is surely the nearest; none (0, -1) for None."""
        if strike is None or strike not in self._at_index:
            return 0, -1
        at = self._at_index[strike]
        before = self.strikes[at - 1] if at else strike - 2 * self._margin
        after = self.strikes[at + 1] if at + 1 < len(self.strikes) else strike + 2 * self._margin
        # Exactly half way the lower strike is the nearest.
        return (before + strike) // 2 + 1, (strike + after) // 2

    def leg(self, strike: Paise, right: Right) -> Instrument | None:
        """Return the option at *strike*, or at the nearest one no further than a step away."""
        listed = [one for one in self.strikes if (one, right) in self.options]
        found = _nearest(listed, strike, self.step)
        if found is None or abs(found - strike) > self.step:
            return None
        return self.options[found, right]

    def around(self, strike: Paise, count: int) -> list[InstrumentId]:
        """Return both options of *strike* and of *count* strikes to each side."""
        at = bisect_left(self.strikes, strike)
        return self._at(self.strikes[max(0, at - count) : at + count + 1])

    def middle(self, limit: int) -> list[InstrumentId]:
        """Return the expiry's options; where there are more than *limit*, those of its middle strikes."""
        surplus = max(0, len(self.strikes) - limit // 2)
        return self._at(self.strikes[surplus // 2 : len(self.strikes) - (surplus + 1) // 2])

    def _at(self, strikes: Iterable[Paise]) -> list[InstrumentId]:
        return [
            self.options[strike, right].instrument
            for strike in strikes
            for right in Right
            if (strike, right) in self.options
        ]

    def forward(self, price_of: Callable[[InstrumentId], Paise | None]) -> tuple[Paise | None, bool]:
        """Return the price that put-call parity says, and whether every pair took part.

        Where call and put cost nearly the same, both are at the money, quoted tightly and traded often, so
        that strike is believed: forward = strike + call - put. Pairs that all others contradict are left out.
        """
        pairs: list[tuple[Paise, Paise]] = []
        """(how far call and put are apart, what they say)"""
        complete = True
        for strike in self.strikes:
            call, put = (self.options.get((strike, right)) for right in (Right.CALL, Right.PUT))
            if call is None or put is None:
                continue
            call_price, put_price = price_of(call.instrument), price_of(put.instrument)
            if call_price is None or put_price is None:
                complete = False
                continue
            gap = call_price - put_price
            pairs.append((abs(gap), strike + gap))
        # Of equals the first, which is the lowest strike.
        best = min(_agreeing(pairs), key=lambda pair: pair[0], default=None)
        return (best[1] if best else None), complete


def _agreeing(pairs: list[tuple[Paise, Paise]]) -> list[tuple[Paise, Paise]]:
    """Return *pairs* without those whose forward lies far from what most say."""
    if len(pairs) < _ENOUGH_TO_JUDGE:
        return pairs
    middle = median_low(forward for _, forward in pairs)
    return [pair for pair in pairs if abs(pair[1] - middle) * 100 <= middle * _ODD_PERCENT]


def _future(alive: Iterable[Instrument], expiry: str | None) -> InstrumentId | None:
    # The future that lives at least as long as the options: after the options of a month have gone, a
    # commodity's future of that month says little of the next month's price.
    futures = sorted(
        (one.expiry, one.instrument) for one in alive if one.kind is InstrumentKind.FUTURE and one.expiry
    )
    return next((name for day, name in futures if day >= (expiry or "")), futures[-1][1] if futures else None)


def _usual_gap(strikes: list[Paise]) -> Paise:
    gaps = [after - before for before, after in pairwise(strikes)]
    return min(multimode(gaps)) if gaps else 0


def _nearest(strikes: list[Paise], price: Paise, margin: Paise) -> Paise | None:
    """Return the strike nearest to *price*; None where it lies more than *margin* beyond the ends."""
    if not strikes or not strikes[0] - margin <= price <= strikes[-1] + margin:
        return None
    at = bisect_left(strikes, price)
    around = strikes[max(0, at - 1) : at + 1]
    return min(around, key=lambda strike: (abs(strike - price), strike))
