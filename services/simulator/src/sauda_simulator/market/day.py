"""One trading day of the whole market: everything listed, and a price for it at any moment."""

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import Protocol

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import InstrumentKind
from sauda.errors import ConfigError
from sauda.money import Paise, Units, to_tick
from sauda_simulator.market.bars import DaySummary
from sauda_simulator.market.index_path import activity, day_path, model_of
from sauda_simulator.market.listing import STRIKES_EACH_SIDE, Contract, ContractTerms, list_contracts
from sauda_simulator.market.noise import key_of
from sauda_simulator.market.pricing import Pricer
from sauda_simulator.market.session import SessionHours, TradingDay
from sauda_simulator.market.smile import at_the_money
from sauda_simulator.market.underlying import QUARTERS, Life, UnderlyingDay

DERIVATIVES = "NFO"
"""The exchange whose hours the simulated market keeps."""


class MarketCalendar(ContractTerms, Protocol):
    """What the market must be told of the real one: `sauda.calendar.Calendar` fits."""

    def session(self, exchange: str, day: date) -> SessionHours | None:
        """Return when *exchange* is open on *day*; None if it is not."""

    def next_trading_day(self, exchange: str, day: date) -> date:
        """Return the first trading day on or after *day*."""

    def previous_trading_day(self, exchange: str, day: date) -> date:
        """Return the last trading day on or before *day*."""


def trading_day(calendar: MarketCalendar, on_or_after: date) -> TradingDay:
    """Return the first trading day of the derivatives market on or after a date.

    Raises:
        ConfigError: the calendar names a trading day without hours.
    """
    day = calendar.next_trading_day(DERIVATIVES, on_or_after)
    session = calendar.session(DERIVATIVES, day)
    if session is None:
        raise ConfigError(f"config/market: {day} is a trading day of {DERIVATIVES} without a session")
    previous = calendar.previous_trading_day(DERIVATIVES, date.fromordinal(day.toordinal() - 1))
    return TradingDay(day, previous, session.open_ns, session.close_ns)


class MarketDay:
    """Everything that is listed on one day, and what it costs at any moment."""

    def __init__(
        self,
        seed: int,
        hours: TradingDay,
        names: Sequence[str],
        calendar: MarketCalendar,
        *,
        strikes_each_side: int = STRIKES_EACH_SIDE,
    ) -> None:
        """Compute the day's index paths and listing: some 100 ms for each underlying, once.

        Raises:
            ConfigError: an underlying cannot be simulated.
        """
        self.hours = hours
        self._seed = seed
        self._calendar = calendar
        self._business = [0.0, *accumulate(activity(hours.seconds))]
        self._markets = {name: self._underlying(name) for name in names}
        self.contracts = [
            contract
            for name, market in self._markets.items()
            for contract in list_contracts(name, hours.day, market.path[0], calendar, strikes_each_side)
        ]
        """All contracts: by underlying, and within it the index, futures, options by expiry and strike."""
        self.by_key = {contract.key: contract for contract in self.contracts}
        """`EXCHANGE|TOKEN` -> contract."""
        self.by_symbol = {(one.exchange, one.trading_symbol): one for one in self.contracts}
        """(exchange, trading symbol) -> contract."""
        self._ranks = _ranks(self.contracts)
        self._pricers: dict[str, Pricer] = {}
        self._total_oi: dict[str, Units] = {}
        self._closes: dict[str, Paise] = {}
        self._lives: dict[date, Life] = {}
        self._summaries: dict[str, DaySummary] = {}

    def quarter_at(self, market_ns: UnixNs) -> int | None:
        """Return the session's moment at *market_ns*: None before the open, the last one after the close."""
        if market_ns < self.hours.open_ns:
            return None
        elapsed = (market_ns - self.hours.open_ns) * QUARTERS // NS_PER_S
        return min(elapsed, self.hours.seconds * QUARTERS)

    def instant_ns(self, quarter: int) -> UnixNs:
        """Return the market instant of the session's moment *quarter*."""
        return self.hours.open_ns + quarter * NS_PER_S // QUARTERS

    def pricer(self, contract: Contract) -> Pricer:
        """Return what prices *contract* today."""
        found = self._pricers.get(contract.key)
        if found is None:
            found = self._pricers[contract.key] = Pricer(
                contract,
                self._markets[contract.underlying],
                key=key_of(self._seed, self.hours.day, contract.trading_symbol),
                life=self.life(contract),
                rank=self._ranks[contract.underlying, contract.kind, contract.expiry],
            )
        return found

    def summary(self, contract: Contract) -> DaySummary:
        """Return the day's bars of *contract*; tell it how far the day is with `advance`."""
        found = self._summaries.get(contract.key)
        if found is None:
            found = self._summaries[contract.key] = DaySummary(self.pricer(contract))
        return found

    def previous_close(self, contract: Contract) -> Paise:
        """Return the close of *contract* on the previous trading day: its fair price then."""
        found = self._closes.get(contract.key)
        if found is None:
            before = self._calendar.session(DERIVATIVES, self.hours.previous)
            closed_ns = self.hours.open_ns if before is None else before.close_ns
            fair = to_tick(self.pricer(contract).fair_at(closed_ns), contract.tick_size)
            found = self._closes[contract.key] = max(contract.tick_size, fair)
        return found

    def total_previous_oi(self, name: str) -> Units:
        """Return yesterday's open interest in everything on the underlying *name*."""
        found = self._total_oi.get(name)
        if found is None:
            on_it = (one for one in self.contracts if one.underlying == name and one.expiry is not None)
            found = self._total_oi[name] = sum(self.pricer(one).previous_oi for one in on_it)
        return found

    def second(self, quarter: int) -> int:
        """Return the whole second of the session at *quarter*."""
        return quarter // QUARTERS

    def spot(self, name: str, quarter: int) -> float:
        """Return the index of the underlying *name* at *quarter*, paise."""
        return self._markets[name].spot(quarter)

    def life(self, contract: Contract) -> Life:
        """Return how long *contract* still lives; an index ends with its day."""
        expiry = contract.expiry
        if expiry is None:
            return Life(self.hours.close_ns, 0)
        found = self._lives.get(expiry)
        if found is None:
            found = self._lives[expiry] = self._life_until(expiry)
        return found

    def _life_until(self, expiry: date) -> Life:
        days, day = 0, self.hours.day
        while day < expiry:
            day = self._calendar.next_trading_day(DERIVATIVES, date.fromordinal(day.toordinal() + 1))
            days += 1
        return Life(trading_day(self._calendar, expiry).close_ns, days)

    def _underlying(self, name: str) -> UnderlyingDay:
        day, previous = self.hours.day, self.hours.previous
        return UnderlyingDay(
            name=name,
            path=day_path(self._seed, name, day, previous, self.hours.seconds),
            vol_from=at_the_money(self._seed, name, previous),
            vol_to=at_the_money(self._seed, name, day),
            done=self._business,
            open_ns=self.hours.open_ns,
            option_lots=model_of(name).option_lots,
        )


def _ranks(contracts: Sequence[Contract]) -> dict[tuple[str, InstrumentKind, date | None], int]:
    """Return how many earlier expiries of its kind each series has."""
    series = sorted({(one.underlying, one.kind.value, one.expiry or date.min) for one in contracts})
    ranks: dict[tuple[str, InstrumentKind, date | None], int] = {}
    for name, kind, expiry in series:
        earlier = sum(1 for known in ranks if known[0] == name and known[1].value == kind)
        ranks[name, InstrumentKind(kind), None if expiry == date.min else expiry] = earlier
    return ranks
