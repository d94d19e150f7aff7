"""What each contract costs at any moment of a session: fair value, then spread, size and trades.

Time inside a session is counted in quarters of a second since the open. Every answer is a function
of the contract, the day and the quarter alone; nothing is remembered between calls.
"""

from math import exp, log, sqrt

from sauda.clock import UnixNs
from sauda.contracts import InstrumentKind, Right
from sauda.margin.black76 import value
from sauda.money import Paise, Rounding, Units, to_tick
from sauda_simulator.market.listing import Contract
from sauda_simulator.market.noise import mixed, uniform
from sauda_simulator.market.quotes import Level, Quote, Trade
from sauda_simulator.market.smile import smile
from sauda_simulator.market.underlying import QUARTERS, RATE, TRADING_DAYS, Life, UnderlyingDay

_LONGEST_SILENCE = 240
"""Even the deadest contract trades once a minute, in quarters."""


class Pricer:
    """Prices one contract through one day."""

    def __init__(self, contract: Contract, market: UnderlyingDay, *, key: int, life: Life, rank: int) -> None:
        """Prepare what stays the same all day.

        Args:
            contract: What is priced.
            market: Its underlying's day.
            key: Seed of the contract's own noise.
            life: How long the contract still lives.
            rank: 0 for the nearest expiry of its kind, 1 for the next: further ones trade less.
        """
        self.contract = contract
        self._market = market
        self._key = key
        self._life = life
        self._rank = rank
        self._distance = self._distance_at_open()
        self.gap = min(_LONGEST_SILENCE, 1 + round(1.5 * self._distance**2 + 3 * rank))
        """Quarters from trade to trade, about; 1 for the busiest contracts."""
        share = exp(-0.9 * self._distance) / (1 + rank) ** 1.5
        self._day_lots: int = max(20, round(market.option_lots * share * (0.7 + 0.6 * uniform(key, -1))))
        self._oi_lots: int = max(10, round(self._day_lots * 0.16 * (0.5 + uniform(key, -2))))
        self._oi_drift = 0.5 * uniform(key, -3) - 0.15

    def fair(self, quarter: int) -> float:
        """Return the model's price at *quarter*, paise: never seen by anybody, quotes lie around it."""
        market = self._market
        return self._model(
            market.spot(quarter), market.vol(quarter), market.instant_ns(quarter), market.left(quarter)
        )

    def fair_at(self, closed_ns: UnixNs) -> float:
        """Return the model's price at *closed_ns*, the close before this day, from which this day opens."""
        return self._model(self._market.path[0], self._market.vol_from, closed_ns, 1.0)

    def trade(self, quarter: int) -> Trade:
        """Return the last trade at or before *quarter* of the session; an index is computed each second."""
        if self.contract.kind is InstrumentKind.INDEX:
            second = quarter // QUARTERS
            return Trade(to_tick(self._market.path[second], self.contract.tick_size), second)
        traded = self.traded_quarter(quarter)
        bid, ask = self._book(traded)
        second = traded // QUARTERS
        # Open interest is published once a minute.
        oi_done = self._market.done[quarter // (60 * QUARTERS) * 60]
        lot = self.contract.lot_size
        return Trade(
            ltp=self._trade_price(traded, bid, ask),
            second=second,
            volume=(1 + int(self._day_lots * self._market.done[second])) * lot,
            oi=round(self._oi_lots * (1 + self._oi_drift * oi_done)) * lot,
            last_qty=(1 + mixed(self._key, traded * 8 + 5) % 4) * lot,
        )

    def quote(self, quarter: int) -> Quote | None:
        """Return the best bid and offer at *quarter* of the session; None for an index."""
        if self.contract.kind is InstrumentKind.INDEX:
            return None
        bid, ask = self._book(quarter)
        return Quote(bid, ask, self._size(quarter, 2), self._size(quarter, 3))

    @property
    def previous_oi(self) -> Units:
        """Return the open interest with which the day began."""
        return self._oi_lots * self.contract.lot_size

    def levels(self, quote: Quote, quarter: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Return five levels each of bids and asks, best first; fewer where the price would reach zero."""
        tick = self.contract.tick_size
        step = max(tick, (quote.ask - quote.bid) // (2 * tick) * tick)
        bids = (self._level(quote.bid - depth * step, quote.bid_qty, quarter, depth) for depth in range(5))
        asks = (
            self._level(quote.ask + depth * step, quote.ask_qty, quarter, 5 + depth) for depth in range(5)
        )
        return tuple(level for level in bids if level.price > 0), tuple(asks)

    def traded_quarter(self, quarter: int) -> int:
        """Return the moment of the last trade at or before *quarter*; the open is one."""
        slot = quarter // self.gap
        while slot >= 0:
            # One trade in each slot, at a moment of its own.
            traded = slot * self.gap + mixed(self._key, slot * 8 + 4) % self.gap
            if traded <= quarter:
                return traded
            slot -= 1
        return 0

    def _model(self, spot: float, vol: float, at_ns: UnixNs, left: float) -> float:
        contract = self.contract
        if contract.kind is InstrumentKind.INDEX:
            return spot
        carry = self._life.carry_years(at_ns)
        forward = spot * exp(RATE * carry)
        if contract.strike is None:
            return forward
        years = self._life.trading_years(left)
        deviation = smile(vol, forward, contract.strike, years) * sqrt(years)
        return value(
            forward, contract.strike, deviation, exp(-RATE * carry), call=contract.right is Right.CALL
        )

    def _book(self, quarter: int) -> tuple[Paise, Paise]:
        fair, tick = self.fair(quarter), self.contract.tick_size
        half = self._half_spread(fair)
        # Quotes lean to one side or the other, by less than would leave the fair price outside.
        lean = half * (uniform(self._key, quarter * 8) - 0.5)
        bid = max(tick, to_tick(fair + lean - half, tick, Rounding.DOWN))
        return bid, max(bid + tick, to_tick(fair + lean + half, tick, Rounding.UP))

    def _half_spread(self, fair: float) -> float:
        tick, distance = self.contract.tick_size, self._distance
        if self.contract.kind is InstrumentKind.FUTURE:
            return tick * (4.0 + 6.0 * self._rank)
        ticks = (0.6 + 0.8 * distance + 0.3 * distance * distance) * (1 + 0.8 * self._rank)
        # A cheap option is not quoted wider than it is worth.
        return max(0.4 * tick, min(ticks * tick + 0.0003 * fair, 0.5 * fair))

    def _trade_price(self, quarter: int, bid: Paise, ask: Paise) -> Paise:
        tick = self.contract.tick_size
        inside = (ask - bid) // tick
        pick = mixed(self._key, quarter * 8 + 1)
        if inside > 2 and pick % 5 == 0:
            return bid + tick * (1 + (pick >> 8) % (inside - 1))
        return bid if pick & (1 << 40) else ask

    def _size(self, quarter: int, side: int) -> Units:
        lots = (1 + mixed(self._key, quarter * 8 + side) % 24) * (1 + self._distance)
        return max(1, round(lots / (1 + self._rank))) * self.contract.lot_size

    def _level(self, price: Paise, best_qty: Units, quarter: int, place: int) -> Level:
        bits = mixed(self._key ^ 0x5EED, quarter * 16 + place)
        lots = 1 + bits % (6 + 4 * (place % 5))
        qty = best_qty if place % 5 == 0 else best_qty + lots * self.contract.lot_size
        return Level(price, qty, 1 + min(qty // self.contract.lot_size - 1, (bits >> 16) % 12))

    def _distance_at_open(self) -> float:
        """Return how many standard deviations the strike is away from the forward at the open."""
        if self.contract.strike is None:
            return 0.0
        forward = self._market.path[0] * exp(RATE * self._life.carry_years(self._market.open_ns))
        deviation = self._market.vol_from * sqrt(max(self._life.trading_years(1.0), 1 / TRADING_DAYS))
        return min(6.0, abs(log(self.contract.strike / forward)) / deviation)
