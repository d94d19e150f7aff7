"""What one strategy knows: definitions, newest ticks, bars, the calendar, the account. It answers; it decides nothing."""

from collections.abc import Callable, Sequence
from datetime import date

from sauda.clock import UnixNs
from sauda.contracts import Account, Bar, Instrument, InstrumentId, Tick
from sauda.money import Units
from sauda.state import State
from sauda_strategy.host.contracts import OnUnderlying
from sauda_strategy.host.hours import Hours, Sessions
from sauda_strategy.host.known import Known
from sauda_strategy.host.quotes import Quotes
from sauda_strategy.host.series import PATIENCE_NS, Series
from sauda_strategy.market_time import MarketTime
from sauda_strategy.sizing.size import Means


class Knowledge:
    """See `sauda_strategy.host.desk.Answers`."""

    def __init__(
        self,
        state: State,
        unit: str,
        sessions: Sessions,
        roll_days: Callable[[], int],
        patience_ns: int = PATIENCE_NS,
    ) -> None:
        self.time = MarketTime(state)
        self.hours = Hours(state, sessions)
        self.known = Known(state)
        self.quotes = Quotes(state)
        self.series = Series(state, sessions, unit, patience_ns)
        self._account = state.table("account", Account)
        """`newest` -> what the account has"""
        self._contracts: dict[str, OnUnderlying] = {}
        self._roll_days = roll_days
        self.held_of: Callable[[InstrumentId], Units] = lambda _instrument: 0
        """Set by whoever keeps the positions."""

    def restored(self) -> None:
        """Rebuild what is derived from the state."""
        self.time.restored()
        self.quotes.restored()
        self.series.restored()

    def contracts(self, underlying: str) -> OnUnderlying:
        """Return the contracts on *underlying*, a canonical name."""
        found = self._contracts.get(underlying)
        if found is None:
            found = OnUnderlying(underlying, self.known, self.quotes, self, self._roll_days)
            self._contracts[underlying] = found
        return found

    def definition(self, instrument: InstrumentId) -> Instrument | None:
        """See `Desk.definition`."""
        return self.known.get(instrument)

    def quote(self, instrument: InstrumentId) -> Tick | None:
        """See `Desk.quote`."""
        return self.quotes.newest.get(instrument)

    def bars(self, instrument: InstrumentId, timeframe: str) -> Sequence[Bar]:
        """See `Desk.bars`."""
        return self.series.past(instrument, timeframe)

    def held(self, instrument: InstrumentId) -> Units:
        """See `Desk.held`."""
        return self.held_of(instrument)

    def day(self) -> str:
        """Return today as `YYYY-MM-DD`; empty before the first market time."""
        today = self.hours.today
        return today.day if today else ""

    def days_to(self, exchange: str, last: date) -> int:
        """Return how many trading days follow up to and with *last*."""
        return self.hours.trading_days_to(exchange, last)

    def take_account(self, account: Account) -> None:
        """Remember what the account has now."""
        self._account.put("newest", account)

    def means(self) -> Means:
        """Return what the account has."""
        account = self._account.get("newest")
        return Means(None, None) if account is None else Means(account.cash, account.available)

    def is_open(self, instrument: InstrumentId, now_ns: UnixNs) -> bool:
        """Return whether *instrument* trades now."""
        return self.hours.is_open(instrument.partition(":")[0], now_ns)
