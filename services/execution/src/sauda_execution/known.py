"""What the exchange knows, in one hand: the market, its book, the trading days, the contracts, who halted the desk.

Every part of the exchange is given this and may look at all of it; only the floor changes the book.
"""

from datetime import date

from sauda.clock import UnixNs, ist_date
from sauda.contracts import Instrument, Tick
from sauda.state import State, Table
from sauda_execution.book import Book
from sauda_execution.days import TradingDays
from sauda_execution.house import House
from sauda_execution.liquidity import Liquidity
from sauda_execution.market import Market


class Known:
    """The tables that orders are judged by."""

    def __init__(self, state: State, house: House) -> None:
        self.limits = house.limits
        self.market = Market(state)
        self.liquidity = Liquidity(state)
        self.book = Book(state)
        self.days = TradingDays(state, house.calendar)
        self.instruments: Table[Instrument] = state.table("instruments", Instrument)
        self.control: Table[str] = state.table("control", str)
        """`halted` -> who and why, while entries are halted."""
        self._today = (date.min, "")
        """The day that was asked about last, and as text: derived."""

    def is_open(self, instrument: str) -> bool:
        """Does *instrument* trade now?"""
        known = self.instruments.get(instrument)
        if known is None or self.has_expired(instrument):
            return False
        return self.days.is_open(known.exchange, self.market.now_ns)

    def has_expired(self, instrument: str) -> bool:
        """Is the day of its expiry over? What is held of it then has no market any more, and waits to be settled."""
        known = self.instruments.get(instrument)
        expiry = None if known is None else known.expiry
        if expiry is None:
            return False
        today = ist_date(self.market.now_ns)
        if self._today[0] is not today:
            self._today = (today, today.isoformat())
        return expiry < self._today[1]

    def fresh_quote(self, instrument: str) -> Tick | None:
        """Return the quote if something may trade on it now."""
        return self.market.fresh_quote(instrument, self.limits.stale_quote_ns)

    def seen_quote(self, instrument: str) -> Tick | None:
        """Return the last quote, if the market has been in sight since."""
        return None if self.market.is_blind(instrument) else self.market.quote(instrument)

    def stamp_ns(self, asked_ns: UnixNs) -> UnixNs:
        """Return market time; before the first message of the market, the request's own: 1970 would help nobody."""
        return self.market.now_ns or asked_ns

    def restored(self) -> None:
        """Rebuild the indexes."""
        self.market.restored()
        self.liquidity.restored()
        self.book.restored()
