"""Sizes an entry by what is known now: definition, price, account, rules."""

from collections.abc import Callable

from sauda.contracts import InstrumentId, Side
from sauda.money import Paise
from sauda_strategy.host.known import NOT_KNOWN, Known
from sauda_strategy.sizing.protection import Protection
from sauda_strategy.sizing.size import Means, Need, Size, lots_of
from sauda_strategy.trading_rules import TradingRules


class Sizer:
    """Of one strategy."""

    def __init__(
        self,
        known: Known,
        terms: Callable[[], TradingRules],
        means: Callable[[], Means],
        protection: Protection,
    ) -> None:
        self._known = known
        self._terms = terms
        self._means = means
        self._protection = protection

    def needs_a_price(self) -> bool:
        """Return whether nothing can be sized while there is no price."""
        terms = self._terms()
        return terms.risk_percent is not None or terms.margin_percent is not None

    def size(self, instrument: InstrumentId, side: Side, price: Paise | None, stop: Paise | None) -> Size:
        """Return how many lots of *instrument* to trade at *price*; without a *stop* the rules' counts."""
        definition = self._known.get(instrument)
        if definition is None:
            return Size(0, NOT_KNOWN)
        at = float(stop) if stop is not None else None
        if at is None and price is not None:
            at = self._protection.stop(side, price)
        return lots_of(self._terms(), Need(definition, side, price, at), self._means())
