"""What a margin is computed with: the last price of each leg, and of what it is written on.

A price that was used is remembered until the underlying's legs are gone. So the margin of what is held overnight does
not depend on which contract ticks first in the morning, and a restart finds what was there.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import exp

from sauda.clock import ist_date
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Right
from sauda.errors import ConfigError
from sauda.instruments import index_instrument
from sauda.margin import Rates
from sauda.money import Paise
from sauda.state import State
from sauda_execution.account.tenor import years_left
from sauda_execution.known import Known


class Prices:
    """Looks at the market, then at what it remembers."""

    def __init__(self, state: State, known: Known) -> None:
        self._known = known
        self._last = state.table("account_prices", int)
        """underlying|instrument -> the last price that was used; `underlying|` is the underlying's own."""
        self._futures: dict[str, list[Instrument]] = {}
        """Underlying -> its futures, nearest first: derived."""
        self._kept: dict[str, set[str]] = {}
        """Underlying -> keys of its remembered prices: derived."""

    def of(self, contract: Instrument) -> Paise | None:
        """Return the last price of *contract*; None if none was ever seen."""
        quote = self._known.market.quote(contract.instrument)
        return self._last.get(f"{contract.underlying}|{contract.instrument}") if quote is None else quote.ltp

    def of_all(self, contracts: Sequence[Instrument]) -> list[Paise | None]:
        """Return `of` each."""
        quotes = self._known.market.quotes([one.instrument for one in contracts])
        return [
            self.of(one) if quote is None else quote.ltp for one, quote in zip(contracts, quotes, strict=True)
        ]

    def spot(self, underlying: str, contracts: Sequence[Instrument], rates: Rates) -> Paise | None:
        """Return the underlying's price: the best evidence first.

        The index or share itself, else the nearest future that is quoted, else call less put of one strike among
        *contracts* (put-call parity), else what was used last, else the highest strike of *contracts*: that asks for
        the most. None: there is none of all this.
        """
        found = self._seen(underlying)
        if found is None:
            found = self._parity(contracts, rates)
        if found is None:
            found = self._last.get(f"{underlying}|")
        if found is None:
            found = max((one.strike for one in contracts if one.strike is not None), default=None)
        return found

    def forward(self, contract: Instrument, spot: Paise, years: float, rates: Rates) -> float:
        """Return the underlying's price for the contract's expiry: the future's, where one is quoted, else with carry."""
        for future in self._futures.get(contract.underlying, ()):
            if future.expiry == contract.expiry:
                price = self.of(future)
                if price is not None:
                    return float(price)
        return spot * exp(rates.interest * years)

    def remember(self, underlying: str, spot: Paise | None, contracts: Sequence[Instrument]) -> None:
        """Keep what was used for *contracts*, and nothing else of *underlying*."""
        prices = self.of_all(contracts)
        kept = {f"{underlying}|": spot}
        kept |= {
            f"{underlying}|{one.instrument}": price for one, price in zip(contracts, prices, strict=True)
        }
        known = self._kept.setdefault(underlying, set())
        for key in known - kept.keys():
            self._last.drop(key)
            known.discard(key)
        last = self._last.get_all(kept)
        for (key, price), before in zip(kept.items(), last, strict=True):
            if price is not None and before != price:
                self._last.put(key, price)
                known.add(key)

    def learn(self, contract: Instrument) -> None:
        """Take a contract's definition."""
        if contract.kind is InstrumentKind.FUTURE:
            known = [
                one
                for one in self._futures.get(contract.underlying, [])
                if one.instrument != contract.instrument
            ]
            self._futures[contract.underlying] = sorted(
                [*known, contract], key=lambda one: (one.expiry or "", one.instrument)
            )

    def restored(self) -> None:
        """Find the futures among all contracts; also once a day, when expired ones have gone."""
        self._futures = {}
        for contract in self._known.instruments.values():
            self.learn(contract)
        self._kept = {}
        for key in self._last:
            self._kept.setdefault(key.partition("|")[0], set()).add(key)

    def _seen(self, underlying: str) -> Paise | None:
        quote = self._known.market.quote(_cash_market(underlying))
        if quote is not None:
            return quote.ltp
        today = ist_date(self._known.market.now_ns).isoformat()
        for future in self._futures.get(underlying, ()):
            quote = self._known.market.quote(future.instrument)
            if quote is not None and (future.expiry or "") >= today:
                return quote.ltp
        return None

    def _parity(self, contracts: Sequence[Instrument], rates: Rates) -> Paise | None:
        puts = {
            (one.strike, one.expiry): quote.ltp
            for one in contracts
            if one.right is Right.PUT and (quote := self._known.market.quote(one.instrument)) is not None
        }
        for one in contracts:
            put = puts.get((one.strike, one.expiry)) if one.right is Right.CALL else None
            call = self._known.market.quote(one.instrument)
            if put is not None and call is not None and one.strike is not None:
                years = years_left(one.expiry, self._known.market.now_ns)
                return max(1, round(one.strike * exp(-rates.interest * years) + call.ltp - put))
        return None


@lru_cache(maxsize=1024)
def _cash_market(underlying: str) -> InstrumentId:
    try:
        return index_instrument(underlying) or ""
    except ConfigError:
        return f"NSE:{underlying}-EQ"
