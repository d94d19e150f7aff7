"""May this order stand in the market? Each check is a question with a reason and a sentence for its No.

An *entry* opens or adds; an *exit* only reduces what its strategy holds of the instrument. What makes an
entry too risky (late, halted, no fresh quote) does not stop an exit: whoever wants out must get out.
"""

from typing import NamedTuple

from sauda.clock import NS_PER_S, UnixNs, clock_text
from sauda.contracts import (
    CancelOrder,
    Instrument,
    InstrumentKind,
    ModifyOrder,
    OrderKind,
    PlaceOrder,
    RejectReason,
    Side,
    Tick,
)
from sauda.money import Paise, Units, to_rupees
from sauda_execution.settings import Limits

DESK = "*"
"""Names the desk where a strategy could stand."""


class Refusal(NamedTuple):
    """Why not."""

    reason: RejectReason
    detail: str
    """For people: names the values that were compared."""


class Moment(NamedTuple):
    """What the exchange knows at the instant an order arrives."""

    now_ns: UnixNs
    """Market time; 0 before the first message of the market."""
    is_open: bool
    halted: str | None
    """Who halted the desk and why; None while it trades."""
    quote: Tick | None
    """The last quote, however old."""
    is_blind: bool
    """Whether that quote is from before a hole in the feed."""
    answers_from_ns: UnixNs
    """Older orders may have been answered already: nobody remembers."""
    instrument: Instrument | None = None
    """The contract's definition; None if it is not among the desk's instruments."""
    is_exit: bool = False
    """Whether the order only reduces what its strategy holds, or the exchange made it to lead out, or the change only
    takes some of a waiting order's quantity away."""
    is_change: bool = False
    """Whether the order stands in the market already and these would be its new terms."""
    filled: Units = 0
    """What of it has traded; only what is left can still be refused."""
    made: bool = False
    """Whether the exchange made the order itself: a bracket's stop, a square-off."""
    in_basket: bool = False
    """Whether it is a leg of a basket that was judged as a whole (`Part.basket_refusal`)."""
    slices: int = 1
    """How many orders of the freeze quantity it goes out as; of a basket, all its legs together."""


def late_refusal(order: PlaceOrder, moment: Moment, limits: Limits, *, is_exit: bool) -> Refusal | None:
    """Was it decided too long ago, or so far ahead of market time that its stamp is wrong?"""
    if moment.now_ns == 0:
        return Refusal(
            RejectReason.STALE_ORDER,
            f"order of {clock_text(order.event_ns)} came before this exchange first saw the market",
        )
    if order.event_ns < moment.answers_from_ns:
        return Refusal(
            RejectReason.STALE_ORDER,
            f"order of {clock_text(order.event_ns)} is from before the previous trading day"
            f" ({clock_text(moment.answers_from_ns)})",
        )
    age_ns = moment.now_ns - order.event_ns
    if -age_ns > limits.max_order_age_ns and not is_exit:
        # A strategy may see a tick before the exchange does, by moments; nobody decides in the future.
        return Refusal(
            RejectReason.STALE_ORDER,
            f"order of {clock_text(order.event_ns)} is {_seconds(-age_ns)} ahead of market time"
            f" ({clock_text(moment.now_ns)}), an entry may be {_seconds(limits.max_order_age_ns)}",
        )
    if age_ns > limits.max_order_age_ns and not is_exit:
        return Refusal(
            RejectReason.STALE_ORDER,
            f"order is {_seconds(age_ns)} old in market time, an entry may be {_seconds(limits.max_order_age_ns)}",
        )
    return None


def maker_refusal(order: PlaceOrder) -> Refusal | None:
    """Does its strategy have a name? The desk's own, and none at all, are no strategy's."""
    if order.strategy.strip() not in ("", DESK):
        return None
    return Refusal(
        RejectReason.NOT_ALLOWED,
        f"a strategy cannot be called {order.strategy!r}: send the order under a strategy's own name",
    )


def terms_refusal(order: PlaceOrder, instrument: Instrument | None) -> Refusal | None:
    """Is it an order that this instrument's market could take?"""
    if instrument is None:
        return Refusal(
            RejectReason.UNKNOWN_INSTRUMENT, f"{order.instrument!r} is not among the desk's instruments"
        )
    if instrument.kind is InstrumentKind.INDEX:
        return Refusal(
            RejectReason.NOT_TRADABLE, f"{order.instrument} is an index: trade its futures or options"
        )
    return _quantity_refusal(order, instrument) or _price_refusal(order, instrument)


