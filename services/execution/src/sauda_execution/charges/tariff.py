"""The tariff: which rates a trade pays on its day, by its segment and exchange."""

from datetime import date
from pathlib import Path

from sauda.charge_rules import LEVIED, OrderFee, on_day
from sauda.contracts import Instrument, Product
from sauda.money import Paise
from sauda.price_lists import PriceLists, load_price_lists
from sauda.segments import Segment, segment_of
from sauda_execution.charges.exact import Exact, Fine, levied, order_fee, taxed
from sauda_execution.charges.trade import Trade


class Tariff:
    """Price lists in force; it never changes and holds no state."""

    def __init__(self, lists: PriceLists) -> None:
        self._charges = lists.charges
        self._plan = lists.plan

    def segment(self, instrument: Instrument, product: Product) -> Segment | None:
        """Return the segment that prices *instrument*; None where the tables know no price."""
        segment = segment_of(instrument.exchange, instrument.kind, instrument.underlying, product)
        known = segment is not None and self._charges.knows(segment, instrument.exchange)
        return segment if known else None

    def fee(self, segment: Segment, day: date) -> OrderFee:
        """Return the broker's price for an order."""
        return on_day(self._plan.fees[segment], day)

    def exact(self, trade: Trade, segment: Segment, day: date, value_before: Paise) -> Exact:
        """Return all lines of *trade*.

        Args:
            trade: What was traded.
            segment: Its segment.
            day: Its trading day.
            value_before: What its order had traded before it, price x quantity.
        """
        charges, exchange = self._charges, trade.instrument.exchange
        shares = {
            line: levied(charges.levy(segment, exchange, line, day), trade, is_option=segment.is_option)
            for line in LEVIED
        }
        lines = Exact(brokerage=self._brokerage(trade, segment, day, value_before), **shares)
        return lines._replace(gst=taxed(on_day(charges.gst, day), lines))

    def _brokerage(self, trade: Trade, segment: Segment, day: date, value_before: Paise) -> Fine:
        fee = self.fee(segment, day)
        if trade.is_settlement:
            is_charged = fee.at_expiry and segment.is_option and trade.price > 0
            return order_fee(fee, 1, trade.value) if is_charged else 0
        after = order_fee(fee, trade.slices, value_before + trade.value)
        return after - order_fee(fee, trade.slices_before, value_before)


def load_tariff(folder: Path, plan: str) -> Tariff:
    """Read config/market/charges.yaml and the plan *plan* of brokerage.yaml.

    Raises:
        ConfigError: see `sauda.price_lists.load_price_lists`.
    """
    return Tariff(load_price_lists(folder, plan))
