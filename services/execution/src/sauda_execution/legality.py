"""What the exchange and the broker take of an order: which kind, product and validity, within which prices, how large.

An order that is not taken as it was sent, but would be in another form, goes out in that form: a MARKET order as a LIMIT
with protection, an SL-M as an SL, a large one in slices. The rules are dated data (`sauda_execution.order_rules`).
They bind exits as well: no exchange asks why somebody sells.
"""

from datetime import date

from sauda.clock import ist_date
from sauda.contracts import (
    Instrument,
    InstrumentKind,
    OrderKind,
    PlaceOrder,
    Product,
    RejectReason,
    Side,
    Tick,
    Validity,
)
from sauda.money import Paise, to_rupees
from sauda_execution.checks import Moment, Refusal
from sauda_execution.known import Known
from sauda_execution.order_rule_file import Form
from sauda_execution.order_rules import Bounds, OrderRules
from sauda_execution.parts import Part
from sauda_execution.protection import protected_market, protected_stop


class Legality(Part):
    """Applies the dated rules; it remembers nothing."""

    def __init__(self, rules: OrderRules, known: Known) -> None:
        self._rules = rules
        self._known = known

    def outgoing(self, order: PlaceOrder, moment: Moment) -> PlaceOrder:
        """Give an order a limit where none goes out without.

        A MARKET order whose instrument has no fresh price (only an exit comes so far) stays one: whatever limit was made
        of an old price would rather keep it in than get it out.
        """
        instrument = moment.instrument
        if instrument is None or moment.is_change:
            return order
        day = ist_date(moment.now_ns)
        if self._rules.form(order.kind, instrument, day) is not Form.PROTECTED:
            return order
        if order.kind is OrderKind.SL_M:
            return protected_stop(order, instrument, self._rules, day)
        if moment.quote is None or not self._is_fresh(moment.quote, moment):
            return order
        return protected_market(order, instrument, moment.quote, self._rules, day)

    def _is_fresh(self, quote: Tick, moment: Moment) -> bool:
        return not moment.is_blind and moment.now_ns - quote.recv_ns <= self._known.limits.stale_quote_ns

    def slices(self, order: PlaceOrder, moment: Moment) -> int:
        """Return how many orders of the freeze quantity *order* takes."""
        if moment.instrument is None:
            return 1
        most = self._rules.freeze_qty(moment.instrument, _last(moment), ist_date(moment.now_ns))
        return 1 if most is None else -(-order.qty // most)

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """Say what is not taken of *order*.

        A change of the exchange's own (a child that shrinks with its bracket) leaves the terms that were taken once.
        """
        instrument = moment.instrument
        if instrument is None or (moment.made and moment.is_change):
            return None
        day = ist_date(moment.now_ns)
        return (
            self._terms_refusal(order, instrument, day)
            or self._holding_refusal(order, instrument, moment)
            or self._band_refusal(order, instrument, moment, day)
            or self._freeze_refusal(order, instrument, moment, day)
        )

    def _terms_refusal(self, order: PlaceOrder, instrument: Instrument, day: date) -> Refusal | None:
        taken = self._rules.products(instrument, day)
        if order.product not in taken:
            names = ", ".join(sorted(product.value for product in taken)) or "none"
            return _no(f"{order.instrument} is not traded as {order.product.value}; products taken: {names}")
        if self._rules.form(order.kind, instrument, day) is Form.REFUSED:
            return _no(f"no {order.kind.value} order is taken in {order.instrument}")
        if order.validity is Validity.IOC and not self._rules.may_be_immediate(order.kind, day):
            return _no(f"an {order.kind.value} order waits for its trigger, so it cannot be IOC")
        return None

    def _holding_refusal(self, order: PlaceOrder, instrument: Instrument, moment: Moment) -> Refusal | None:
        is_delivery = instrument.kind is InstrumentKind.EQUITY and order.product is Product.NRML
        if not is_delivery or order.side is Side.BUY or moment.is_exit:
            return None
        held = max(self._known.book.held_qty(order.strategy, order.instrument, order.product), 0)
        return Refusal(
            RejectReason.NO_HOLDING,
            f"{order.strategy} holds {held} of {order.instrument} and cannot deliver {order.qty - moment.filled};"
            " to sell short within the day, take the product MIS",
        )

    def _band_refusal(
        self, order: PlaceOrder, instrument: Instrument, moment: Moment, day: date
    ) -> Refusal | None:
        last, trigger = _last(moment), order.trigger_price
        refusal = None
        if trigger is not None:
            # A stop reaches into the market only once it is triggered; until then its trigger need only be a price of the day.
            refusal = _outside("trigger", trigger, self._rules.day_range(instrument, last, day))
        if refusal is not None or order.limit_price is None:
            return refusal
        reference = last if trigger is None else trigger
        return _outside(
            "limit", order.limit_price, self._rules.bounds(instrument, order.side, reference, day)
        )

    def _freeze_refusal(
        self, order: PlaceOrder, instrument: Instrument, moment: Moment, day: date
    ) -> Refusal | None:
        if moment.made:
            # The desk's own way out of a large position is never too large: it stands for as many orders as it takes.
            return None
        most = self._rules.freeze_qty(instrument, _last(moment), day)
        slices = self._rules.most_slices(day)
        if most is None or order.qty <= most * slices:
            return None
        return Refusal(
            RejectReason.FREEZE_QUANTITY,
            f"quantity {order.qty} is more than {slices} orders of the freeze quantity of {order.instrument},"
            f" {most} in whole lots, may ask for: {most * slices}",
        )


def _last(moment: Moment) -> Paise | None:
    return None if moment.quote is None else moment.quote.ltp


def _no(detail: str) -> Refusal:
    return Refusal(RejectReason.NOT_ALLOWED, detail)


def _outside(name: str, price: Paise, bounds: Bounds) -> Refusal | None:
    if bounds.low is not None and price < bounds.low:
        side, bound, by = "below", bounds.low, bounds.low_by
    elif bounds.high is not None and price > bounds.high:
        side, bound, by = "above", bounds.high, bounds.high_by
    else:
        return None
    return Refusal(
        RejectReason.PRICE_BAND, f"{name} price {to_rupees(price)} lies {side} the {by} of {to_rupees(bound)}"
    )
