"""The contracts on one underlying, as a strategy sees them: index, future, price, the option at the money."""

from collections.abc import Callable
from datetime import date
from typing import Protocol

from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Right
from sauda.money import Paise
from sauda_strategy.chain import Chain
from sauda_strategy.host.known import Known
from sauda_strategy.host.quotes import Quotes

PARITY_LIMIT = 60
"""Contracts asked for where neither an index nor a future can tell the price."""


class Today(Protocol):
    """What the calendar says of today."""

    def day(self) -> str:
        """Return it as `YYYY-MM-DD`; empty before the first market time."""

    def days_to(self, exchange: str, last: date) -> int:
        """Return how many trading days follow up to and with *last*."""


class OnUnderlying:
    """See `sauda_strategy.api.Contracts`."""

    def __init__(
        self, name: str, known: Known, quotes: Quotes, today: Today, roll_days: Callable[[], int]
    ) -> None:
        self._name = name
        self._known = known
        self._quotes = quotes
        self._today = today
        self._roll_days = roll_days
        self._made_of: tuple[int, str] = (-1, "")
        self._made: Chain
        self._future: Instrument | None = None

    @property
    def chain(self) -> Chain:
        """Return today's contracts."""
        self._bring_up_to_date()
        return self._made

    @property
    def index(self) -> InstrumentId | None:
        """Return the index itself."""
        return self.chain.index

    @property
    def future(self) -> Instrument | None:
        """Return the nearest future that need not be rolled yet; the last one where there is no later."""
        self._bring_up_to_date()
        return self._future

    @property
    def price(self) -> Paise | None:
        """Return the underlying's price: the index's, else the future's, else what put-call parity says."""
        chain = self.chain
        for instrument in (chain.index, self._future.instrument if self._future else None):
            price = self._price(instrument) if instrument else None
            if price is not None:
                return price
        return chain.forward(self._price)[0]

    def option(self, right: Right, points_away: Paise = 0) -> Instrument | None:
        """Return the option of the nearest expiry at the money, or *points_away* above it."""
        price = self.price
        strike = None if price is None else self.chain.nearest(price)
        return None if strike is None else self.chain.leg(strike + points_away, right)

    def must_roll(self, held: Instrument) -> bool:
        """Return whether *held*, a future on this underlying, is to be left today."""
        if held.kind is not InstrumentKind.FUTURE or held.expiry is None:
            return False
        return self._today.days_to(held.exchange, date.fromisoformat(held.expiry)) <= self._roll_days()

    def listened(self) -> list[InstrumentId]:
        """Return what tells its price."""
        chain = self.chain
        told = [chain.index, self._future.instrument if self._future else None]
        return [one for one in told if one is not None] or chain.middle(PARITY_LIMIT)

    def _price(self, instrument: InstrumentId) -> Paise | None:
        tick = self._quotes.newest.get(instrument)
        if tick is None:
            return None
        price = (tick.bid + tick.ask) // 2 if tick.bid and tick.ask else tick.ltp
        return price if price > 0 else None

    def _bring_up_to_date(self) -> None:
        day = self._today.day()
        if self._made_of == (self._known.version, day):
            return
        self._made_of = (self._known.version, day)
        contracts = self._known.of(self._name)
        self._made = Chain(contracts, day)
        futures = sorted(
            (one for one in contracts if one.kind is InstrumentKind.FUTURE and (one.expiry or "") >= day),
            key=lambda one: (one.expiry or "", one.instrument),
        )
        staying = (one for one in futures if not self.must_roll(one))
        self._future = next(staying, futures[-1] if futures else None)
