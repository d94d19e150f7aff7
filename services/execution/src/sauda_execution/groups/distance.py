"""How far a trailing stop stays behind the best price."""

from sauda.contracts import OrderKind, PlaceOrder, RejectReason, Side
from sauda.money import Paise, to_rupees
from sauda_execution.checks import Refusal

STOPS = frozenset({OrderKind.SL, OrderKind.SL_M})


def trails(order: PlaceOrder) -> bool:
    """Does *order* name a distance, for itself or for a bracket's stop?"""
    return order.trail_points is not None or order.trail_bps is not None


def trailed_trigger(order: PlaceOrder, side: Side, ltp: Paise, tick_size: Paise) -> Paise:
    """Return where a stop of *side* stands that trails *ltp* at the distance that *order* names.

    Rounded to the tick away from the market. It grows with *ltp*, so the trigger that follows from the best price is the
    best of the triggers that follow from all prices: no best price need be remembered.
    """
    if order.trail_points is not None:
        exact, scale = ltp + side.sign * order.trail_points, 1
    else:
        exact, scale = ltp * (100_00 + side.sign * (order.trail_bps or 0)), 100_00
    step = scale * tick_size
    return (exact // step if side is Side.SELL else -(-exact // step)) * tick_size


def distance_refusal(order: PlaceOrder, ltp: Paise | None) -> Refusal | None:
    """Is the distance one that a stop can keep?

    Args:
        order: A stop, or a bracket's entry.
        ltp: The last price, paise; None if there was none: its own price is taken for it.
    """
    if order.trail_points is not None and order.trail_bps is not None:
        return _bad("a stop trails by points or by a share of the price, not by both")
    if order.trail_points is not None and order.trail_points <= 0:
        return _bad(f"a stop cannot trail by {to_rupees(order.trail_points)}: take a distance above zero")
    price = ltp or order.trigger_price or order.limit_price
    if order.trail_points is not None and price is not None and order.trail_points >= price:
        return _bad(
            f"a stop cannot trail by {to_rupees(order.trail_points)}: take less than the price, {to_rupees(price)}"
        )
    if order.trail_bps is not None and not 0 < order.trail_bps < 100_00:
        return _bad(f"a stop cannot trail by {order.trail_bps} hundredths of a percent: take 1 to 9999")
    return None


def _bad(detail: str) -> Refusal:
    return Refusal(RejectReason.BAD_GROUP, detail)
