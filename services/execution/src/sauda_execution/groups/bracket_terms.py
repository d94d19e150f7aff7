"""The terms of a bracket: which order is one, whether its stop and target lie on the right sides, what they are as orders."""

from sauda.clock import UnixNs
from sauda.contracts import OrderKind, PlaceOrder, RejectReason, Side, Tick
from sauda.money import Paise, Units, to_rupees
from sauda_execution.checks import Refusal
from sauda_execution.groups.distance import STOPS, trailed_trigger, trails


def is_bracket(order: PlaceOrder) -> bool:
    """Is *order* a bracket's entry: does what it trades get a stop or a target?"""
    if order.stop_loss is not None or order.take_profit is not None:
        return True
    return trails(order) and order.kind not in STOPS


def has_stop(entry: PlaceOrder) -> bool:
    """Does the bracket have a stop?"""
    return entry.stop_loss is not None or trails(entry)


def child_ids(entry_id: str, number: int) -> tuple[str, str]:
    """Return the ids of a bracket's stop and target; *number* counts the pairs that one entry has needed."""
    suffix = "" if number <= 1 else f"-{number}"
    return f"{entry_id}-stop{suffix}", f"{entry_id}-target{suffix}"


def terms_refusal(order: PlaceOrder, quote: Tick | None, tick_size: Paise) -> Refusal | None:
    """Do a bracket's stop and target lie on the losing and the winning side of where its entry may trade?"""
    for name, price in (("stop", order.stop_loss), ("target", order.take_profit)):
        if price is not None and price <= 0:
            return Refusal(
                RejectReason.BAD_PRICE, f"a bracket's {name} of {to_rupees(price)} is not above zero"
            )
        if price is not None and price % tick_size:
            return Refusal(
                RejectReason.OFF_TICK,
                f"a bracket's {name} of {to_rupees(price)} is not a multiple of the tick of {to_rupees(tick_size)}",
            )
    losing = None if order.stop_loss is None else _side_refusal(order, "stop", order.stop_loss, quote, -1)
    if losing is not None or order.take_profit is None:
        return losing
    return _side_refusal(order, "target", order.take_profit, quote, 1)


def _side_refusal(
    order: PlaceOrder, name: str, price: Paise, quote: Tick | None, winning: int
) -> Refusal | None:
    entry = _entry_price(order, quote, is_stop=winning < 0)
    direction = order.side.sign * winning
    if entry is None or direction * (price - entry) > 0:
        return None
    wanted = "above" if direction > 0 else "below"
    return Refusal(
        RejectReason.BAD_GROUP,
        f"the {name} of {to_rupees(price)} must lie {wanted} where the {order.side.value} would trade, {to_rupees(entry)}",
    )


def _entry_price(order: PlaceOrder, quote: Tick | None, *, is_stop: bool) -> Paise | None:
    """Return where the entry would trade: at its trigger; at its limit, or at the market if that is better.

    A stop is triggered by last prices, a target is met by quotes, so each is measured against its own.
    """
    if order.trigger_price is not None:
        return order.trigger_price
    if quote is None:
        return order.limit_price
    opposite = quote.ask if order.side is Side.BUY else quote.bid
    market = quote.ltp if is_stop or opposite is None else opposite
    if order.limit_price is None:
        return market
    return min(order.limit_price, market) if order.side is Side.BUY else max(order.limit_price, market)


def first_trigger(entry: PlaceOrder, price: Paise, tick_size: Paise) -> Paise:
    """Return where the stop of *entry* begins: where it says, or at its distance from *price*, which it traded at."""
    if entry.stop_loss is not None:
        return entry.stop_loss
    return max(trailed_trigger(entry, entry.side.opposite, price, tick_size), tick_size)


def stop_order(entry: PlaceOrder, order_id: str, qty: Units, trigger: Paise, now_ns: UnixNs) -> PlaceOrder:
    """Return the stop of *qty* units at *trigger*."""
    return PlaceOrder(
        order_id=order_id,
        strategy=entry.strategy,
        instrument=entry.instrument,
        side=entry.side.opposite,
        qty=qty,
        kind=OrderKind.SL_M,
        event_ns=now_ns,
        trigger_price=trigger,
        parent_id=entry.order_id,
        product=entry.product,
        trail_points=entry.trail_points,
        trail_bps=entry.trail_bps,
    )


def target_order(entry: PlaceOrder, order_id: str, qty: Units, price: Paise, now_ns: UnixNs) -> PlaceOrder:
    """Return the target of *qty* units at *price*."""
    return PlaceOrder(
        order_id=order_id,
        strategy=entry.strategy,
        instrument=entry.instrument,
        side=entry.side.opposite,
        qty=qty,
        kind=OrderKind.LIMIT,
        event_ns=now_ns,
        limit_price=price,
        parent_id=entry.order_id,
        product=entry.product,
    )
