"""The tariff: which rates a trade pays on its day, by its segment and exchange."""

from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from sauda.charge_rules import BILLION, LEVIED, Billionths, Levy, OrderFee, on_day
from sauda.contracts import Instrument, InstrumentId, Product, Side
from sauda.price_lists import PriceLists, load_price_lists
from sauda.segments import Segment, segment_of
from sauda_execution.charges.exact import Exact, Fine, Traded, of_settlement, order_fee, share
from sauda_execution.trade import Trade

_DAYS_KEPT: Final = 256
"""Segments times days whose rates are remembered: a backtest passes through hundreds of days."""
_MOST_CONTRACTS: Final = 8_192


class _InForce(NamedTuple):
    """The rates of one segment of an exchange on one day."""

    levies: tuple[Levy | None, ...]
    """As `LEVIED`."""
    buys: tuple[Billionths, ...]
    """The same, of what is bought in the market."""
    sales: tuple[Billionths, ...]
    fee: OrderFee
    gst: Billionths
    """The tax on services, ..."""
    taxed: tuple[int, ...]
    """... and the places of what it is a share of among the lines of `Exact`."""


class Tariff:
    """Price lists in force; it never changes and holds no state."""

    def __init__(self, lists: PriceLists) -> None:
        self._charges = lists.charges
        self._plan = lists.plan
        self._in_force: dict[tuple[Segment, str, date], _InForce] = {}
        """(segment, exchange, day) -> its rates: derived"""
        self._segments: dict[tuple[InstrumentId, bool], tuple[Instrument, Segment | None]] = {}
        """(contract, for the day alone?) -> its definition and what prices it: derived"""

    def segment(self, instrument: Instrument, product: Product) -> Segment | None:
        """Return the segment that prices *instrument*; None where the tables know no price."""
        key = (instrument.instrument, product is Product.MIS)
        kept = self._segments.get(key)
        if kept is None or kept[0] is not instrument:
            if len(self._segments) >= _MOST_CONTRACTS:
                self._segments.clear()
            kept = self._segments[key] = (instrument, self._segment(instrument, product))
        return kept[1]

    def exact(self, trade: Trade, segment: Segment, day: date, before: Traded) -> Exact:
        """Return all lines of *trade*.

        Args:
            trade: What was traded.
            segment: Its segment.
            day: Its trading day.
            before: What its order had traded before it.
        """
        rates = self._rates(segment, trade.instrument.exchange, day)
        if trade.is_settlement:
            shares = [of_settlement(levy, trade, is_option=segment.is_option) for levy in rates.levies]
        else:
            value = trade.value
            shares = [share(value, rate) for rate in (rates.buys if trade.side is Side.BUY else rates.sales)]
        lines = [self._brokerage(trade, segment, rates.fee, before), *shares]
        # Every line is a multiple of a billion (see `share`), so nothing is lost.
        return Exact._make([*lines, sum([lines[at] for at in rates.taxed]) * rates.gst // BILLION])

    def _segment(self, instrument: Instrument, product: Product) -> Segment | None:
        segment = segment_of(instrument.exchange, instrument.kind, instrument.underlying, product)
        known = segment is not None and self._charges.knows(segment, instrument.exchange)
        return segment if known else None

    def _rates(self, segment: Segment, exchange: str, day: date) -> _InForce:
        """Return the rates in force; looked up once for all trades of a day."""
        key = (segment, exchange, day)
        found = self._in_force.get(key)
        if found is None:
            if len(self._in_force) >= _DAYS_KEPT:
                self._in_force.clear()
            gst = on_day(self._charges.gst, day)
            levies = tuple(self._charges.levy(segment, exchange, line, day) for line in LEVIED)
            found = _InForce(
                levies,
                tuple(0 if levy is None else levy.buy for levy in levies),
                tuple(0 if levy is None else levy.sell for levy in levies),
                on_day(self._plan.fees[segment], day),
                gst.rate,
                tuple(Exact._fields.index(line) for line in gst.on),
            )
            self._in_force[key] = found
        return found

    def _brokerage(self, trade: Trade, segment: Segment, fee: OrderFee, before: Traded) -> Fine:
        if trade.is_settlement and not (fee.at_expiry and segment.is_option and trade.price):
            return 0
        after = order_fee(fee, before.more(trade))
        # Of an order that has not traded before, nothing was taken: no part of nothing, no slice.
        return after - order_fee(fee, before) if before.slices or before.value else after


def load_tariff(folder: Path, plan: str) -> Tariff:
    """Read config/market/charges.yaml and the plan *plan* of brokerage.yaml.

    Raises:
        ConfigError: see `sauda.price_lists.load_price_lists`.
    """
    return Tariff(load_price_lists(folder, plan))
