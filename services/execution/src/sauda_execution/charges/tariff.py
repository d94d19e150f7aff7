"""The tariff: which rates a trade pays on its day, by its segment and exchange."""

from datetime import date
from pathlib import Path
from typing import Final

from sauda.charge_rules import LEVIED, Levied, Levy, on_day
from sauda.contracts import Instrument, Product
from sauda.price_lists import PriceLists, load_price_lists
from sauda.segments import Segment, segment_of
from sauda_execution.charges.exact import Exact, Fine, Traded, levied, order_fee, taxed
from sauda_execution.trade import Trade

_DAYS_KEPT: Final = 256
"""Segments times days whose levies are remembered: a backtest passes through hundreds of days."""


class Tariff:
    """Price lists in force; it never changes and holds no state."""

    def __init__(self, lists: PriceLists) -> None:
        self._charges = lists.charges
        self._plan = lists.plan
        self._in_force: dict[tuple[Segment, str, date], dict[Levied, Levy | None]] = {}
        """(segment, exchange, day) -> line -> its levy: derived"""

    def segment(self, instrument: Instrument, product: Product) -> Segment | None:
        """Return the segment that prices *instrument*; None where the tables know no price."""
        segment = segment_of(instrument.exchange, instrument.kind, instrument.underlying, product)
        known = segment is not None and self._charges.knows(segment, instrument.exchange)
        return segment if known else None

    def exact(self, trade: Trade, segment: Segment, day: date, before: Traded) -> Exact:
        """Return all lines of *trade*.

        Args:
            trade: What was traded.
            segment: Its segment.
            day: Its trading day.
            before: What its order had traded before it.
        """
        charges, exchange = self._charges, trade.instrument.exchange
        shares = {
            line: levied(levy, trade, is_option=segment.is_option)
            for line, levy in self._levies(segment, exchange, day).items()
        }
        lines = Exact(brokerage=self._brokerage(trade, segment, day, before), **shares)
        return lines._replace(gst=taxed(on_day(charges.gst, day), lines))

    def _levies(self, segment: Segment, exchange: str, day: date) -> dict[Levied, Levy | None]:
        """Return the levies in force; looked up once for all trades of a day."""
        key = (segment, exchange, day)
        found = self._in_force.get(key)
        if found is None:
            if len(self._in_force) >= _DAYS_KEPT:
                self._in_force.clear()
            found = {line: self._charges.levy(segment, exchange, line, day) for line in LEVIED}
            self._in_force[key] = found
        return found

    def _brokerage(self, trade: Trade, segment: Segment, day: date, before: Traded) -> Fine:
        fee = on_day(self._plan.fees[segment], day)
        if trade.is_settlement and not (fee.at_expiry and segment.is_option and trade.price):
            return 0
        return order_fee(fee, before.more(trade)) - order_fee(fee, before)


def load_tariff(folder: Path, plan: str) -> Tariff:
    """Read config/market/charges.yaml and the plan *plan* of brokerage.yaml.

    Raises:
        ConfigError: see `sauda.price_lists.load_price_lists`.
    """
    return Tariff(load_price_lists(folder, plan))