def market_refusal(order: PlaceOrder, moment: Moment, limits: Limits, *, is_exit: bool) -> Refusal | None:
    """Is there a market for it now?"""
    if not moment.is_open:
        return Refusal(
            RejectReason.MARKET_CLOSED,
            f"{order.instrument} does not trade at {clock_text(moment.now_ns)} IST",
        )
    if is_exit:
        return None
    if moment.halted is not None:
        return Refusal(RejectReason.HALTED, f"entries are halted {moment.halted}")
    if moment.quote is None:
        return Refusal(RejectReason.NO_QUOTE, f"no price of {order.instrument} has been seen")
    age_ns = moment.now_ns - moment.quote.recv_ns
    if moment.is_blind:
        return Refusal(
            RejectReason.STALE_QUOTE,
            f"the price of {order.instrument} of {clock_text(moment.quote.recv_ns)} is from before a gap in the feed",
        )
    if age_ns > limits.stale_quote_ns:
        return Refusal(
            RejectReason.STALE_QUOTE,
            f"the price of {order.instrument} is {_seconds(age_ns)} old,"
            f" an entry needs one of {_seconds(limits.stale_quote_ns)} or less",
        )
    return None


def change_refusal(change: ModifyOrder, filled: Units, *, is_triggered: bool) -> Refusal | None:
    """May an order of which *filled* units have traded be changed so?"""
    if change.qty is not None and change.qty <= filled:
        return Refusal(
            RejectReason.BAD_QUANTITY,
            f"quantity {change.qty} is the new total and must be above the {filled} that have traded already; to keep those, cancel the rest",
        )
    return trigger_refusal(change, is_triggered=is_triggered)


def trigger_refusal(change: ModifyOrder, *, is_triggered: bool) -> Refusal | None:
    """Does the change move a trigger that was touched already?"""
    if change.trigger_price is None or not is_triggered:
        return None
    return Refusal(RejectReason.BAD_PRICE, f"order {change.order_id!r} is triggered already")


def not_working_refusal(asked: ModifyOrder | CancelOrder, *, is_known: bool) -> Refusal:
    """Say why an order that is not in the market cannot be changed or cancelled.

    Args:
        asked: The request.
        is_known: Whether the strategy that asks has placed that order.
    """
    if is_known:
        return Refusal(RejectReason.ORDER_DONE, f"order {asked.order_id!r} is not in the market any more")
    return Refusal(RejectReason.UNKNOWN_ORDER, f"{asked.strategy} has placed no order {asked.order_id!r}")


def _quantity_refusal(order: PlaceOrder, instrument: Instrument) -> Refusal | None:
    if order.qty <= 0:
        return Refusal(RejectReason.BAD_QUANTITY, f"quantity {order.qty} is not above zero")
    if order.qty % instrument.lot_size:
        return Refusal(
            RejectReason.NOT_A_LOT_MULTIPLE,
            f"quantity {order.qty} is not a multiple of the lot of {instrument.lot_size}",
        )
    return None


_NEEDS_LIMIT = frozenset({OrderKind.LIMIT, OrderKind.SL})
_NEEDS_TRIGGER = frozenset({OrderKind.SL, OrderKind.SL_M})


def _price_refusal(order: PlaceOrder, instrument: Instrument) -> Refusal | None:
    return (
        _one_price_refusal("limit", order.limit_price, order.kind, order.kind in _NEEDS_LIMIT, instrument)
        or _one_price_refusal(
            "trigger", order.trigger_price, order.kind, order.kind in _NEEDS_TRIGGER, instrument
        )
        or _stop_limit_refusal(order)
    )


def _one_price_refusal(
    name: str, price: Paise | None, kind: OrderKind, is_needed: bool, instrument: Instrument
) -> Refusal | None:
    if price is None:
        if is_needed:
            return Refusal(RejectReason.BAD_PRICE, f"{kind.value} order without a {name} price")
        return None
    if not is_needed:
        # Dropping it silently would fill an order worse than its maker may have believed possible.
        return Refusal(
            RejectReason.BAD_PRICE, f"{kind.value} order takes no {name} price, got {to_rupees(price)}"
        )
    if price <= 0:
        return Refusal(RejectReason.BAD_PRICE, f"{name} price {to_rupees(price)} is not above zero")
    if price % instrument.tick_size:
        return Refusal(
            RejectReason.OFF_TICK,
            f"{name} price {to_rupees(price)} is not a multiple of the tick of {to_rupees(instrument.tick_size)}",
        )
    return None


def _stop_limit_refusal(order: PlaceOrder) -> Refusal | None:
    """As at the NSE: a stop must not trigger into a limit that lies on the wrong side of the trigger."""
    if order.limit_price is None or order.trigger_price is None:
        return None
    if order.side.sign * (order.limit_price - order.trigger_price) >= 0:
        return None
    side = "below" if order.side is Side.BUY else "above"
    return Refusal(
        RejectReason.BAD_PRICE,
        f"{order.side.value} stop's limit {to_rupees(order.limit_price)} lies {side}"
        f" its trigger {to_rupees(order.trigger_price)}",
    )


def _seconds(duration_ns: int) -> str:
    return f"{duration_ns / NS_PER_S:.1f} s"
