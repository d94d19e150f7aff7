"""Legs with their scenarios, each kept until its quantity, its price, its forward or the hour changes.

An order looks at all legs of its underlying three or four times; between two orders most of them stand still, and within
one all do. What is kept follows from what is asked alone, so it never has to be restored.
"""

from collections.abc import Sequence
from math import exp, sqrt
from typing import Any, Final, NamedTuple

from sauda.clock import UnixNs, ist_date
from sauda.contracts import Instrument, InstrumentId, Right
from sauda.margin import Leg, Priced, Rates, priced
from sauda.margin.black76 import value
from sauda.money import Paise, Units
from sauda_execution.account.prices import Prices
from sauda_execution.account.tenor import years_left

_UNSEEN_VOL: Final = 0.6
"""What is sold without a price is taken to be as dear as at this yearly volatility: most indices have a quarter of it."""
_MOST_KEPT: Final = 4_096


class _End(NamedTuple):
    """What the legs of one expiry have in common."""

    forward: float
    years: float
    last_day: bool


class PricedLegs:
    """Prices legs, and keeps what it has priced."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._kept: dict[tuple[InstrumentId, Units], tuple[tuple[Any, ...], Priced | None]] = {}
        """(contract, quantity) -> from what it was priced, and the outcome."""

    def of(
        self, held: Sequence[tuple[Instrument, Units]], spot: Paise, rates: Rates, now_ns: UnixNs
    ) -> list[Priced]:
        """Return *held*, derivatives of which none is empty, as legs. Without a price, what is bought is worth nothing and what is sold is dear."""
        today, ends = ist_date(now_ns).isoformat(), dict[str | None, _End]()
        kept, found = self._kept, list[Priced]()
        prices = self._prices.of_all([contract for contract, _ in held])
        for (contract, qty), price in zip(held, prices, strict=True):
            end = ends.get(contract.expiry)
            if end is None:
                end = ends[contract.expiry] = self._end(contract, spot, rates, now_ns, today)
            asked = (contract, price, spot, end, rates)
            key = (contract.instrument, qty)
            known = kept.get(key)
            if known is None or known[0] != asked:
                if len(kept) >= _MOST_KEPT:
                    kept.clear()
                leg = _leg(contract, qty, price, end, rates)
                known = (asked, None if leg is None else priced(leg, rates.price_scan * spot, rates))
                kept[key] = known
            if known[1] is not None:
                found.append(known[1])
        return found

    def _end(self, contract: Instrument, spot: Paise, rates: Rates, now_ns: UnixNs, today: str) -> _End:
        years = years_left(contract.expiry, now_ns)
        forward = self._prices.forward(contract, spot, years, rates)
        return _End(forward, years, (contract.expiry or "") <= today)


def _leg(contract: Instrument, qty: Units, last: Paise | None, end: _End, rates: Rates) -> Leg | None:
    price: float | None = last
    if price is None and contract.strike is not None:
        if qty > 0:
            return None
        call, discount = contract.right is Right.CALL, exp(-rates.interest * end.years)
        price = value(end.forward, contract.strike, _UNSEEN_VOL * sqrt(end.years), discount, call=call)
    return Leg(
        qty=qty,
        expiry=contract.expiry or "",
        forward=end.forward,
        premium=end.forward if price is None else float(price),
        years=end.years,
        last_day=end.last_day,
        strike=contract.strike,
        right=contract.right,
    )
