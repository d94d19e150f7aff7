"""The market as people are shown it: quotes and chains, with the rules of the day they are computed by."""

from collections.abc import Sequence
from datetime import date, time
from functools import lru_cache
from typing import Final

from sauda.calendar import Calendar
from sauda.clock import UnixNs, from_ist, ist_date
from sauda.contracts import InstrumentId
from sauda.errors import ConfigError
from sauda.margin import MarginBook
from sauda_gateway.market.catalogue import Catalogue
from sauda_gateway.market.chain import Chain, Wanted, chain, near_money, spot_of
from sauda_gateway.market.market import Market

_ENDS: Final = time(15, 30)
"""When options end on a day whose hours nobody knows."""


class Rules:
    """What chains are computed by, on each day."""

    def __init__(self, calendar: Calendar, margins: MarginBook) -> None:
        self._calendar = calendar
        self._margins = margins
        self.end_ns = lru_cache(maxsize=1024)(self._end_ns)

    def rate(self, underlying: str, now_ns: UnixNs) -> float:
        """Return the interest a year, a fraction: that of config/market/margins.yaml."""
        return self._margins.rates(underlying, ist_date(now_ns)).interest

    def _end_ns(self, exchange: str, expiry: str) -> UnixNs:
        """Return when options of *exchange* end that expire on *expiry*: at the close of its session."""
        day = date.fromisoformat(expiry)
        try:
            session = self._calendar.session(exchange, day)
        except ConfigError:
            session = None
        return session.close_ns if session else from_ist(day, _ENDS)


class Showing:
    """One desk's market, ready to be sent."""

    def __init__(self, market: Market, rules: Rules) -> None:
        self._market = market
        self._rules = rules

    @property
    def catalogue(self) -> Catalogue:
        """Return what there is to trade."""
        return self._market.catalogue

    def chain(self, underlying: str, expiry: str, around: int) -> Chain:
        """Return the chain of *expiry*, *around* strikes on each side of the money; no rows where none is known."""
        market = self._market
        end_ns = self._rules.end_ns(self._exchange(underlying, expiry), expiry)
        rate = self._rules.rate(underlying, market.now_ns)
        wanted = Wanted(underlying, expiry, around, market.now_ns, end_ns, rate)
        return chain(market.catalogue, market.quotes, market.worth.held(), wanted)

    def chain_instruments(self, underlying: str, expiry: str, around: int) -> Sequence[InstrumentId]:
        """Return all whose prices that chain is made of."""
        market, known = self._market, self._market.catalogue
        spot = spot_of(known, market.quotes, underlying, market.now_ns)
        pairs = known.pairs(underlying, expiry)
        shown = near_money(pairs, spot.ltp if spot else None, around)
        legs = [leg.instrument for pair in shown for leg in (pair.call, pair.put) if leg is not None]
        futures = known.futures(underlying, market.today)
        near = [one for one in futures if one.expiry == expiry] or futures[:1]
        cash = known.cash(underlying)
        return [*legs, *(one.instrument for one in (cash, *near) if one is not None)]

    def _exchange(self, underlying: str, expiry: str) -> str:
        pairs = self.catalogue.pairs(underlying, expiry)
        one = pairs[0].call or pairs[0].put if pairs else None
        return one.exchange if one is not None else ""
