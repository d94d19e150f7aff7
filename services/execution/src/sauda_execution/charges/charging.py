"""Charges in whole paise: each line is rounded once over the running total of a strategy, segment and trading day.

A fill's line is the rounded total with it less the rounded total without it (docs/adr/0018-charges-are-rounded-once-a-day.md).
Of a total only what its rounding left over has to be kept: a whole paisa more or less moves both roundings alike.
"""

from datetime import date

import msgspec

from sauda.clock import UnixNs, ist_date
from sauda.contracts import ChargeLines, PlaceOrder, RejectReason
from sauda.errors import InvariantError
from sauda.state import State
from sauda_execution.charges.exact import PAISA, Exact, Fine, Traded, whole
from sauda_execution.charges.tariff import Tariff
from sauda_execution.checks import Moment, Refusal
from sauda_execution.parts import Part
from sauda_execution.trade import Trade


class Carry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the rounding of a day's totals has left over, each at most half a paisa up or down."""

    day: str
    """`YYYY-MM-DD`, the trading day that the totals are of."""
    lines: tuple[Fine, ...] = (0,) * len(Exact._fields)
    total: Fine = 0
    """Of the exact sum of all lines."""


class Charging(Part):
    """Prices every fill of the exchange, and lets no order in whose price it does not know."""

    def __init__(self, state: State, tariff: Tariff) -> None:
        self._tariff = tariff
        self._carries = state.table("charge_carries", Carry)
        """strategy|segment -> what rounding has left over today."""
        self._orders = state.table("charged_orders", Traded)
        """Order that is still working -> what of it has traded."""

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Is it known what a trade of this order would cost?"""
        instrument = moment.instrument
        if instrument is None or self._tariff.segment(instrument, order.product) is not None:
            return None
        return Refusal(
            RejectReason.NOT_TRADABLE,
            f"no charges are known for {order.instrument} ({instrument.kind.value} on {instrument.exchange}):"
            " add its segment to config/market/charges.yaml",
        )

    def charge(self, trade: Trade) -> ChargeLines:
        """Return what *trade* costs and count it into the day.

        Raises:
            InvariantError: it is of a contract that no order could be accepted for.
        """
        segment = self._tariff.segment(trade.instrument, trade.product)
        if segment is None:
            raise InvariantError(f"no charges are known for {trade.instrument.instrument}")
        day = ist_date(trade.at_ns)
        before = self._orders.get(trade.order_id) or Traded()
        exact = self._tariff.exact(trade, segment, day, before)
        if not trade.is_settlement:
            self._orders.put(trade.order_id, before.more(trade))
        return self._rounded(f"{trade.strategy}|{segment.value}", day, exact)

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> tuple[()]:
        """Forget what of *order* has traded: nothing more will."""
        self._orders.drop(order.order_id)
        return ()

    def on_day(self, day_ns: UnixNs) -> tuple[()]:
        """Forget what rounding had left over on the days before."""
        today = ist_date(day_ns).isoformat()
        for key in self._carries:
            if self._carries[key].day < today:
                self._carries.drop(key)
        return ()

    def _rounded(self, key: str, day: date, exact: Exact) -> ChargeLines:
        carry, today = self._carries.get(key), day.isoformat()
        if carry is None or carry.day != today:
            carry = Carry(today)
        lines = [left + amount for left, amount in zip(carry.lines, exact, strict=True)]
        total = carry.total + sum(exact)
        paise = [(2 * line + PAISA) // (2 * PAISA) for line in lines]  # `whole`, seven times a fill
        charged = whole(total)
        left_over = tuple([line - part * PAISA for line, part in zip(lines, paise, strict=True)])
        self._carries.put(key, Carry(today, left_over, total - charged * PAISA))
        return ChargeLines(**dict(zip(Exact._fields, paise, strict=True)), rounding=charged - sum(paise))
